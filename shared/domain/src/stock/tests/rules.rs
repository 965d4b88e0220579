use super::*;

#[test]
fn what_is_reserved_is_there_and_not_available() {
    let mut house = House::with(&[(1, 10)]);
    assert!(is_done(&house.run(&reserve(1, &[(1, 4)]))));
    assert_eq!(house.of(1), [10, 4, 6]);
    assert!(is_done(&house.run(&sell(1, "parcel", &[(1, 4)]))));
    assert_eq!(house.of(1), [6, 0, 6]);
}

#[test]
fn a_shortage_names_each_product_and_how_many_are_missing_and_moves_nothing() {
    let mut house = House::with(&[(1, 2), (2, 9), (3, 0)]);
    assert_eq!(house.run(&reserve(1, &[(1, 5), (2, 1), (3, 4)])), short(&[(1, 3), (3, 4)]));
    assert_eq!(house.of(2), [9, 0, 9]);
    house.receive(1, 3).unwrap();
    house.receive(3, 4).unwrap();
    assert!(is_done(&house.run(&reserve(1, &[(1, 5), (2, 1), (3, 4)]))), "a shortage leaves no trace");
}

#[test]
fn several_lines_of_a_product_count_together() {
    let mut house = House::with(&[(1, 5)]);
    assert_eq!(house.run(&reserve(1, &[(1, 3), (1, 3)])), short(&[(1, 1)]));
    assert!(is_done(&house.run(&reserve(1, &[(1, 3), (1, 2), (1, 0)]))));
    assert_eq!(house.of(1), [5, 5, 0]);
}

#[test]
fn a_product_that_was_never_adjusted_is_always_available_and_never_moves() {
    let mut house = House::with(&[]);
    for operation in [
        reserve(1, &[(7, 1_000)]),
        sell(1, "parcel", &[(7, 400)]),
        take_back(1, "return", &[(7, 100)], true),
        release(1),
    ] {
        assert!(is_done(&house.run(&operation)), "{operation:?}");
        assert_eq!(operation.moved(&house.reservation(order(1))), Units::new());
    }
    assert!(house.cards.is_empty());
}

#[test]
fn what_was_reserved_before_a_product_was_tracked_stays_outside_of_its_totals() {
    let mut house = House::with(&[(1, 5)]);
    house.run(&reserve(1, &[(1, 2), (7, 3)]));
    house.receive(7, 10).unwrap();
    assert!(is_done(&house.run(&sell(1, "parcel", &[(1, 2), (7, 3)]))));
    assert_eq!((house.of(1), house.of(7)), ([3, 0, 3], [10, 0, 10]));
}

#[test]
fn a_late_reservation_of_a_released_order_does_nothing() {
    let mut house = House::with(&[(1, 5)]);
    assert!(is_done(&house.run(&release(1))));
    assert_eq!(house.run(&reserve(1, &[(1, 1)])), Decision::Over);
    assert_eq!(house.run(&sell(1, "parcel", &[(1, 1)])), Decision::Over);
    assert_eq!(house.of(1), [5, 0, 5]);
}

#[test]
fn parcels_are_sold_one_by_one_and_the_rest_is_released() {
    let mut house = House::with(&[(1, 10), (2, 1)]);
    house.run(&reserve(1, &[(1, 6), (2, 1)]));
    house.run(&sell(1, "first", &[(1, 1), (2, 1)]));
    house.run(&sell(1, "second", &[(1, 2)]));
    assert_eq!(house.of(1), [7, 3, 4]);
    let rest = release(1);
    house.run(&rest);
    assert_eq!(house.of(1), [7, 0, 7]);
    assert_eq!(rest.moved(&house.reservation(order(1))), Units::from([(product(1), 3)]));
}

#[test]
fn nothing_is_sold_that_was_not_kept_nor_taken_back_that_was_not_sold() {
    let mut house = House::with(&[(1, 10)]);
    assert_eq!(house.run(&sell(1, "parcel", &[(1, 1)])), short(&[(1, 1)]));
    house.run(&reserve(1, &[(1, 3)]));
    assert_eq!(house.run(&sell(1, "parcel", &[(1, 5)])), short(&[(1, 2)]));
    assert_eq!(house.run(&take_back(1, "return", &[(1, 1)], true)), short(&[(1, 1)]));
    assert_eq!(house.of(1), [10, 3, 7]);
}

#[test]
fn what_comes_back_is_on_hand_again_or_written_off() {
    let mut house = House::with(&[(1, 10)]);
    house.run(&reserve(1, &[(1, 5)]));
    house.run(&sell(1, "parcel", &[(1, 5)]));
    house.run(&release(1));
    assert!(is_done(&house.run(&take_back(1, "good", &[(1, 2)], true))));
    assert_eq!(house.of(1), [7, 0, 7]);
    assert!(is_done(&house.run(&take_back(1, "broken", &[(1, 3)], false))));
    assert_eq!(house.of(1), [7, 0, 7]);
    let totals = *house.cards[&product(1)].totals();
    assert_eq!((totals.sold, totals.returned, totals.written_off), (5, 5, 3));
    assert_eq!(house.run(&take_back(1, "again", &[(1, 1)], true)), short(&[(1, 1)]));
}

#[test]
fn a_sale_and_a_return_of_the_same_key_are_two_things() {
    let mut house = House::with(&[(1, 10)]);
    house.run(&reserve(1, &[(1, 5)]));
    house.run(&sell(1, "k", &[(1, 5)]));
    assert!(is_done(&house.run(&take_back(1, "k", &[(1, 1)], true))));
    assert_eq!(house.run(&take_back(1, "k", &[(1, 1)], true)), Decision::DoneBefore);
}

#[test]
fn what_may_be_owed_can_be_promised_and_no_more() {
    let mut house = House::with(&[]);
    house.adjust(1, 2, Some(3)).unwrap();
    assert_eq!(house.run(&reserve(1, &[(1, 6)])), short(&[(1, 1)]));
    assert!(is_done(&house.run(&reserve(1, &[(1, 5)]))));
    assert_eq!(house.of(1), [2, 5, -3]);
    assert_eq!(house.adjust(1, 0, Some(2)), Err(NotEnough { available: -3, threshold: 2 }));
    assert_eq!(house.adjust(1, 1, Some(2)), Ok(()));
}

#[test]
fn what_is_reserved_cannot_be_corrected_away() {
    let mut house = House::with(&[(1, 10)]);
    house.run(&reserve(1, &[(1, 8)]));
    assert_eq!(house.receive(1, -3), Err(NotEnough { available: -1, threshold: 0 }));
    house.receive(1, -2).unwrap();
    assert_eq!(house.of(1), [8, 8, 0]);
    assert_eq!(house.cards[&product(1)].totals().written_off, 2);
}

#[test]
fn an_order_beyond_one_step_is_reserved_in_parts() {
    let mut house = House::with(&[(1, 9), (2, 9), (3, 9)]);
    house.room = 2;
    let operation = reserve(1, &[(1, 1), (2, 1), (3, 1)]);
    assert!(matches!(house.step(&operation), Decision::Step(Step { is_last: false, .. })));
    assert_eq!(house.reservation(order(1)).state, ReservationState::Reserving);
    assert!(matches!(house.step(&operation), Decision::Step(Step { is_last: true, .. })));
    assert_eq!(house.step(&operation), Decision::DoneBefore);
    assert_eq!([1, 2, 3].map(|number| house.of(number)), [[9, 1, 8]; 3]);
}

#[test]
fn what_is_not_tracked_takes_no_room_in_a_step() {
    let mut house = House::with(&[(1, 9), (3, 9)]);
    let all = [(1, 1), (2, 1), (3, 1)];
    house.run(&reserve(1, &all));
    house.room = 1;
    let sale = sell(1, "parcel", &all);
    assert!(matches!(house.step(&sale), Decision::Step(Step { is_last: false, .. })));
    assert!(is_done(&house.step(&sale)));
    house.room = 2;
    assert!(is_done(&house.step(&take_back(1, "return", &all, true))));
}

#[test]
fn a_part_that_was_reserved_is_not_sold_before_the_rest_is_and_can_be_undone() {
    let mut house = House::with(&[(1, 9), (2, 1)]);
    house.room = 1;
    let all = reserve(1, &[(1, 2), (2, 2)]);
    house.receive(2, 1).unwrap();
    house.step(&all);
    assert_eq!(house.run(&sell(1, "early", &[(1, 2)])), short(&[(1, 2)]));
    house.receive(2, -1).unwrap();
    assert_eq!(house.run(&all), short(&[(2, 1)]));
    assert_eq!(house.of(1), [9, 0, 9]);
}

#[test]
fn parts_are_undone_when_the_rest_is_gone_and_the_order_may_try_again() {
    let mut house = House::with(&[(1, 9), (2, 9), (3, 9)]);
    house.room = 2;
    let operation = reserve(1, &[(1, 1), (2, 1), (3, 9)]);
    house.step(&operation);
    house.run(&reserve(2, &[(3, 2)]));
    house.room = 1;
    assert_eq!(house.run(&operation), short(&[(3, 2)]));
    assert_eq!([house.of(1), house.of(2), house.of(3)], [[9, 0, 9], [9, 0, 9], [9, 2, 7]]);
    house.receive(3, 2).unwrap();
    assert!(is_done(&house.run(&operation)));
}

#[test]
fn an_order_whose_reservation_was_cut_short_can_be_released() {
    let mut house = House::with(&[(1, 9), (2, 9)]);
    house.room = 1;
    let operation = reserve(1, &[(1, 1), (2, 1)]);
    house.step(&operation);
    assert!(is_done(&house.run(&release(1))));
    assert_eq!(house.run(&operation), Decision::Over);
    assert_eq!([house.of(1), house.of(2)], [[9, 0, 9]; 2]);
}

#[test]
fn a_full_sheet_is_filed_and_the_card_goes_on() {
    let mut house = House::with(&[(1, 100)]);
    for number in 0..25 {
        house.run(&reserve(number, &[(1, 1)]));
    }
    assert_eq!(house.filed[&product(1)].iter().map(|sheet| sheet.first).collect::<Vec<_>>(), [1, 12]);
    assert_eq!(house.cards[&product(1)].sheet().first, 23);
    let history = house.history(product(1));
    let shown: Vec<_> = history.iter().map(|entry| (entry.number, entry.after.reserved)).collect();
    assert_eq!(shown, (1..=26).rev().map(|number| (number, number as i64 - 1)).collect::<Vec<_>>());
}

#[test]
fn all_that_is_wrong_with_an_adjustment_is_said_at_once() {
    let adjustment = |quantity, reason: &str| Adjustment {
        quantity,
        reason: reason.to_owned(),
        backorder_threshold: None,
    };
    let fields = |it: Adjustment| it.problems().into_iter().map(|it| it.field).collect::<Vec<_>>();
    assert_eq!(fields(adjustment(Adjustment::QUANTITY_MAX + 1, "a\nb")), ["quantity", "reason"]);
    assert_eq!(fields(adjustment(-Adjustment::QUANTITY_MAX, &"é".repeat(200))), [""; 0]);
    assert_eq!(fields(adjustment(0, &"é".repeat(201))), ["reason"]);
}

fn is_done(decision: &Decision) -> bool {
    matches!(decision, Decision::Step(Step { is_last: true, .. }))
}

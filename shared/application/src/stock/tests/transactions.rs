//! What goes into one transaction, and orders beyond one.

use super::*;

#[tokio::test]
async fn many_orders_go_in_as_few_transactions_as_hold_them() {
    let stocked: Vec<_> = (1..=60).map(|product| (product, 100)).collect();
    let house = House::with(&stocked).await;
    let wanted = |from: u128| wanted_of(from..=from + 19);
    let operations: Vec<_> = (0..9).map(|it| reserve(it, &wanted(1 + 20 * (it % 3)))).collect();
    assert_eq!(said(&house.apply(&operations).await), ["done"; 9]);
    assert_eq!((house.ledger.reads(), house.ledger.writes()), (1, 1), "60 cards and 9 reservations");
    let all = wanted_of(1..=60);
    let outcomes = house.apply(&[reserve(21, &all), reserve(22, &all), reserve(23, &all)]).await;
    assert_eq!((said(&outcomes), house.ledger.writes()), (vec!["done"; 3], 1), "the same 60 cards");
}

#[tokio::test]
async fn what_fits_a_transaction_of_its_own_is_not_done_in_part_beside_others() {
    let stocked: Vec<_> = (1..=120).map(|product| (product, 9)).collect();
    let house = House::with(&stocked).await;
    house.ledger.plan(vec![Next::Go, Next::Fail]);
    let outcomes = house.apply(&[reserve(1, &wanted_of(1..=60)), reserve(2, &wanted_of(61..=120))]).await;
    assert_eq!(said(&outcomes), ["done", "failed"]);
    assert_eq!([house.of(60).await, house.of(61).await], [[9, 1], [9, 0]]);
}

#[tokio::test]
async fn a_card_whose_sheet_is_to_be_filed_takes_the_room_of_two() {
    let house = House::with(&[]).await;
    for key in 0..600 {
        house.adjust(1 + key / 10, key, "stocked", 1).await.unwrap();
    }
    let outcomes = house.apply(&[reserve(1, &wanted_of(1..=60))]).await;
    assert_eq!((said(&outcomes), house.ledger.writes()), (vec!["done"], 2), "60 cards and 60 sheets");
}

#[tokio::test]
async fn an_order_of_300_products_is_reserved_sold_and_released_in_parts() {
    let stocked: Vec<_> = (1..=300).map(|product| (product, 9)).collect();
    let house = House::with(&stocked).await;
    let all: Vec<_> = (1..=300).map(|product| (product, 2)).collect();
    assert_eq!(said(&house.apply(&[reserve(1, &all)]).await), ["done"]);
    assert_eq!(house.ledger.writes(), 4);
    let some: Vec<_> = (1..=250).map(|product| (product, 1)).collect();
    let outcomes = house.apply(&[sell(1, "parcel", &some), release(1), reserve(2, &[(300, 9)])]).await;
    assert_eq!(said(&outcomes), ["done", "done", "done"]);
    assert_eq!([house.of(1).await, house.of(260).await, house.of(300).await], [[8, 0], [9, 0], [9, 9]]);
}

#[tokio::test]
async fn a_large_order_that_is_cut_short_is_finished_by_its_repetition_or_released() {
    let stocked: Vec<_> = (1..=300).map(|product| (product, 9)).collect();
    let all: Vec<_> = (1..=300).map(|product| (product, 2)).collect();
    for written in 0..4 {
        for cut in [Next::Fail, Next::LoseAnswer] {
            let house = House::with(&stocked).await;
            house.ledger.plan([vec![Next::Go; written], vec![cut]].concat());
            assert_eq!(said(&house.apply(&[reserve(1, &all)]).await), ["failed"]);
            let again = said(&house.apply(&[reserve(1, &all)]).await);
            assert!(again == ["done"] || again == ["before"], "{again:?}");
            assert_eq!([house.of(1).await, house.of(300).await], [[9, 2]; 2]);
            house.ledger.plan([vec![Next::Go; written], vec![cut]].concat());
            assert_eq!(said(&house.apply(&[release(1)]).await), ["failed"]);
            house.apply(&[release(1)]).await;
            assert_eq!([house.of(1).await, house.of(300).await], [[9, 0]; 2]);
        }
    }
}

#[tokio::test]
async fn a_large_order_that_finds_too_little_on_the_way_gives_back_what_it_has() {
    let stocked: Vec<_> = (1..=300).map(|product| (product, 9)).collect();
    let all: Vec<_> = (1..=300).map(|product| (product, 2)).collect();
    let house = House::with(&stocked).await;
    house.ledger.meanwhile(2, vec![reserve(9, &[(300, 8)])]);
    // The cards of the rest were read at the beginning: that one has changed is seen when it is written.
    let outcomes = house.apply(&[reserve(1, &all)]).await;
    assert!(
        matches!(&outcomes[0], Outcome::Short(missing) if *missing == units(&[(300, 1)])),
        "{outcomes:?}"
    );
    assert_eq!([house.of(1).await, house.of(300).await], [[9, 0], [9, 8]]);
}

#[tokio::test]
async fn a_large_order_that_was_cut_short_gives_back_what_it_has_though_that_is_asked_for_no_more() {
    let stocked: Vec<_> = (1..=300).map(|product| (product, 9)).collect();
    let house = House::with(&stocked).await;
    house.ledger.plan(vec![Next::Go, Next::Fail]);
    assert_eq!(said(&house.apply(&[reserve(1, &wanted_of(1..=300))]).await), ["failed"]);
    assert_eq!(house.of(1).await, [9, 1]);
    assert_eq!(said(&house.apply(&[reserve(1, &[(300, 10)])]).await), ["short"]);
    assert_eq!(house.of(1).await, [9, 0]);
}

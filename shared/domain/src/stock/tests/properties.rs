use proptest::prelude::*;

use super::*;

const PRODUCTS: u128 = 4;
const ORDERS: u128 = 3;

#[derive(Debug, Clone)]
enum Act {
    Adjust(u128, i64, Option<u32>),
    Do(Operation),
    /// Only its first step: then the one who did it was gone.
    Begin(Operation),
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_nothing_is_promised_twice(acts in acts(), room in 1..4_usize) {
        let mut house = House { room, ..House::with(&[(1, 20), (2, 5)]) };
        for act in acts {
            match act {
                // What is refused changes nothing.
                Act::Adjust(number, quantity, threshold) => drop(house.adjust(number, quantity, threshold)),
                Act::Do(operation) => drop(house.run(&operation)),
                Act::Begin(operation) => drop(house.step(&operation)),
            }
            check(&house)?;
        }
    }

    #[test]
    fn what_is_repeated_moves_nothing(acts in acts(), last in operation(), room in 1..4_usize) {
        let mut house = House { room, ..House::with(&[(1, 20), (2, 5)]) };
        for act in acts {
            if let Act::Do(operation) | Act::Begin(operation) = act {
                house.run(&operation);
            }
        }
        house.run(&last);
        let before = (house.cards.clone(), house.reservations.clone());
        house.run(&last);
        prop_assert_eq!((house.cards, house.reservations), before);
    }
}

fn check(house: &House) -> Result<(), TestCaseError> {
    for (product, card) in &house.cards {
        let totals = card.totals();
        prop_assert!(totals.free() >= 0, "more is promised than may be: {totals:?}");
        let history = house.history(*product);
        let numbers: Vec<_> = history.iter().map(|entry| entry.number).collect();
        prop_assert_eq!(numbers, (1..=card.number()).rev().collect::<Vec<_>>());
        let sum = history.iter().rev().fold(
            Totals { backorder_threshold: totals.backorder_threshold, ..Totals::default() },
            |sum, entry| sum.after(entry.movement.kind, entry.movement.quantity),
        );
        prop_assert_eq!(&sum, totals, "the totals are the sum of the movements");
        let mut sum = Totals::default();
        for entry in history.iter().rev() {
            sum = sum.after(entry.movement.kind, entry.movement.quantity);
            prop_assert_eq!(entry.after, Balance::of(&sum));
        }
        let held = || house.reservations.values().filter_map(|it| it.lines.get(product));
        let sum_of = |units: fn(&Held) -> u32| held().filter(|it| it.tracked).map(units).sum::<u32>();
        prop_assert_eq!(totals.reserved, i64::from(sum_of(Held::kept)), "what is kept is kept for somebody");
        prop_assert_eq!(totals.sold, i64::from(sum_of(|it| it.sold)));
        prop_assert_eq!(totals.returned, i64::from(sum_of(|it| it.returned)));
    }
    Ok(())
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let adjust = (0..PRODUCTS, -20..20_i64, proptest::option::of(0..5_u32));
    let act = prop_oneof![
        1 => adjust.prop_map(|(number, quantity, threshold)| Act::Adjust(number, quantity, threshold)),
        3 => operation().prop_map(Act::Do),
        1 => operation().prop_map(Act::Begin),
    ];
    proptest::collection::vec(act, 0..40)
}

fn operation() -> impl Strategy<Value = Operation> {
    let lines = || proptest::collection::vec((0..PRODUCTS, 0..8_u32), 0..5);
    let key = || (0..3_u8).prop_map(|number| format!("key-{number}"));
    prop_oneof![
        4 => (0..ORDERS, lines()).prop_map(|(order, lines)| reserve(order, &lines)),
        1 => (0..ORDERS).prop_map(release),
        3 => (0..ORDERS, key(), lines()).prop_map(|(order, key, lines)| sell(order, &key, &lines)),
        3 => (0..ORDERS, key(), lines(), any::<bool>())
            .prop_map(|(order, key, lines, restock)| take_back(order, &key, &lines, restock)),
    ]
}

//! The use cases over a ledger in memory: batches, lost races, lost answers.

mod memory;
mod transactions;

use std::sync::Arc;

use jiff::Timestamp;
use penstock_domain::stock::{Adjustment, Operation, Totals, Units};
use penstock_domain::{OrderId, ProductId, TenantId};
use uuid::Uuid;

use super::*;
use crate::caller::{Caller, Request};
pub(crate) use memory::MemoryStock;
use memory::Next;

#[tokio::test]
async fn a_batch_of_orders_shares_one_write_of_a_card() {
    let house = House::with(&[(1, 100)]).await;
    let outcomes = house.apply(&(0..10).map(|order| reserve(order, &[(1, 2)])).collect::<Vec<_>>()).await;
    assert!(outcomes.iter().all(|it| matches!(it, Outcome::Done(moved) if *moved == units(&[(1, 2)]))));
    assert_eq!((house.ledger.reads(), house.ledger.writes()), (1, 1));
    assert_eq!(house.of(1).await, [100, 20]);
}

#[tokio::test]
async fn those_who_come_first_are_served_and_the_others_are_served_what_is_left() {
    let house = House::with(&[(1, 5)]).await;
    let operations = [3, 3, 2, 1].map(|quantity| reserve(quantity.into(), &[(1, quantity)]));
    let operations = [&operations[..1], &[reserve(7, &[(1, 3)])], &operations[2..]].concat();
    let outcomes = house.apply(&operations).await;
    assert_eq!(said(&outcomes), ["done", "short", "done", "short"]);
    assert!(matches!(&outcomes[1], Outcome::Short(missing) if *missing == units(&[(1, 1)])));
    assert!(matches!(&outcomes[3], Outcome::Short(missing) if *missing == units(&[(1, 1)])));
    assert_eq!(house.of(1).await, [5, 5]);
}

#[tokio::test]
async fn an_order_goes_through_all_its_operations_in_one_batch() {
    let house = House::with(&[(1, 9)]).await;
    let operations = [
        reserve(1, &[(1, 5)]),
        sell(1, "parcel", &[(1, 3)]),
        release(1),
        Operation::TakeBack { order: order(1), key: "return".into(), lines: lines(&[(1, 1)]), restock: true },
        reserve(1, &[(1, 1)]),
    ];
    let outcomes = house.apply(&operations).await;
    assert_eq!(said(&outcomes), ["done", "done", "done", "done", "over"]);
    assert_eq!((house.of(1).await, house.ledger.writes()), ([7, 0], 1));
    let again = house.apply(&operations).await;
    assert_eq!(said(&again), ["over", "before", "before", "before", "over"]);
    assert!(matches!(&again[2], Outcome::AlreadyDone(moved) if *moved == units(&[(1, 2)])), "{again:?}");
    assert_eq!(house.ledger.writes(), 0, "a repetition writes nothing");
}

#[tokio::test]
async fn a_lost_race_is_decided_anew_on_what_is_there() {
    let house = House::with(&[(1, 5)]).await;
    house.ledger.meanwhile(1, vec![reserve(9, &[(1, 4)])]);
    let outcomes = house.apply(&[reserve(1, &[(1, 2)]), reserve(2, &[(1, 1)])]).await;
    assert_eq!(said(&outcomes), ["short", "done"]);
    assert_eq!(house.of(1).await, [5, 5]);
}

#[tokio::test]
async fn a_race_that_cannot_be_won_ends() {
    let house = House::with(&[(1, 5)]).await;
    house.ledger.plan(vec![Next::Conflict; ATTEMPTS_MAX as usize]);
    let outcomes = house.apply(&[reserve(1, &[(1, 1)])]).await;
    assert!(matches!(&outcomes[0], Outcome::Failed(why) if matches!(**why, StockError::Contended)));
    assert_eq!(house.ledger.pauses(), (0..ATTEMPTS_MAX - 1).collect::<Vec<_>>(), "longer each time");
    assert_eq!(said(&house.apply(&[reserve(1, &[(1, 1)])]).await), ["done"]);
}

#[tokio::test]
async fn what_was_written_though_its_answer_was_lost_is_done_once() {
    let house = House::with(&[(1, 5)]).await;
    for operation in [reserve(1, &[(1, 2)]), sell(1, "parcel", &[(1, 2)])] {
        house.ledger.plan(vec![Next::LoseAnswer]);
        let operations = std::slice::from_ref(&operation);
        assert_eq!(said(&house.apply(operations).await), ["failed"]);
        assert_eq!(said(&house.apply(operations).await), ["before"]);
    }
    assert_eq!(house.of(1).await, [3, 0]);
}

#[tokio::test]
async fn a_retry_beneath_us_that_meets_our_own_write_is_done_before() {
    let house = House::with(&[(1, 5)]).await;
    house.ledger.plan(vec![Next::WriteTwice]);
    assert_eq!(said(&house.apply(&[reserve(1, &[(1, 2)])]).await), ["before"]);
    assert_eq!(house.of(1).await, [5, 2]);
}

#[tokio::test]
async fn what_cannot_be_read_is_to_be_repeated() {
    let house = House::with(&[(1, 5)]).await;
    house.ledger.go_down();
    let outcomes = house.apply(&[reserve(1, &[(1, 1)]), release(2)]).await;
    assert_eq!(said(&outcomes), ["failed", "failed"]);
}

#[tokio::test]
async fn a_repeated_adjustment_is_answered_and_not_done_again() {
    let house = House::with(&[]).await;
    let Ok(Adjusted::New(first)) = house.adjust(1, 7, "r1", 5).await else { panic!("it is new") };
    house.adjust(1, 8, "r2", 5).await.unwrap();
    let Ok(Adjusted::Before(again)) = house.adjust(1, 7, "r3", 5).await else { panic!("it was done before") };
    assert_eq!((again.after.on_hand(), again), (5, first));
    assert_eq!(house.of(1).await, [10, 0]);
}

#[tokio::test]
async fn a_key_stands_for_one_adjustment_of_one_product() {
    let house = House::with(&[]).await;
    house.adjust(1, 7, "r1", 5).await.unwrap();
    assert!(matches!(house.adjust(1, 7, "r2", 6).await, Err(StockError::KeyReused(_))));
    assert!(matches!(house.adjust(2, 7, "r3", 5).await, Err(StockError::KeyReused(_))));
}

#[tokio::test]
async fn an_adjustment_whose_answer_was_lost_is_new_to_its_caller() {
    let house = House::with(&[]).await;
    house.ledger.plan(vec![Next::WriteTwice]);
    assert!(matches!(house.adjust(1, 7, "r1", 5).await, Ok(Adjusted::New(_))));
    house.ledger.plan(vec![Next::LoseAnswer]);
    assert!(matches!(house.adjust(1, 8, "r2", 5).await, Err(StockError::Unavailable(_))));
    assert!(matches!(house.adjust(1, 8, "r3", 5).await, Ok(Adjusted::Before(_))));
    assert_eq!(house.of(1).await, [10, 0]);
}

#[tokio::test]
async fn what_is_reserved_meanwhile_cannot_be_taken_away() {
    let house = House::with(&[(1, 5)]).await;
    house.ledger.meanwhile(1, vec![reserve(9, &[(1, 4)])]);
    assert!(matches!(house.adjust(1, 7, "r1", -2).await, Err(StockError::NotEnough(_))));
    assert_eq!(house.of(1).await, [5, 4]);
}

// A house in memory.

struct House {
    stock: Arc<Stock<MemoryStock>>,
    ledger: MemoryStock,
}

impl House {
    async fn with(stocked: &[(u128, i64)]) -> Self {
        let ledger = MemoryStock::default();
        let clock: Clock = Arc::new(|| Timestamp::from_second(1_291_191_960).unwrap());
        let house = Self { stock: Arc::new(Stock::new(ledger.clone(), clock)), ledger };
        for (product, quantity) in stocked {
            house.adjust(*product, 0x1000 + product, "stocked", *quantity).await.unwrap();
        }
        house.ledger.reset();
        house
    }

    async fn apply(&self, operations: &[Operation]) -> Vec<Outcome> {
        self.ledger.reset();
        self.stock.apply(&tenant(), operations).await
    }

    async fn adjust(&self, number: u128, key: u128, id: &str, quantity: i64) -> Result<Adjusted, StockError> {
        let request = Request {
            key: Uuid::from_u128(key).into(),
            digest: format!("{quantity}"),
            id: id.to_owned(),
            traceparent: None,
            correlation_id: "delivery-7".to_owned(),
        };
        let adjustment = Adjustment { quantity, reason: "delivery".to_owned(), backorder_threshold: None };
        self.stock.adjust(&caller(), &request, product(number), &adjustment).await
    }

    /// On hand and reserved.
    async fn of(&self, number: u128) -> [i64; 2] {
        let totals: Totals =
            self.stock.get(&tenant(), product(number)).await.unwrap().expect("it is tracked");
        [totals.on_hand(), totals.reserved]
    }
}

fn said(outcomes: &[Outcome]) -> Vec<&'static str> {
    let word = |outcome: &Outcome| match outcome {
        Outcome::Done(_) => "done",
        Outcome::AlreadyDone(_) => "before",
        Outcome::AlreadyOver => "over",
        Outcome::Short(_) => "short",
        Outcome::Failed(_) => "failed",
    };
    outcomes.iter().map(word).collect()
}

fn caller() -> Caller {
    Caller { tenant: tenant(), subject: "clerk".to_owned(), roles: std::collections::BTreeSet::new() }
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn reserve(number: u128, of: &[(u128, u32)]) -> Operation {
    Operation::Reserve { order: order(number), lines: lines(of) }
}

fn release(number: u128) -> Operation {
    Operation::Release { order: order(number) }
}

fn sell(number: u128, key: &str, of: &[(u128, u32)]) -> Operation {
    Operation::Sell { order: order(number), key: key.to_owned(), lines: lines(of) }
}

/// One unit of each product.
fn wanted_of(products: std::ops::RangeInclusive<u128>) -> Vec<(u128, u32)> {
    products.map(|product| (product, 1)).collect()
}

fn lines(of: &[(u128, u32)]) -> Vec<(ProductId, u32)> {
    of.iter().map(|(number, quantity)| (product(*number), *quantity)).collect()
}

fn units(of: &[(u128, u32)]) -> Units {
    lines(of).into_iter().collect()
}

fn product(number: u128) -> ProductId {
    Uuid::from_u128(number).into()
}

fn order(number: u128) -> OrderId {
    Uuid::from_u128(0x10_0000 + number).into()
}

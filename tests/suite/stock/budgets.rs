//! What stock costs: AWS calls and capacity units, exactly, from the calls actually made.
//!
//! In a transaction a written KB is 2 units. A card is 1 KB at most, a reservation of few lines less; filing a sheet is one more
//! item every eleventh movement of a product.

use penstock_local::aws::calls::Call;
use penstock_tests::shop::product;

use super::house::{House, all_said, release, reserve, sell};

type Cost<'a> = (&'a str, f64, f64);

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_one_line_alone_reserves_and_sells_with_two_calls_each() {
    let house = House::with(&[(1, 10)]).await;
    house.apply(&[reserve(1, &[(1, 2)])]).await;
    costs(&house, &[("BatchGetItem", 2.0, 0.0), ("TransactWriteItems", 0.0, 4.0)]);
    house.apply(&[sell(1, "parcel", &[(1, 2)])]).await;
    costs(&house, &[("BatchGetItem", 2.0, 0.0), ("TransactWriteItems", 0.0, 4.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_orders_of_one_product_share_a_card_and_its_calls() {
    let house = House::with(&[(1, 100)]).await;
    // Ten reservations; the card that has one movement already files its sheet of eleven.
    let reservations: Vec<_> = (0..10).map(|order| reserve(order, &[(1, 2)])).collect();
    assert_eq!(all_said(&house.apply(&reservations).await), ["done"; 10]);
    costs(&house, &[("BatchGetItem", 11.0, 0.0), ("TransactWriteItems", 0.0, 24.0)]);
    let sales: Vec<_> = (0..10).map(|order| sell(order, "parcel", &[(1, 2)])).collect();
    assert_eq!(all_said(&house.apply(&sales).await), ["done"; 10]);
    costs(&house, &[("BatchGetItem", 11.0, 0.0), ("TransactWriteItems", 0.0, 22.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_product_adds_a_read_unit_and_two_write_units_and_no_call() {
    let house = House::with(&(1..=5).map(|number| (number, 10)).collect::<Vec<_>>()).await;
    house.apply(&[reserve(1, &(1..=5).map(|number| (number, 1)).collect::<Vec<_>>())]).await;
    costs(&house, &[("BatchGetItem", 6.0, 0.0), ("TransactWriteItems", 0.0, 12.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_reads_once_more_to_know_what_was_kept() {
    let house = House::with(&[(1, 10)]).await;
    house.apply(&[reserve(1, &[(1, 2)])]).await;
    house.shop.platform.calls().reset();
    house.apply(&[release(1)]).await;
    costs(
        &house,
        &[("BatchGetItem", 1.0, 0.0), ("BatchGetItem", 1.0, 0.0), ("TransactWriteItems", 0.0, 4.0)],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_before_and_what_is_short_write_nothing() {
    let house = House::with(&[(1, 10)]).await;
    house.apply(&[reserve(1, &[(1, 2)])]).await;
    house.shop.platform.calls().reset();
    assert_eq!(
        all_said(&house.apply(&[reserve(1, &[(1, 2)]), reserve(2, &[(1, 9)])]).await),
        ["before", "short"]
    );
    costs(&house, &[("BatchGetItem", 3.0, 0.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_products_thousandth_movement_costs_what_its_first_did() {
    let house = House::with(&[(1, 2_000)]).await;
    for order in 0..100 {
        house.apply(&(0..10).map(|it| reserve(order * 10 + it, &[(1, 1)])).collect::<Vec<_>>()).await;
    }
    house.shop.platform.calls().reset();
    house.apply(&[reserve(5_000, &[(1, 1)])]).await;
    let calls = house.shop.platform.calls().of("a-test");
    assert_eq!(calls[0].read_units, 2.0, "{calls:#?}");
    assert!(calls[1].write_units <= 6.0, "{calls:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_endpoints_cost_two_calls_or_one() {
    let house = House::with(&[]).await;
    let path = format!("/v1/stock/{}", product(1));
    for key in 1..=12 {
        super::adjust(&house.shop, 1, key, 1, "delivery").await;
    }
    house.shop.platform.calls().reset();
    super::adjust(&house.shop, 1, 13, 1, "delivery").await;
    house.shop.get(&path).await;
    house.shop.get(&format!("{path}/movements?limit=1")).await;
    house.shop.get(&format!("{path}/movements?limit=10")).await;
    costs_of(&house, "adjust-stock", &[("BatchGetItem", 2.0, 0.0), ("TransactWriteItems", 0.0, 4.0)]);
    costs_of(&house, "get-stock", &[("BatchGetItem", 1.0, 0.0)]);
    let beyond_the_card = [("BatchGetItem", 1.0, 0.0), ("BatchGetItem", 1.0, 0.0), ("Query", 1.0, 0.0)];
    costs_of(&house, "list-stock-movements", &beyond_the_card);
}

/// What the house has made since the last time.
#[track_caller]
fn costs(house: &House, budget: &[Cost]) {
    costs_of(house, "a-test", budget);
    house.shop.platform.calls().reset();
}

#[track_caller]
fn costs_of(house: &House, function: &str, budget: &[Cost]) {
    let calls = house.shop.platform.calls().of(function);
    let cost = |call: &Call| (call.operation.clone(), call.read_units, call.write_units);
    let made: Vec<_> = calls.iter().map(cost).collect();
    let budget: Vec<_> =
        budget.iter().map(|(name, read, write)| ((*name).to_owned(), *read, *write)).collect();
    assert_eq!(made, budget, "{function}: {calls:#?}");
}

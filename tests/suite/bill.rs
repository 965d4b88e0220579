//! What a whole order costs, from its placement to its delivery: exactly, from the calls actually made.
//!
//! `cargo test -p penstock-tests bill -- --nocapture` shows the bill that `docs/measurements.md` explains.

mod account;
mod carrier;
mod life;
mod time;

use std::collections::BTreeMap;

use account::{Line, table};
use life::Lives;

/// What a one-line order may cost where every batch is as full as the template lets it be.
const GOAL: (&str, [f64; 3]) = ("calls, write units and SQS requests", [20.0, 20.0, 1.5]);

/// Ten orders: each queue's message is full, most of Lambda's batches are not.
#[tokio::test(flavor = "multi_thread")]
async fn what_ten_orders_of_one_line_cost_together() {
    let lines = bill(10, 1).await;
    assert_eq!(
        of_functions(&lines),
        BTreeMap::from([
            ("archive-events", [6.0, 0.0, 0.0, 12.0, 6.0, 6.0, 0.0]),
            ("create-order", [10.0, 0.0, 10.0, 0.0, 10.0, 0.0, 10.0]),
            ("handle-payments", [20.0, 10.0, 10.0, 2.0, 1.0, 0.0, 0.0]),
            ("handle-shipping", [30.0, 10.0, 10.0, 2.0, 1.0, 10.0, 0.0]),
            ("handle-stock", [34.0, 42.0, 56.0, 4.0, 2.0, 0.0, 0.0]),
            ("project-orders", [5.0, 0.0, 90.0, 0.0, 5.0, 0.0, 0.0]),
            ("receive-carrier-webhook", [40.0, 20.0, 20.0, 0.0, 20.0, 0.0, 20.0]),
            ("receive-payment-webhook", [10.0, 10.0, 0.0, 0.0, 20.0, 0.0, 20.0]),
            ("relay-events", [16.0, 0.0, 0.0, 16.0, 6.0, 0.0, 0.0]),
            ("run-checkout", [4.0, 0.0, 0.0, 12.0, 4.0, 0.0, 0.0]),
            ("send-notifications", [20.0, 20.0, 0.0, 12.0, 6.0, 0.0, 0.0]),
        ])
    );
    let [calls, _, write_units, ..] = Line::sum(lines.values()).per(10).numbers();
    assert!(calls <= GOAL.1[0] && write_units <= GOAL.1[1], "{calls} calls, {write_units} write units");
}

/// A hundred orders: a batch of the stream, and ten messages of ten letters, which is what one request to SQS carries.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_one_line_costs_at_most_20_calls_20_write_units_and_1_5_requests_to_queues() {
    let all = Line::sum(bill(100, 1).await.values());
    assert_eq!(all.numbers(), [1666.0, 1102.0, 1936.0, 116.0, 537.0, 106.0, 500.0]);
    let [calls, _, write_units, sqs, ..] = all.per(100).numbers();
    let (what, goal) = GOAL;
    let made = [calls, write_units, sqs];
    assert!(
        made.iter().zip(goal).all(|(made, goal)| *made <= goal),
        "{what}: {made:?}, the goal is {goal:?}"
    );
}

/// A further product is a card more, which ten orders share, and a line: it makes commits and views larger.
#[tokio::test(flavor = "multi_thread")]
async fn what_further_products_add_to_ten_orders() {
    let two = Line::sum(bill(10, 2).await.values());
    assert_eq!(two.numbers(), [195.0, 114.0, 212.0, 60.0, 81.0, 16.0, 50.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ten_orders_of_ten_lines_cost_together() {
    let ten = Line::sum(bill(10, 10).await.values());
    assert_eq!(ten.numbers(), [195.0, 200.0, 340.0, 60.0, 81.0, 16.0, 50.0]);
}

/// The same without company: every message holds what one commit brought.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_order_alone_costs() {
    let alone = Line::sum(bill(1, 1).await.values());
    assert_eq!(alone.numbers(), [51.0, 13.0, 23.0, 60.0, 36.0, 7.0, 5.0]);
}

/// What so many orders cost that live together, by function.
async fn bill(orders: u32, products: u128) -> BTreeMap<String, Line> {
    let mut lives = Lives::open(products).await;
    lives.live(orders, products).await;
    let lines = lives.lines().await;
    println!("{orders} orders of {products} lines together, one of them:\n{}", table(&lines, orders));
    lines
}

fn of_functions(lines: &BTreeMap<String, Line>) -> BTreeMap<&str, [f64; 7]> {
    lines.iter().map(|(function, line)| (function.as_str(), line.numbers())).collect()
}

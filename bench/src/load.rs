//! Many clients create orders at once. Promised: no error, no duplicate, and the list equals the ledger.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Instant;

use clap::Args;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::client::{Calls, Client};
use crate::latencies::Latencies;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::read_back::{compare, list};

/// How much load.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders to create.
    #[arg(long, default_value_t = 10_000)]
    orders: u64,
    /// Clients that each send one request after another.
    #[arg(long, default_value_t = 16)]
    clients: usize,
}

#[derive(Default)]
struct Found {
    answered: RefCell<Vec<Value>>,
    latencies: RefCell<Latencies>,
    errors: RefCell<Vec<String>>,
}

pub(crate) async fn measure(options: Options, url: &str) -> Result<Outcome, Error> {
    let client = Client::of_new_tenant(url).await?;
    let orders = Orders::prepare(&client).await?;
    let calls_before = client.calls().await?;
    let begun = Instant::now();
    let found = create(&client, &orders, &options).await;
    let seconds = begun.elapsed().as_secs_f64();
    let answered = found.answered.into_inner();
    let listing = list(&client, answered.len()).await?;
    let calls_after = client.calls().await?;
    let (latencies, errors) = (found.latencies.into_inner(), found.errors.into_inner());
    let mut outcome = Outcome::new("load")
        .row("orders", options.orders)
        .row("clients", options.clients)
        .row("errors", errors.len())
        .row("orders a second", (answered.len() as f64 / seconds).round())
        .row("p50 ms", latencies.quantile_ms(0.5))
        .row("p99 ms", latencies.quantile_ms(0.99))
        .row("list complete after, ms", listing.lag.as_millis() as u64);
    for (operation, calls) in calls_per_order(calls_before, calls_after, answered.len()) {
        outcome = outcome.row(format!("AWS calls an order, {operation}"), calls);
    }
    Ok(outcome.broken(errors).broken(compare(&client, &answered, &listing).await))
}

async fn create(client: &Client, orders: &Orders, options: &Options) -> Found {
    let (found, next) = (Found::default(), Cell::new(0));
    join_all((0..options.clients).map(async |_| {
        while next.get() < options.orders {
            let number = next.replace(next.get() + 1);
            create_one(client, orders, number, &found).await;
        }
    }))
    .await;
    found
}

async fn create_one(client: &Client, orders: &Orders, number: u64, found: &Found) {
    let begun = Instant::now();
    match client.post("/v1/orders", orders.key(number), &orders.body(number)).await {
        Ok(answer) if answer.status == StatusCode::CREATED => {
            found.latencies.borrow_mut().add(begun.elapsed());
            found.answered.borrow_mut().push(answer.body);
        }
        Ok(answer) => {
            found.errors.borrow_mut().push(format!("order {number}: {} {}", answer.status, answer.body));
        }
        Err(error) => found.errors.borrow_mut().push(format!("order {number}: {error}")),
    }
}

/// The calls that creating, projecting and listing cost, by operation and in all, for each order.
fn calls_per_order(before: Option<Calls>, after: Option<Calls>, orders: usize) -> BTreeMap<String, f64> {
    let (Some(before), Some(after)) = (before, after) else { return BTreeMap::new() };
    let each = |after: u64, before: u64| {
        let calls = after.saturating_sub(before) as f64;
        (calls * 1_000.0 / orders.max(1) as f64).round() / 1_000.0
    };
    let mut calls = BTreeMap::from([("all".to_owned(), each(after.total, before.total))]);
    for (operation, count) in after.by_operation {
        let count = each(count, before.by_operation.get(&operation).copied().unwrap_or_default());
        calls.insert(operation, count);
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_for_each_order_and_without_those_before() {
        let calls =
            |total, put| Some(Calls { total, by_operation: BTreeMap::from([("PutItem".to_owned(), put)]) });
        let each = calls_per_order(calls(100, 50), calls(130, 60), 10);
        assert_eq!(each, BTreeMap::from([("all".to_owned(), 3.0), ("PutItem".to_owned(), 1.0)]));
    }

    #[test]
    fn a_platform_that_does_not_tell_gives_no_numbers() {
        assert!(calls_per_order(None, None, 10).is_empty());
    }
}

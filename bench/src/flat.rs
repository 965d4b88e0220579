//! Creates orders window after window. Promised: the last window takes as long as the first, whatever is stored.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use clap::Args;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use crate::Error;
use crate::client::Client;
use crate::latencies::Latencies;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::read_back::count_listed;

/// How many orders, and how flat.
#[derive(Args)]
pub(crate) struct Options {
    /// Orders to create.
    #[arg(long, default_value_t = 100_000)]
    orders: u64,
    /// Orders in one window.
    #[arg(long, default_value_t = 5_000)]
    window: u64,
    /// Clients that each send one request after another.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// The most that an order of the last window may cost, as a multiple of one of the first.
    #[arg(long, default_value_t = 1.25)]
    ratio_max: f64,
}

struct Window {
    each_us: f64,
    p50_ms: f64,
    p99_ms: f64,
}

pub(crate) async fn measure(options: Options, url: &str) -> Result<Outcome, Error> {
    let mut client = Client::of_new_tenant(url).await?;
    let orders = Orders::prepare(&client).await?;
    // Connections, caches and code are warm before the first window, or the comparison would flatter the last.
    let mut next = options.window.min(1_000);
    create(&client, &orders, 0..next, options.clients).await?;
    let (mut windows, mut outcome) = (Vec::new(), Outcome::new("flat").row("orders", options.orders));
    for number in 1..=options.orders.div_ceil(options.window) {
        client.renew_token().await?;
        let window = create(&client, &orders, next..next + options.window, options.clients).await?;
        next += options.window;
        let row = json!({"eachUs": window.each_us, "p50Ms": window.p50_ms, "p99Ms": window.p99_ms});
        eprintln!("up to order {:>7}: {row}", number * options.window);
        outcome = outcome.row(format!("up to order {}", number * options.window), row);
        windows.push(window.each_us);
    }
    let (ratio, listed) = (ratio(&windows), count_listed(&client, next as usize).await?);
    let outcome = outcome.row("last window / first window", ratio).row("listed", listed);
    Ok(outcome.broken(too_steep(ratio, options.ratio_max)).broken(lost(next as usize, listed)))
}

fn too_steep(ratio: f64, ratio_max: f64) -> Option<String> {
    let words =
        || format!("an order of the last window costs {ratio} times one of the first, at most {ratio_max}");
    (ratio > ratio_max).then(words)
}

fn lost(created: usize, listed: usize) -> Option<String> {
    (listed != created).then(|| format!("{listed} orders are listed, {created} were created"))
}

async fn create(
    client: &Client,
    orders: &Orders,
    numbers: std::ops::Range<u64>,
    clients: usize,
) -> Result<Window, Error> {
    let (next, latencies) = (Cell::new(numbers.start), RefCell::new(Vec::new()));
    let begun = Instant::now();
    let results = join_all((0..clients).map(async |_| {
        while next.get() < numbers.end {
            let number = next.replace(next.get() + 1);
            let latency = create_one(client, orders, number).await?;
            latencies.borrow_mut().push(latency);
        }
        Ok::<(), Error>(())
    }))
    .await;
    results.into_iter().collect::<Result<(), Error>>()?;
    let each = begun.elapsed().as_secs_f64() / (numbers.end - numbers.start) as f64;
    let latencies: Latencies = latencies.into_inner().into_iter().collect();
    let (p50_ms, p99_ms) = (latencies.quantile_ms(0.5), latencies.quantile_ms(0.99));
    Ok(Window { each_us: (each * 1_000_000.0).round(), p50_ms, p99_ms })
}

async fn create_one(client: &Client, orders: &Orders, number: u64) -> Result<Duration, Error> {
    let begun = Instant::now();
    let answer = client.post("/v1/orders", orders.key(number), &orders.body(number)).await?;
    answer.expect("POST /v1/orders", |status| *status == StatusCode::CREATED)?;
    Ok(begun.elapsed())
}

fn ratio(windows: &[f64]) -> f64 {
    let (first, last) = (windows.first().copied().unwrap_or(1.0), windows.last().copied().unwrap_or(1.0));
    (last / first * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_of_the_last_window_to_the_first() {
        assert_eq!(ratio(&[200.0, 900.0, 300.0]), 1.5);
    }

    #[test]
    fn a_steep_cost_and_a_lost_order_are_found() {
        assert_eq!((too_steep(1.25, 1.25), lost(10, 10)), (None, None));
        assert!(too_steep(1.26, 1.25).is_some() && lost(10, 9).is_some());
    }
}

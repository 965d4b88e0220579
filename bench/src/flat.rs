//! Creates orders window after window. Promised: the last window takes as long as the first, whatever is stored.

use std::ops::Range;
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use crate::Error;
use crate::client::Client;
use crate::orders::Orders;
use crate::outcome::Outcome;
use crate::platform::Platform;
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
    /// Processor time of the platform: unlike the time on the clock, it does not tell who else was busy.
    processor_us: Option<f64>,
    p50_ms: f64,
    p99_ms: f64,
}

/// Measures the platform at `url`; the processor time only of one that was `started` for it.
pub(crate) async fn measure(
    options: Options,
    url: &str,
    started: Option<&Platform>,
) -> Result<Outcome, Error> {
    let mut client = Client::of_new_tenant(url).await?;
    let orders = Orders::prepare(&client).await?;
    // Connections, caches and code are warm before the first window, or the comparison would flatter the last.
    let mut next = options.window.min(1_000);
    orders.create(&client, 0..next, options.clients).await?;
    let (mut windows, mut outcome) = (Vec::new(), Outcome::new("flat").row("orders", options.orders));
    for number in 1..=options.orders.div_ceil(options.window) {
        client.renew_token().await?;
        let numbers = next..next + options.window;
        next = numbers.end;
        let window = measure_window(&client, &orders, numbers, options.clients, started).await?;
        let (row, json) = (format!("up to order {}", number * options.window), window.json());
        eprintln!("{row:<22}{json}");
        outcome = outcome.row(row, json);
        windows.push(window);
    }
    let listed = count_listed(&client, next as usize).await?;
    let outcome = outcome.row("listed", listed).broken(lost(next as usize, listed));
    Ok(judge(outcome, &windows, options.ratio_max))
}

async fn measure_window(
    client: &Client,
    orders: &Orders,
    numbers: Range<u64>,
    clients: usize,
    started: Option<&Platform>,
) -> Result<Window, Error> {
    let count = (numbers.end - numbers.start) as f64;
    let each_us = |time: Duration| (time.as_secs_f64() * 1_000_000.0 / count).round();
    let (begun, used) = (Instant::now(), started.and_then(Platform::processor_time));
    let latencies = orders.create(client, numbers, clients).await?;
    let used = started.and_then(Platform::processor_time).zip(used).map(|(after, before)| after - before);
    Ok(Window {
        each_us: each_us(begun.elapsed()),
        processor_us: used.map(each_us),
        p50_ms: latencies.quantile_ms(0.5),
        p99_ms: latencies.quantile_ms(0.99),
    })
}

impl Window {
    fn json(&self) -> Value {
        json!({
            "eachUs": self.each_us, "processorUs": self.processor_us, "p50Ms": self.p50_ms, "p99Ms": self.p99_ms,
        })
    }
}

/// Judges by processor time where it is known, else by the clock.
fn judge(outcome: Outcome, windows: &[Window], ratio_max: f64) -> Outcome {
    let clock: Vec<_> = windows.iter().map(|window| window.each_us).collect();
    let processor: Option<Vec<_>> = windows.iter().map(|window| window.processor_us).collect();
    let outcome = outcome.row("last / first window, by the clock", ratio(&clock));
    let processor = processor.map(|times| ratio(&times));
    let outcome = outcome.row("last / first window, processor time", processor);
    outcome.broken(too_steep(processor.unwrap_or(ratio(&clock)), ratio_max))
}

fn too_steep(ratio: f64, ratio_max: f64) -> Option<String> {
    let words =
        || format!("an order of the last window costs {ratio} times one of the first, at most {ratio_max}");
    (ratio > ratio_max).then(words)
}

fn lost(created: usize, listed: usize) -> Option<String> {
    (listed != created).then(|| format!("{listed} orders are listed, {created} were created"))
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
    fn the_clock_is_not_believed_where_the_processor_time_is_known() {
        let window = |each_us, processor_us| Window { each_us, processor_us, p50_ms: 1.0, p99_ms: 1.0 };
        let judged = |windows: &[Window]| judge(Outcome::new("flat"), windows, 1.25).kept();
        assert!(judged(&[window(100.0, Some(50.0)), window(300.0, Some(50.0))]));
        assert!(!judged(&[window(300.0, Some(50.0)), window(100.0, Some(80.0))]));
        assert!(!judged(&[window(100.0, None), window(300.0, None)]));
    }

    #[test]
    fn a_steep_cost_and_a_lost_order_are_found() {
        assert_eq!((too_steep(1.25, 1.25), lost(10, 10)), (None, None));
        assert!(too_steep(1.26, 1.25).is_some() && lost(10, 9).is_some());
    }
}

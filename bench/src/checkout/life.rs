//! When orders were placed, confirmed and delivered, as their own histories tell.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::client::Client;
use crate::latencies::Latencies;

use super::Placed;

/// Histories read at once.
const READS: usize = 16;
/// How long the next order may take before it counts as lost.
const STANDSTILL_MAX: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(100);

/// The lives of a window's orders.
pub(super) struct Lives {
    /// From placed to confirmed.
    pub(super) confirmed: Latencies,
    /// From placed to delivered.
    pub(super) delivered: Latencies,
    count: usize,
    /// From the first that was placed to the last that was delivered.
    elapsed: Duration,
}

/// The life of one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Life {
    placed: Timestamp,
    confirmed: Timestamp,
    delivered: Timestamp,
}

/// Waits until all are delivered. One is asked at a time, so that asking is no load.
pub(super) async fn until_delivered(client: &Client, placed: &[Placed]) -> Result<(), Error> {
    for order in placed {
        let begun = Instant::now();
        loop {
            let path = format!("/v1/orders/{}", order.id);
            let shown = client.get(&path).await?.expect(&path, StatusCode::is_success)?.body;
            if shown["status"] == "DELIVERED" {
                break;
            }
            if begun.elapsed() > STANDSTILL_MAX {
                return Err(Error::Undelivered(shown.to_string()));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

impl Lives {
    /// Reads the histories of orders that were delivered.
    ///
    /// # Errors
    /// With the first that was not placed, confirmed and delivered exactly once.
    pub(super) async fn read(client: &Client, placed: &[Placed]) -> Result<Self, Error> {
        let lives = stream::iter(placed).map(async |order| {
            let path = format!("/v1/orders/{}/events", order.id);
            let history = client.get(&path).await?.expect(&path, StatusCode::is_success)?.body;
            Life::of(&history).ok_or_else(|| Error::Undelivered(history.to_string()))
        });
        let lives: Vec<Life> = lives.buffer_unordered(READS).try_collect().await?;
        Ok(Self::of(&lives))
    }

    fn of(lives: &[Life]) -> Self {
        let first = lives.iter().map(|life| life.placed).min().unwrap_or_default();
        let last = lives.iter().map(|life| life.delivered).max().unwrap_or_default();
        Self {
            confirmed: lives.iter().map(|life| between(life.placed, life.confirmed)).collect(),
            delivered: lives.iter().map(|life| between(life.placed, life.delivered)).collect(),
            count: lives.len(),
            elapsed: between(first, last),
        }
    }

    /// Orders that went through the whole checkout in a second.
    pub(super) fn a_second(&self) -> f64 {
        (self.count as f64 / self.elapsed.as_secs_f64().max(0.001) * 10.0).round() / 10.0
    }
}

impl Life {
    fn of(history: &Value) -> Option<Self> {
        let at = |kind: &str| {
            let mut events = history["events"].as_array()?.iter().filter(|it| it["type"] == kind);
            let at = events.next()?["at"].as_str()?.parse().ok()?;
            if events.next().is_none() { Some(at) } else { None }
        };
        Some(Self { placed: at("placed")?, confirmed: at("paymentConfirmed")?, delivered: at("delivered")? })
    }
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_life_is_told_by_a_history_and_orders_a_second_by_all_of_them() {
        let lives = [life(0, 1, 3), life(1, 2, 5)].map(|it| Life::of(&it).unwrap());
        let lives = Lives::of(&lives);
        assert_eq!(lives.a_second(), 0.4);
        assert_eq!(
            (lives.confirmed.quantile_ms(0.99), lives.delivered.quantile_ms(0.99)),
            (1_000.0, 4_000.0)
        );
    }

    #[test]
    fn an_order_that_was_paid_twice_or_not_delivered_has_no_such_life() {
        let mut twice = life(0, 1, 2);
        let confirmed = twice["events"][1].clone();
        twice["events"].as_array_mut().unwrap().push(confirmed);
        assert_eq!(Life::of(&twice), None);
        let mut open = life(0, 1, 2);
        open["events"].as_array_mut().unwrap().pop();
        assert_eq!(Life::of(&open), None);
    }

    fn life(placed: i64, confirmed: i64, delivered: i64) -> Value {
        let event = |kind: &str, second: i64| json!({"type": kind, "at": Timestamp::from_second(second).unwrap().to_string()});
        json!({"events": [event("placed", placed), event("paymentConfirmed", confirmed), event("delivered", delivered)]})
    }
}

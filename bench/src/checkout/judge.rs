//! Whether anything was lost: the provider's books, the stock, and the dead letters.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::client::Client;

use super::Placed;

/// Units that were received of every product: more than any run orders.
pub(super) const RECEIVED: i64 = 1_000_000;
/// How long goods may take to leave the house after their parcel was delivered.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(500);

/// The sums in the provider's books, in the smallest unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Books {
    payments: i64,
    captured: i64,
    refunded: i64,
}

impl Books {
    pub(super) async fn read(client: &Client) -> Result<Self, Error> {
        let path = "/dev/payments?limit=1";
        Ok(Self::of(&client.get(path).await?.expect(path, StatusCode::is_success)?.body))
    }

    fn of(books: &Value) -> Self {
        let sum = |name: &str| {
            let totals = books["totals"].as_array().into_iter().flatten();
            totals.filter_map(|it| it[name].as_i64()).sum()
        };
        Self { payments: sum("payments"), captured: sum("captured"), refunded: sum("refunded") }
    }

    /// What these orders must have added.
    fn after(self, placed: &[Placed]) -> Self {
        let captured: i64 = placed.iter().map(|order| order.minor).sum();
        Self { payments: self.payments + placed.len() as i64, captured: self.captured + captured, ..self }
    }
}

/// What was lost, or came twice; nothing else may have used the provider since `before`.
pub(super) async fn judge(client: &Client, placed: &[Placed], before: &Books) -> Result<Vec<String>, Error> {
    let (expected, got) = (before.after(placed), Books::read(client).await?);
    let mut broken = Vec::new();
    if expected != got {
        broken.push(format!("the provider's books have {got:?}, ordered was {expected:?}"));
    }
    broken.extend(stock(client, placed).await?);
    broken.extend(dead_letters(client).await?);
    Ok(broken)
}

async fn stock(client: &Client, placed: &[Placed]) -> Result<Vec<String>, Error> {
    let mut sold: BTreeMap<&str, i64> = BTreeMap::new();
    for (product, units) in placed.iter().flat_map(|order| &order.units) {
        *sold.entry(product).or_default() += units;
    }
    let (mut broken, begun) = (Vec::new(), Instant::now());
    for (product, sold) in sold {
        let path = format!("/v1/stock/{product}");
        loop {
            let stock = client.get(&path).await?.expect(&path, StatusCode::is_success)?.body;
            let left = RECEIVED - sold;
            if stock["onHand"] == left && stock["reserved"] == 0 {
                break;
            }
            if begun.elapsed() > STANDSTILL_MAX {
                broken.push(format!("{left} units of {product} must be there and none kept: {stock}"));
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(broken)
}

async fn dead_letters(client: &Client) -> Result<Vec<String>, Error> {
    let path = "/v1/dead-letters";
    let answer = client.get(path).await?.expect(path, StatusCode::is_success)?.body;
    let queues = answer["queues"].as_array().cloned().unwrap_or_default();
    let some = queues.iter().filter(|queue| queue["deadLetters"] != 0);
    Ok(some.map(|queue| format!("dead letters: {queue}")).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_books_must_grow_by_what_was_ordered() {
        let books = |payments, captured, refunded| {
            Books::of(
                &json!({"totals": [{"payments": payments, "captured": captured, "refunded": refunded}]}),
            )
        };
        let order = Placed { id: "a".to_owned(), minor: 1_500, units: vec![] };
        assert_eq!(books(1, 10, 3).after(&[order.clone(), order]), books(3, 3_010, 3));
    }
}

//! Reads back everything a tenant has, from the list and from the ledger, and compares it with what was answered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use reqwest::StatusCode;
use serde_json::Value;

use crate::Error;
use crate::client::Client;

/// Orders read at once.
const GETS: usize = 16;
const PAGE: usize = 100;
/// How long the list may show nothing new before it counts as all there is.
const STANDSTILL_MAX: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);
/// The members of an order that never change once it is placed.
const LASTING: [&str; 5] = ["orderId", "customerId", "items", "totalAmount", "createdAt"];

/// What a tenant has, as the list shows it.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By order id.
    pub(crate) orders: BTreeMap<String, Value>,
    /// Ids that were listed more than once.
    pub(crate) repeated: Vec<String>,
    /// How long the list lagged behind when reading began.
    pub(crate) lag: Duration,
}

/// Reads the list until it shows `count` orders or nothing new.
pub(crate) async fn list(client: &Client, count: usize) -> Result<Listing, Error> {
    let lag = wait_for_list(client, count).await?;
    let (mut orders, mut repeated) = (BTreeMap::new(), Vec::new());
    for_each_listed(client, |order| {
        if orders.insert(id(order), order.clone()).is_some() {
            repeated.push(id(order));
        }
    })
    .await?;
    Ok(Listing { orders, repeated, lag })
}

/// How many orders the list shows, once that is `count` or no longer grows.
pub(crate) async fn count_listed(client: &Client, count: usize) -> Result<usize, Error> {
    wait_for_list(client, count).await?;
    count_once(client).await
}

async fn wait_for_list(client: &Client, count: usize) -> Result<Duration, Error> {
    let begun = Instant::now();
    let (mut most, mut last_progress) = (0, begun);
    loop {
        let read_at = begun.elapsed();
        let listed = count_once(client).await?;
        if listed > most {
            (most, last_progress) = (listed, Instant::now());
        }
        if listed >= count || last_progress.elapsed() > STANDSTILL_MAX {
            return Ok(read_at);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Compares what was answered with the list and the ledger: all of it, once, and nothing else.
pub(crate) async fn compare(client: &Client, answered: &[Value], listing: &Listing) -> Vec<String> {
    let mut broken = compare_list(answered, listing);
    let gets = stream::iter(answered).map(|order| differs(client, order));
    broken.extend(gets.buffer_unordered(GETS).filter_map(async |differs| differs).collect::<Vec<_>>().await);
    broken
}

fn compare_list(answered: &[Value], listing: &Listing) -> Vec<String> {
    let mut broken: Vec<String> =
        listing.repeated.iter().map(|id| format!("order {id} is listed more than once")).collect();
    let mut unknown = listing.orders.clone();
    for order in answered {
        match unknown.remove(&id(order)) {
            Some(listed) if lasting(&listed) == lasting(order) => {}
            Some(listed) => broken.push(format!("the list shows {listed}, the caller was answered {order}")),
            None => broken.push(format!("order {} is not listed, or was answered twice", id(order))),
        }
    }
    broken.extend(unknown.keys().map(|id| format!("order {id} is listed, and nobody created it")));
    broken
}

/// The id of an order.
pub(crate) fn id(order: &Value) -> String {
    order["orderId"].as_str().unwrap_or_default().to_owned()
}

/// What stays of an order while its checkout goes on in the background.
fn lasting(order: &Value) -> Vec<&Value> {
    LASTING.map(|member| &order[member]).to_vec()
}

async fn differs(client: &Client, order: &Value) -> Option<String> {
    let id = id(order);
    match client.get(&format!("/v1/orders/{id}")).await {
        Ok(answer) if answer.status == StatusCode::OK && lasting(&answer.body) == lasting(order) => None,
        Ok(answer) => Some(format!("get-order answers {} {}, was {order}", answer.status, answer.body)),
        Err(error) => Some(format!("get-order of {id}: {error}")),
    }
}

async fn count_once(client: &Client) -> Result<usize, Error> {
    let mut count = 0;
    for_each_listed(client, |_| count += 1).await?;
    Ok(count)
}

async fn for_each_listed(client: &Client, mut visit: impl FnMut(&Value)) -> Result<(), Error> {
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/orders?limit={PAGE}{cursor}");
        let page = client.get(&path).await?.expect("GET /v1/orders", StatusCode::is_success)?.body;
        page["orders"].as_array().into_iter().flatten().for_each(&mut visit);
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={}", escape(next)),
            None => return Ok(()),
        }
    }
}

/// Percent-encodes what may not stand in a query as it is: a cursor is opaque.
fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_just_what_was_answered_is_whole() {
        assert!(
            compare_list(&[order("a", 1), order("b", 2)], &listing(&[order("b", 2), order("a", 1)]))
                .is_empty()
        );
    }

    #[test]
    fn lost_repeated_changed_and_unknown_orders_are_found() {
        let answered = [order("a", 1), order("b", 2)];
        for (listing, found) in [
            (listing(&[order("a", 1)]), "order b is not listed"),
            (listing(&[order("a", 1), order("b", 3)]), "the list shows"),
            (
                listing(&[order("a", 1), order("b", 2), order("c", 1)]),
                "order c is listed, and nobody created it",
            ),
            (
                Listing { repeated: vec!["a".to_owned()], ..listing(&answered) },
                "order a is listed more than once",
            ),
        ] {
            let broken = compare_list(&answered, &listing);
            assert!(broken.len() == 1 && broken[0].contains(found), "{broken:?}");
        }
        let twice = [order("a", 1), order("a", 1)];
        assert_eq!(compare_list(&twice, &listing(&twice)), ["order a is not listed, or was answered twice"]);
    }

    fn order(id: &str, total: u32) -> Value {
        json!({"orderId": id, "totalAmount": total})
    }

    fn listing(orders: &[Value]) -> Listing {
        let orders = orders.iter().map(|order| (id(order), order.clone())).collect();
        Listing { orders, repeated: Vec::new(), lag: Duration::ZERO }
    }
}

//! Reads everything back: each order by `get-order`, and all of them by `list-orders`, page by page.
//!
//! The list is a read model and follows the orders a moment later, so it is read again until it shows what was sent
//! or makes no more progress.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use indicatif::ProgressBar;
use reqwest::StatusCode;
use tokio::time::Instant;
use uuid::Uuid;

use crate::client::{Ask, Client, RequestError};
use crate::plan::{Plan, Tally};
use crate::progress::bar;
use crate::reconcile::{Expected, Seen};
use crate::send::{CONCURRENCY, Sent};
use crate::wire::{Order, Page};

/// The most orders a page holds.
const PAGE: usize = 100;
const PAUSE: Duration = Duration::from_millis(500);

/// What the platform shows of a plan's orders; each list is in the plan's order, `None` where there is no order.
#[derive(Debug, Default)]
pub(crate) struct ReadBack {
    pub(crate) got: Vec<Option<Seen>>,
    pub(crate) listed: Vec<Option<Seen>>,
    /// Listed orders that are not of this file and were not there before it was replayed.
    pub(crate) strangers: Vec<Uuid>,
}

/// The ids of all orders the tenant has.
pub(crate) async fn list_ids(client: &Client) -> Result<HashSet<Uuid>, RequestError> {
    let mut ids = HashSet::new();
    for_each_listed(client, |order| {
        ids.insert(order.order_id);
    })
    .await?;
    Ok(ids)
}

/// Reads back what was `sent`; `before` are the orders that were there before. The list is all there is once it has
/// shown nothing new for as long as `standstill_max`.
pub(crate) async fn read_back(
    client: &Client,
    tenant: &str,
    plan: &Plan,
    sent: &[Sent],
    before: &HashSet<Uuid>,
    standstill_max: Duration,
) -> Result<ReadBack, RequestError> {
    let expected: Vec<_> = plan
        .orders
        .iter()
        .zip(sent)
        .map(|(invoice, sent)| {
            let standing = sent.standing()?;
            Some(Expected { tenant, catalogue: &plan.catalogue, invoice, standing })
        })
        .collect();
    let got = get_all(client, &expected).await?;
    let (listed, strangers) = list_until_all_there(client, &expected, before, standstill_max).await?;
    Ok(ReadBack { got, listed, strangers })
}

async fn get_all(
    client: &Client,
    expected: &[Option<Expected<'_>>],
) -> Result<Vec<Option<Seen>>, RequestError> {
    let bar = bar("reading orders back", expected.len());
    let got = stream::iter(0..expected.len())
        .map(|place| get(client, expected[place].as_ref(), &bar))
        .buffered(CONCURRENCY)
        .try_collect()
        .await;
    bar.finish_and_clear();
    got
}

async fn get(
    client: &Client,
    expected: Option<&Expected<'_>>,
    bar: &ProgressBar,
) -> Result<Option<Seen>, RequestError> {
    bar.inc(1);
    let Some(expected) = expected else { return Ok(None) };
    let answer = client.send(&Ask::get(format!("/v1/orders/{}", expected.standing.order_id))).await?;
    if answer.status == StatusCode::OK {
        return Ok(Some(expected.examine(&answer.parse()?)));
    }
    let differences = vec![format!("get-order answers {}", answer.refusal())];
    Ok(Some(Seen { tally: Tally::default(), differences }))
}

async fn list_until_all_there(
    client: &Client,
    expected: &[Option<Expected<'_>>],
    before: &HashSet<Uuid>,
    standstill_max: Duration,
) -> Result<(Vec<Option<Seen>>, Vec<Uuid>), RequestError> {
    let bar = bar("reading the list", expected.iter().flatten().count());
    let (mut fewest, mut last_progress) = (usize::MAX, Instant::now());
    loop {
        let (mut listed, strangers) = list_once(client, expected, before).await?;
        let outstanding = outstanding(expected, &listed);
        bar.set_position((expected.iter().flatten().count() - outstanding) as u64);
        if outstanding < fewest {
            (fewest, last_progress) = (outstanding, Instant::now());
        }
        if outstanding == 0 || last_progress.elapsed() >= standstill_max {
            bar.finish_and_clear();
            name_the_missing(expected, &mut listed);
            return Ok((listed, strangers));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn list_once(
    client: &Client,
    expected: &[Option<Expected<'_>>],
    before: &HashSet<Uuid>,
) -> Result<(Vec<Option<Seen>>, Vec<Uuid>), RequestError> {
    let with_ids = expected.iter().enumerate();
    let places: HashMap<Uuid, usize> = with_ids
        .filter_map(|(place, expected)| Some((expected.as_ref()?.standing.order_id, place)))
        .collect();
    let mut listed: Vec<Option<Seen>> = vec![None; expected.len()];
    let mut strangers = Vec::new();
    for_each_listed(client, |order| match places.get(&order.order_id) {
        Some(&place) => {
            let Some(expected) = &expected[place] else { return };
            match &mut listed[place] {
                Some(seen) => seen.differences.push("listed more than once".to_owned()),
                first => *first = Some(expected.examine(order)),
            }
        }
        None if before.contains(&order.order_id) => {}
        None => strangers.push(order.order_id),
    })
    .await?;
    Ok((listed, strangers))
}

fn outstanding(expected: &[Option<Expected<'_>>], listed: &[Option<Seen>]) -> usize {
    let pairs = expected.iter().zip(listed);
    pairs
        .filter(|(expected, seen)| {
            expected.is_some() && !seen.as_ref().is_some_and(|seen| seen.differences.is_empty())
        })
        .count()
}

fn name_the_missing(expected: &[Option<Expected<'_>>], listed: &mut [Option<Seen>]) {
    for (expected, seen) in expected.iter().zip(listed) {
        if expected.is_some() && seen.is_none() {
            let differences = vec!["list-orders does not show it".to_owned()];
            *seen = Some(Seen { tally: Tally::default(), differences });
        }
    }
}

async fn for_each_listed(client: &Client, mut visit: impl FnMut(&Order)) -> Result<(), RequestError> {
    let mut cursor: Option<String> = None;
    loop {
        let after = cursor.map(|cursor| format!("&cursor={}", escape(&cursor))).unwrap_or_default();
        let answer = client.send(&Ask::get(format!("/v1/orders?limit={PAGE}{after}"))).await?;
        let page: Page = answer.success()?;
        page.orders.iter().for_each(&mut visit);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Percent-encodes what may not stand in a query as it is: a cursor is opaque and may hold anything.
pub(crate) fn escape(text: &str) -> String {
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
    use super::*;

    #[test]
    fn a_cursor_may_hold_anything() {
        assert_eq!(escape("eyJ-_.~a+/="), "eyJ-_.~a%2B%2F%3D");
    }
}

//! What every DynamoDB adapter needs: errors with their cause, sizes, conversions.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use penstock_application::Unavailable;
use penstock_domain::planted::{self, Bug};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A DynamoDB item.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// DynamoDB takes so many keys in one `BatchGetItem`.
pub(crate) const BATCH_KEYS_MAX: usize = 100;
/// How often what DynamoDB left unprocessed is asked for again.
const BATCH_ATTEMPTS_MAX: u32 = 5;
const BATCH_PAUSE_MS: u64 = 20;

/// The items with these keys, at most [`BATCH_KEYS_MAX`], that are there. One consistent `BatchGetItem`, and another for what it
/// leaves unprocessed.
pub(crate) async fn batch_get(
    what: &'static str,
    client: &Client,
    table: &str,
    mut keys: Vec<Item>,
) -> Result<Vec<Item>, Unavailable> {
    let mut items = Vec::with_capacity(keys.len());
    for attempt in 0..BATCH_ATTEMPTS_MAX {
        let consistent = !planted::is(Bug::BatchAsItWas);
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
        let wanted = wanted.map_err(|error| unavailable(what)(error.into()))?;
        let got = client.batch_get_item().request_items(table, wanted).send().await.map_err(sdk(what))?;
        items.extend(got.responses.into_iter().flat_map(HashMap::into_values).flatten());
        let unprocessed = got.unprocessed_keys.into_iter().flat_map(HashMap::into_values);
        keys = unprocessed.flat_map(|of| of.keys).collect();
        if keys.is_empty() || planted::is(Bug::UnprocessedIgnored) {
            return Ok(items);
        }
        metrics::counter!("Retries").increment(1);
        tokio::time::sleep(Duration::from_millis(BATCH_PAUSE_MS << attempt)).await;
    }
    Err(unavailable(what)(format!("{} items were left unprocessed", keys.len()).into()))
}

/// `cause`, as what the use cases know.
pub(crate) fn unavailable(
    what: &'static str,
) -> impl Fn(Box<dyn std::error::Error + Send + Sync>) -> Unavailable {
    move |cause| Unavailable { what, cause }
}

/// An SDK error in one line: the chain of causes, without internals that change from call to call.
pub(crate) fn sdk<E, R>(what: &'static str) -> impl Fn(aws_sdk_dynamodb::error::SdkError<E, R>) -> Unavailable
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    move |error| Unavailable { what, cause: error.into() }
}

/// A stored struct as an item.
pub(crate) fn to_item<T: Serialize>(what: &'static str, stored: &T) -> Result<Item, Unavailable> {
    serde_dynamo::to_item(stored).map_err(|error| unavailable(what)(error.into()))
}

/// An item as the struct it was stored from.
pub(crate) fn from_item<T: DeserializeOwned>(what: &'static str, item: Item) -> Result<T, Unavailable> {
    serde_dynamo::from_item(item).map_err(|error| unavailable(what)(error.into()))
}

/// The size of an item as DynamoDB counts it, for the types stored here.
///
/// Source: "DynamoDB Item sizes and formats", Amazon DynamoDB Developer Guide.
pub(crate) fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // About one byte for two digits, and one more; two more for sign and point.
        AttributeValue::N(digits) => digits.len().div_ceil(2) + 3,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::M(map) => {
            3 + map.iter().map(|(name, value)| 1 + name.len() + value_bytes(value)).sum::<usize>()
        }
        AttributeValue::L(list) => 3 + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        _ => 1,
    }
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

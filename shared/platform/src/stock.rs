//! Stock in one DynamoDB table: cards and the sheets they filed, reservations, and adjustments that were done.
//!
//! | `pk` | `sk` | what |
//! | --- | --- | --- |
//! | `{tenant}#{product}` | 0 | the product's card: totals, and its newest movements |
//! | `{tenant}#{product}` | *n* | a filed sheet, from movement *n* on; written once |
//! | `{tenant}#order#{order}` | 0 | the order's reservation |
//! | `{tenant}#adjustment#{key}` | 0 | an adjustment that was done |
//!
//! All keys are known beforehand, so that any number of products is read in as many calls as hundreds of them; and a card stays
//! below 1 KB, so that writing it in a transaction is 2 units. Filing adds 2 units for every eleven movements.

mod adjustments;
mod cards;
mod items;
mod movements;
mod reservations;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use futures::future::try_join_all;
use penstock_application::Unavailable;
use penstock_application::stock::ledger::{Append, AppendError, Found, Keys, StockLedger};
use penstock_domain::TenantId;

use crate::store::{BATCH_KEYS_MAX, Item, batch_get, sdk, unavailable};
use items::Stored;

const STOCK: &str = "the stock";
/// The longest pause after the first conflict, and after any. A transaction takes some ten milliseconds.
const PAUSE_MS: u64 = 20;
const PAUSE_MS_MAX: u64 = 1_000;

/// Stock cards and reservations in DynamoDB.
#[derive(Clone)]
pub struct DynamoStock {
    client: Client,
    table: String,
}

/// A write of a transaction, and the version that must be there for it: none, or this one.
struct Write {
    item: Item,
    condition: Condition,
}

enum Condition {
    /// It is written once, by whoever writes the card it was taken from.
    None,
    Missing,
    Version(u64),
}

impl DynamoStock {
    /// The stock in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

impl StockLedger for DynamoStock {
    /// One consistent `BatchGetItem` per hundred keys, all at once: 1 read unit per started 4 KB of each item, and 1 of one that is
    /// not there.
    async fn read(&self, tenant: &TenantId, keys: &Keys) -> Result<Found, Unavailable> {
        let keys = items::keys(tenant, keys);
        let get = |keys: &[Item]| batch_get(STOCK, &self.client, &self.table, keys.to_vec());
        let batches = try_join_all(keys.chunks(BATCH_KEYS_MAX).map(get)).await?;
        let mut found = Found::default();
        for item in batches.into_iter().flatten() {
            match items::stored(item)? {
                Stored::Card(product, card) => drop(found.cards.insert(product, card)),
                Stored::Reservation(order, reservation) => {
                    found.reservations.insert(order, reservation);
                }
                Stored::Adjustment(record) => found.adjustment = Some(record),
            }
        }
        Ok(found)
    }

    /// One `TransactWriteItems`: 2 write units per started KB of each item, whether it is written or not. What DynamoDB did though its
    /// answer was lost is not done again when the SDK retries: it sends the same token.
    async fn append(&self, tenant: &TenantId, append: &Append) -> Result<(), AppendError> {
        let writes = items::writes(tenant, append)?;
        let puts = writes.into_iter().map(|write| self.put(write)).collect::<Result<_, _>>()?;
        let transaction = self.client.transact_write_items().set_transact_items(Some(puts));
        let Err(error) = transaction.send().await else { return Ok(()) };
        if error.as_service_error().is_some_and(is_conflict) {
            return Err(AppendError::Conflict);
        }
        Err(sdk(STOCK)(error).into())
    }

    async fn pause(&self, conflict: u32) {
        let longest = PAUSE_MS.saturating_mul(2_u64.saturating_pow(conflict)).min(PAUSE_MS_MAX);
        tokio::time::sleep(Duration::from_millis(fastrand::u64(..=longest))).await;
    }
}

impl DynamoStock {
    fn put(&self, write: Write) -> Result<TransactWriteItem, Unavailable> {
        let put = Put::builder().table_name(&self.table).set_item(Some(write.item));
        let put = match write.condition {
            Condition::None => put,
            Condition::Missing => put.condition_expression("attribute_not_exists(pk)"),
            Condition::Version(version) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        let put = put.build().map_err(|error| unavailable(STOCK)(error.into()))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

/// Whether a transaction was cancelled for nothing but others' writes: before it, or at the same time.
fn is_conflict(error: &TransactWriteItemsError) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else { return false };
    let mut codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
    let lost = |code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict");
    codes.clone().any(lost) && codes.all(|code| code == "None" || lost(code))
}

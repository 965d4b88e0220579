//! Time to live: deletes what is past the time in its own attribute, and says in the stream that nobody asked for it.
//!
//! Source: "Using time to live (TTL) in DynamoDB", Amazon DynamoDB Developer Guide. dynoxide's own sweep reads whole tables under
//! the lock; an index over the attribute finds what has expired at once, however much has not.

use std::time::Duration;

use dynoxide::storage::{Storage, TableMetadata};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::{DynamoDb, StoreError, operations};

/// How long what has expired may still be there. AWS promises days; nobody who tries something out waits so long.
const EVERY: Duration = Duration::from_secs(5);
/// Deletions under one hold of the lock.
const PAGE: usize = 25;
/// What expired longer ago than this stays: it is taken for a number that was no time.
const AGE_MAX_SECONDS: i64 = 5 * 365 * 86_400;
/// Who deletes, in the stream's words.
const IDENTITY: &str = r#"{"type":"Service","principalId":"dynamodb.amazonaws.com"}"#;

impl DynamoDb {
    /// Deletes every item that expired before `now`, in seconds since the epoch; how many.
    ///
    /// # Errors
    /// When the file fails.
    pub fn sweep(&self, now: i64) -> Result<usize, StoreError> {
        let mut swept = 0;
        let tables = self.storage().list_ttl_enabled_tables()?;
        for table in tables {
            loop {
                let deleted = sweep_page(&self.storage(), &table, now)?;
                swept += deleted;
                if deleted > 0 {
                    self.wake(std::slice::from_ref(&table.table_name));
                }
                if deleted < PAGE {
                    break;
                }
            }
        }
        Ok(swept)
    }

    /// How long until the next item expires, if any does. What has expired already is not counted.
    fn next_expiry(&self) -> Result<Option<Duration>, StoreError> {
        let (storage, now) = (self.storage(), Timestamp::now().as_second());
        let mut next = None;
        for table in storage.list_ttl_enabled_tables()? {
            let Some(attribute) = &table.ttl_attribute else { continue };
            let (expires, quoted) = (expires(attribute), quoted(&table.table_name));
            let sql = format!("SELECT MIN({expires}) FROM \"{quoted}\" WHERE {expires} >= ?1");
            let first: Option<i64> =
                storage.conn().prepare_cached(&sql)?.query_row([now], |row| row.get(0))?;
            next = next.into_iter().chain(first).min();
        }
        Ok(next.map(|next: i64| Duration::from_secs((next - now).unsigned_abs())))
    }
}

/// Sweeps until told to stop: a while after something was written, or has expired. While nothing is and nothing does, it sleeps.
pub(crate) async fn keep_swept(store: DynamoDb, mut stopping: watch::Receiver<bool>) {
    loop {
        let swept = store.sweep(Timestamp::now().as_second());
        let next = swept.and_then(|_| store.next_expiry()).unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "what has expired could not be deleted; trying again");
            Some(Duration::ZERO)
        });
        let due = async {
            tokio::select! {
                () = store.inner.written.notified() => {}
                () = tokio::time::sleep(next.unwrap_or(Duration::MAX)) => {}
            }
            tokio::time::sleep(EVERY).await;
        };
        tokio::select! {
            () = due => {}
            // It fails only when the platform was dropped, which stops it too.
            _ = stopping.wait_for(|it| *it) => return,
        }
    }
}

fn sweep_page(storage: &Storage, table: &TableMetadata, now: i64) -> Result<usize, StoreError> {
    let Some(attribute) = &table.ttl_attribute else { return Ok(0) };
    let expired = expired(storage.conn(), &table.table_name, attribute, now)?;
    if expired.is_empty() {
        return Ok(0);
    }
    // In the deletion's own transaction, so that no crash lets one look like a caller's.
    storage.conn().execute_batch(&format!(
        "CREATE TEMP TRIGGER _laptop_expiry AFTER INSERT ON main._stream_records
         BEGIN UPDATE _stream_records SET user_identity = '{IDENTITY}' WHERE id = NEW.id; END;"
    ))?;
    let deleted = expired.iter().try_for_each(|item| delete(storage, table, item));
    storage.conn().execute_batch("DROP TRIGGER temp._laptop_expiry;")?;
    deleted.map(|()| expired.len())
}

fn expired(
    connection: &Connection,
    table: &str,
    attribute: &str,
    now: i64,
) -> Result<Vec<Value>, StoreError> {
    let (quoted, expires) = (quoted(table), expires(attribute));
    // The name holds the attribute: another attribute is another index.
    let index = format!("_laptop_expiry {quoted} {}", attribute.replace('"', "\"\""));
    connection
        .execute_batch(&format!("CREATE INDEX IF NOT EXISTS \"{index}\" ON \"{quoted}\" ({expires})"))?;
    let sql =
        format!("SELECT item_json FROM \"{quoted}\" WHERE {expires} > ?1 AND {expires} < ?2 LIMIT {PAGE}");
    let mut statement = connection.prepare_cached(&sql)?;
    let oldest = (now - AGE_MAX_SECONDS).max(0);
    let rows = statement.query_map(params![oldest, now], |row| row.get::<_, String>(0))?;
    rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
}

/// When an item expires, in SQL: what its attribute says.
fn expires(attribute: &str) -> String {
    format!("CAST(json_extract(item_json, '$.\"{}\".N') AS INTEGER)", attribute.replace('\'', "''"))
}

fn quoted(table: &str) -> String {
    table.replace('"', "\"\"")
}

fn delete(storage: &Storage, table: &TableMetadata, item: &Value) -> Result<(), StoreError> {
    let schema: Value = serde_json::from_str(&table.key_schema)?;
    let names = schema.as_array().into_iter().flatten().filter_map(|it| it["AttributeName"].as_str());
    let key: Map<String, Value> = names.map(|it| (it.to_owned(), item[it].clone())).collect();
    let request = json!({"TableName": table.table_name, "Key": key}).to_string();
    operations::run(storage, "DeleteItem", request.as_bytes())
        .map(|_| ())
        .map_err(|refused| refused.error.into())
}

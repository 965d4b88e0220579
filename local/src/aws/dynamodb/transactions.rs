//! Transactions that are made once: what a `ClientRequestToken` stood for is remembered for ten minutes.
//!
//! It is written down in the very transaction it is of, so that no crash makes one twice. dynoxide begins and commits that
//! transaction itself (and remembers tokens in memory only), so a trigger on the tables concerned writes it; the trigger reads
//! what it is to write from a temporary table, which is empty but while a transaction runs.
//!
//! Source: "TransactWriteItems", Amazon DynamoDB API Reference.

use std::collections::BTreeSet;

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::operations::{self, Done, Outcome, Refused};

/// How long a token is of one request.
const VALID_SECONDS: i64 = 10 * 60;
const OPERATION: &str = "TransactWriteItems";

const SCHEMA: &str = "
PRAGMA temp_store = MEMORY;
CREATE TABLE IF NOT EXISTS _laptop_transactions (token TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS _laptop_transactions_age ON _laptop_transactions (at);
CREATE TEMP TABLE IF NOT EXISTS _laptop_transaction (token TEXT, digest TEXT, at INTEGER);
";
const KEEP: &str =
    "INSERT OR IGNORE INTO _laptop_transactions SELECT token, digest, at FROM _laptop_transaction";

pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(SCHEMA)
}

/// Forgets which transaction is running: none is.
pub(super) fn none_runs(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM _laptop_transaction")?.execute([]).map(|_| ())
}

/// A request that carries a token.
struct Asked {
    token: String,
    digest: String,
    items: Vec<Value>,
    capacity: Option<String>,
}

/// Runs a `TransactWriteItems`, unless its token says that it ran before.
pub(super) fn write(storage: &Storage, body: &[u8], now: Timestamp) -> Outcome {
    let Some(asked) = Asked::read(body) else { return operations::run(storage, OPERATION, body) };
    match remembered(storage.conn(), &asked.token, now.as_second()).map_err(failed)? {
        Some(digest) if digest == asked.digest => asked.answered_before(storage),
        Some(_) => Err(mismatch()),
        None => once(storage, body, &asked, now.as_second()),
    }
}

fn once(storage: &Storage, body: &[u8], asked: &Asked, now: i64) -> Outcome {
    let connection = storage.conn();
    asked.runs(connection, now).map_err(failed)?;
    let outcome = operations::run(storage, OPERATION, body);
    // One that wrote nothing, as it only checks, pulled no trigger.
    let kept = outcome.is_err() || connection.prepare_cached(KEEP).and_then(|mut it| it.execute([])).is_ok();
    none_runs(connection).map_err(failed)?;
    if !kept {
        tracing::warn!("a transaction that wrote nothing is not remembered by its token");
    }
    outcome
}

/// The digest of the request that the token was used for, if that is not too long ago.
fn remembered(connection: &Connection, token: &str, now: i64) -> rusqlite::Result<Option<String>> {
    let sql = "DELETE FROM _laptop_transactions WHERE at <= ?1";
    connection.prepare_cached(sql)?.execute([now - VALID_SECONDS])?;
    let sql = "SELECT digest FROM _laptop_transactions WHERE token = ?1";
    connection.prepare_cached(sql)?.query_row([token], |row| row.get(0)).optional()
}

impl Asked {
    /// `None` when there is no token, or nothing to be told from another request by.
    fn read(body: &[u8]) -> Option<Self> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        let token = body["ClientRequestToken"].as_str()?.to_owned();
        let capacity = body["ReturnConsumedCapacity"].as_str().map(str::to_owned);
        let Value::Array(items) = body["TransactItems"].take() else { return None };
        // Objects are written in the order of their names, whatever order they came in.
        let digest = hex::encode(Sha256::digest(Value::Array(items.clone()).to_string()));
        Some(Self { token, digest, items, capacity })
    }

    /// From here until [`none_runs`] every write to the tables concerned says that it is this request's.
    fn runs(&self, connection: &Connection, now: i64) -> rusqlite::Result<()> {
        for table in self.tables(connection)? {
            for change in ["INSERT", "DELETE"] {
                connection.execute_batch(&trigger(&table, change))?;
            }
        }
        let sql = "INSERT INTO _laptop_transaction VALUES (?1, ?2, ?3)";
        connection.prepare_cached(sql)?.execute(params![self.token, self.digest, now]).map(|_| ())
    }

    /// The tables it names, of those that there are.
    fn tables(&self, connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
        let named: BTreeSet<&str> =
            self.items.iter().filter_map(|it| action(it)?["TableName"].as_str()).collect();
        let mut known = connection.prepare_cached("SELECT 1 FROM _tables WHERE table_name = ?1")?;
        let mut tables = BTreeSet::new();
        for table in named {
            if known.exists([table])? {
                tables.insert(table.to_owned());
            }
        }
        Ok(tables)
    }

    /// A repetition changes nothing, and costs what reading its items does.
    fn answered_before(&self, storage: &Storage) -> Outcome {
        let reads = self.items.iter().map(|it| read_of(storage, it)).collect::<dynoxide::Result<Vec<_>>>();
        let reads = reads.map_err(|error| Refused::new(vec![], error))?;
        let request = json!({"TransactItems": reads, "ReturnConsumedCapacity": self.capacity});
        let read = operations::run(storage, "TransactGetItems", request.to_string().as_bytes())?;
        let answer: Value = serde_json::from_slice(&read.body).unwrap_or_default();
        let told = answer.get("ConsumedCapacity").map(|it| json!({"ConsumedCapacity": it}));
        Ok(Done { body: told.unwrap_or_else(|| json!({})).to_string().into_bytes(), ..read })
    }
}

/// The one action of an item: `{"Put": {…}}` → `{…}`.
fn action(item: &Value) -> Option<&Value> {
    item.as_object()?.values().find(|it| it.is_object())
}

fn trigger(table: &str, change: &str) -> String {
    let table = table.replace('"', "\"\"");
    format!(
        "CREATE TEMP TRIGGER IF NOT EXISTS \"_laptop_transaction {change} {table}\" AFTER {change} ON main.\"{table}\"
         WHEN EXISTS (SELECT 1 FROM _laptop_transaction) BEGIN {KEEP}; END;"
    )
}

/// The read of what an action is about.
fn read_of(storage: &Storage, item: &Value) -> dynoxide::Result<Value> {
    let action = action(item).unwrap_or(&Value::Null);
    let table = action["TableName"].as_str().unwrap_or_default();
    let key = match action.get("Key") {
        Some(key) => key.clone(),
        None => key_in(storage, table, &action["Item"])?,
    };
    Ok(json!({"Get": {"TableName": table, "Key": key}}))
}

fn key_in(storage: &Storage, table: &str, item: &Value) -> dynoxide::Result<Value> {
    let schema = storage.get_table_metadata(table)?.map(|it| it.key_schema).unwrap_or_default();
    let schema: Value = serde_json::from_str(&schema).unwrap_or_default();
    let names = schema.as_array().into_iter().flatten().filter_map(|it| it["AttributeName"].as_str());
    Ok(names.map(|it| (it.to_owned(), item[it].clone())).collect::<Map<_, _>>().into())
}

fn mismatch() -> Refused {
    let words = "The request uses the same client token as a previous, but non-identical request.";
    Refused::new(vec![], DynoxideError::IdempotentParameterMismatchException(words.to_owned()))
}

fn failed(error: rusqlite::Error) -> Refused {
    Refused::new(vec![], error.into())
}

#[cfg(test)]
mod tests;

//! What was a moment ago: for tests of what reads that are eventually consistent may be told.
//!
//! Triggers keep how to undo each write to a table or an index. A read that is behind undoes what was written lately, item by item, is
//! answered by the engine as ever, with its conditions and pages, and then all is rolled back: what it tells really was, of each item at some
//! moment. Nothing is kept until it is asked for.
//!
//! Sources: "Automatic Undo/Redo With SQLite", sqlite.org; "DynamoDB read consistency", Amazon DynamoDB Developer Guide.

use std::collections::HashMap;
use std::time::Duration;

use dynoxide::storage::Storage;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde_json::Value;

use super::{DynamoDb, StoreError, operations};
use crate::aws::service::ServiceReply;

/// A read as of longer ago than this is not to be had.
pub const BEHIND_MAX: Duration = Duration::from_secs(2);

const SCHEMA: &str = "
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE IF NOT EXISTS _laptop_past (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, item TEXT NOT NULL, undo TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS temp._laptop_past_by_age ON _laptop_past (at);
CREATE INDEX IF NOT EXISTS temp._laptop_past_by_source ON _laptop_past (source, id);
";
/// Milliseconds since the epoch, in SQLite's words.
const NOW: &str = "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)";

/// How dynoxide lays a table out: its columns, those of its key, and those that name the item.
struct Layout {
    columns: &'static [&'static str],
    key: &'static [&'static str],
    item: [&'static str; 2],
}

const TABLE: Layout = Layout {
    columns: &["pk", "sk", "item_json", "item_size", "cached_at", "hash_prefix"],
    key: &["pk", "sk"],
    item: ["pk", "sk"],
};
const INDEX: Layout = Layout {
    columns: &["gsi_pk", "gsi_sk", "table_pk", "table_sk", "item_json"],
    key: &["gsi_pk", "gsi_sk", "table_pk", "table_sk"],
    item: ["table_pk", "table_sk"],
};

impl DynamoDb {
    /// From now on reads can be answered as of a moment ago. Each write costs a little more.
    ///
    /// # Errors
    /// When the file fails.
    pub fn remember(&self) -> Result<(), StoreError> {
        let storage = self.storage();
        let connection = storage.conn();
        connection.execute_batch(SCHEMA)?;
        for source in sources(connection)? {
            let layout = if source.contains("::gsi::") { &INDEX } else { &TABLE };
            connection.execute_batch(&layout.triggers(&source))?;
        }
        Ok(())
    }

    /// What a read would have been answered before the newest writes: each item is as it was as long ago as `behind` says, which is asked
    /// once for each item that was written lately. `None` when none was, or the read is consistent.
    ///
    /// # Errors
    /// When the file fails.
    pub fn answer_behind(
        &self,
        operation: &str,
        body: &[u8],
        behind: impl FnMut() -> Duration,
    ) -> Result<Option<ServiceReply>, StoreError> {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let sources = read_eventually(operation, &asked);
        let outcome = {
            let storage = self.storage();
            storage.conn().execute_batch("SAVEPOINT _laptop_past")?;
            let outcome = rewound(&storage, &sources, behind)
                .map(|any| any.then(|| operations::run(&storage, operation, body)));
            storage.conn().execute_batch("ROLLBACK TO _laptop_past; RELEASE _laptop_past")?;
            outcome?
        };
        Ok(outcome.map(|outcome| self.reply(outcome)))
    }
}

/// The tables and indexes there are, by SQLite's names.
fn sources(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_master JOIN _tables ON name = table_name OR instr(name, table_name || '::gsi::') = 1
          WHERE type = 'table' ORDER BY name",
    )?;
    statement.query_map([], |row| row.get(0))?.collect()
}

/// The tables and indexes that a request reads without asking for consistency.
fn read_eventually(operation: &str, asked: &Value) -> Vec<String> {
    let eventual = |of: &Value| of["ConsistentRead"] != true;
    let one = |table: &str| match asked["IndexName"].as_str() {
        Some(index) => format!("{table}::gsi::{index}"),
        None => table.to_owned(),
    };
    match operation {
        "GetItem" | "Query" | "Scan" => {
            asked["TableName"].as_str().filter(|_| eventual(asked)).map(one).into_iter().collect()
        }
        "BatchGetItem" => {
            let tables = asked["RequestItems"].as_object().into_iter().flatten();
            tables.filter(|(_, of)| eventual(of)).map(|(table, _)| table.clone()).collect()
        }
        _ => vec![],
    }
}

/// Undoes what was written lately to these, newest first; whether there was anything.
fn rewound(
    storage: &Storage,
    sources: &[String],
    mut behind: impl FnMut() -> Duration,
) -> Result<bool, StoreError> {
    let now = Timestamp::now().as_millisecond();
    let connection = storage.conn();
    let oldest = now - BEHIND_MAX.as_millis() as i64;
    let mut moments: HashMap<(&String, String), i64> = HashMap::new();
    let mut any = false;
    for source in sources {
        for written in written(connection, source, oldest)? {
            let moment = moments.entry((source, written.item));
            if written.at > *moment.or_insert_with(|| now - behind().min(BEHIND_MAX).as_millis() as i64) {
                connection.execute_batch(&written.undo)?;
                any = true;
            }
        }
    }
    Ok(any)
}

struct Written {
    at: i64,
    item: String,
    undo: String,
}

/// What was written to a table or an index lately, newest first. What is older is forgotten with the next write that is read.
fn written(connection: &Connection, source: &str, oldest: i64) -> rusqlite::Result<Vec<Written>> {
    let sql = "SELECT at, item, undo FROM _laptop_past WHERE source = ?1 AND at > ?2 ORDER BY id DESC";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![source, oldest], |row| {
        Ok(Written { at: row.get(0)?, item: row.get(1)?, undo: row.get(2)? })
    })?;
    rows.collect()
}

impl Layout {
    /// What keeps how to undo each write to a table. A write of a new item may replace an old one, of which SQLite tells no trigger that
    /// it is deleted, so what is there is looked for before.
    fn triggers(&self, source: &str) -> String {
        let table = quoted(source);
        let (before, after) =
            (quoted(&format!("_laptop_past_put {source}")), quoted(&format!("_laptop_past_delete {source}")));
        let name = source.replace('\'', "''");
        let there = self.key.iter().map(|it| format!("{it} = NEW.{it}")).collect::<Vec<_>>().join(" AND ");
        let (put_back, take_away) = (self.put_back(&table), self.take_away(&table));
        let [of_new, of_old] = ["NEW", "OLD"].map(|row| {
            let [pk, sk] = self.item;
            format!("{row}.{pk} || char(31) || {row}.{sk}")
        });
        let old = put_back.replace("{row}", "OLD.");
        let replaced = put_back.replace("{row}", "");
        format!(
            "CREATE TEMP TRIGGER IF NOT EXISTS {before} BEFORE INSERT ON main.{table} BEGIN
               DELETE FROM _laptop_past WHERE at < {NOW} - {forgotten_ms};
               INSERT INTO _laptop_past (at, source, item, undo) VALUES ({NOW}, '{name}', {of_new},
                 COALESCE((SELECT {replaced} FROM main.{table} WHERE {there}), {take_away}));
             END;
             CREATE TEMP TRIGGER IF NOT EXISTS {after} AFTER DELETE ON main.{table} BEGIN
               INSERT INTO _laptop_past (at, source, item, undo) VALUES ({NOW}, '{name}', {of_old}, {old});
             END;",
            forgotten_ms = BEHIND_MAX.as_millis(),
        )
    }

    /// An expression whose value is the SQL that puts a row back as it is now; `{row}` is whose columns it is made of.
    fn put_back(&self, table: &str) -> String {
        let values = self.columns.iter().map(|it| format!("quote({{row}}{it})")).collect::<Vec<_>>();
        format!("'INSERT OR REPLACE INTO main.{table} VALUES (' || {} || ')'", values.join(" || ',' || "))
    }

    /// An expression whose value is the SQL that deletes the new row.
    fn take_away(&self, table: &str) -> String {
        let key = self.key.iter().map(|it| format!("'{it} = ' || quote(NEW.{it})")).collect::<Vec<_>>();
        format!("'DELETE FROM main.{table} WHERE ' || {}", key.join(" || ' AND ' || "))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests;

//! What a table is, told without reading its items.
//!
//! dynoxide counts and sizes every item of a table and of its indexes whenever it describes one, under the lock: seconds for
//! a million. AWS brings both figures up to date about every six hours, so nobody may rely on them; here the items of a small
//! table are counted, and of a large one evenly spread samples are.
//!
//! Source: "TableDescription", Amazon DynamoDB API Reference.

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use dynoxide::types::{Item, item_size};
use rusqlite::types::Value as Cell;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Value, json};

use super::operations::{self, Done, Outcome, Refused};

/// Samples of a table.
const SAMPLES: i64 = 32;
/// Rows looked at in each. A table that never had more than [`SAMPLES`] times as many is looked at whole.
const SAMPLE_ROWS: i64 = 32;
/// What dynoxide puts between the names of a table and of its index, and where its answer lists such indexes.
const INDEXES: [(&str, &str); 2] = [("GlobalSecondaryIndexes", "gsi"), ("LocalSecondaryIndexes", "lsi")];

/// Answers `DescribeTable`.
pub(super) fn describe(storage: &Storage, body: &[u8]) -> Outcome {
    let mut described = definition(storage, body)?;
    let told = &mut described["Table"];
    let name = told["TableName"].as_str().unwrap_or_default().to_owned();
    let table = figures(storage.conn(), &name, "item_size", |row| row.get(0)).map_err(failed)?;
    (told["ItemCount"], told["TableSizeBytes"]) = (json!(table.items), json!(table.bytes));
    for (list, kind) in INDEXES {
        for index in told[list].as_array_mut().into_iter().flatten() {
            let rows = format!("{name}::{kind}::{}", index["IndexName"].as_str().unwrap_or_default());
            let entries = figures(storage.conn(), &rows, "item_json", size_of_entry).map_err(failed)?;
            (index["ItemCount"], index["IndexSizeBytes"]) = (json!(entries.items), json!(entries.bytes));
        }
    }
    Ok(Done { body: described.to_string().into_bytes(), tables: vec![], read_units: 0.0, write_units: 0.0 })
}

/// The same without figures of items: dynoxide's answer from a store that has the table's definition and nothing else.
pub(super) fn definition(storage: &Storage, body: &[u8]) -> Result<Value, Refused> {
    let bare = Storage::memory().map_err(|error| Refused::new(vec![], error))?;
    let wanted: Value = serde_json::from_slice(body).unwrap_or_default();
    copy_definition(storage.conn(), bare.conn(), wanted["TableName"].as_str().unwrap_or_default())
        .map_err(failed)?;
    let described = operations::describe_counting(&bare, body)?;
    Ok(serde_json::from_slice(&described.body).unwrap_or_default())
}

fn copy_definition(from: &Connection, to: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut statement = from.prepare_cached("SELECT * FROM _tables WHERE table_name = ?1")?;
    let names = statement.column_names().iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>();
    let mut rows = statement.query([table])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let cells = (0..names.len()).map(|it| row.get::<_, Cell>(it)).collect::<Result<Vec<_>, _>>()?;
    let places = vec!["?"; names.len()].join(", ");
    let sql = format!("INSERT INTO _tables ({}) VALUES ({places})", names.join(", "));
    to.execute(&sql, params_from_iter(cells)).map(|_| ())
}

/// How many items there are, and how large they are together.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    items: i64,
    bytes: i64,
}

/// Rows are numbered in the order of writing, with gaps where one was replaced or deleted: how dense they are is what samples show.
fn figures(
    db: &Connection,
    table: &str,
    column: &str,
    size: fn(&Row<'_>) -> rusqlite::Result<i64>,
) -> rusqlite::Result<Figures> {
    let table = table.replace('"', "\"\"");
    let newest = format!("SELECT COALESCE(MAX(rowid), 0) FROM \"{table}\"");
    let newest: i64 = db.query_row(&newest, [], |row| row.get(0))?;
    let sql = format!("SELECT {column} FROM \"{table}\" WHERE rowid BETWEEN ?1 AND ?2");
    let mut statement = db.prepare_cached(&sql)?;
    let (mut found, mut looked_at) = (Figures::default(), 0);
    let between = (newest / SAMPLES).max(SAMPLE_ROWS);
    for first in (1..=newest).step_by(usize::try_from(between).unwrap_or(usize::MAX)) {
        let last = newest.min(first + SAMPLE_ROWS - 1);
        looked_at += last - first + 1;
        for bytes in statement.query_map([first, last], size)? {
            found.items += 1;
            found.bytes += bytes?;
        }
    }
    let all = |sampled: i64| (sampled as f64 * newest as f64 / looked_at.max(1) as f64).round() as i64;
    Ok(Figures { items: all(found.items), bytes: all(found.bytes) })
}

fn size_of_entry(row: &Row<'_>) -> rusqlite::Result<i64> {
    let item: Item = serde_json::from_str(&row.get::<_, String>(0)?).unwrap_or_default();
    Ok(item_size(&item) as i64)
}

fn failed(error: rusqlite::Error) -> Refused {
    Refused::new(vec![], DynoxideError::from(error))
}

#[cfg(test)]
mod tests;

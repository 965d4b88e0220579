//! Every call that changes something, as it came and was answered. What a behaviour counts is counted here.

use rusqlite::{Connection, params};

/// A call that is not answered yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    row: i64,
    /// Which one it is of those about its payment, counted from 1.
    pub(super) nth: i64,
    /// Which one it is of those with the same operation.
    pub(super) nth_of_its_kind: i64,
}

/// Writes down that a call came. A payment that has no intent yet goes by the idempotency key.
pub(super) fn began(
    db: &Connection,
    operation: &str,
    intent: Option<&str>,
    key: &str,
    now_ms: i64,
) -> rusqlite::Result<Call> {
    let sql = "INSERT INTO calls (at, operation, intent, key) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute(params![now_ms, operation, intent, key])?;
    let row = db.last_insert_rowid();
    let (sql, about) = match intent {
        Some(intent) => {
            ("SELECT count(*), count(*) FILTER (WHERE operation = ?2) FROM calls WHERE intent = ?1", intent)
        }
        None => (
            "SELECT count(*), count(*) FILTER (WHERE operation = ?2) FROM calls WHERE intent IS NULL AND key = ?1",
            key,
        ),
    };
    let counted = db.prepare_cached(sql)?.query_row([about, operation], |row| Ok((row.get(0)?, row.get(1)?)));
    let (nth, nth_of_its_kind) = counted?;
    Ok(Call { row, nth, nth_of_its_kind })
}

/// Writes down how it was answered.
pub(super) fn answered(db: &Connection, call: Call, status: u16, replayed: bool) -> rusqlite::Result<()> {
    let sql = "UPDATE calls SET status = ?2, replayed = ?3 WHERE n = ?1";
    db.prepare_cached(sql)?.execute(params![call.row, status, replayed])?;
    Ok(())
}

/// The calls that went by the key so far were about this intent.
pub(super) fn name(db: &Connection, key: &str, intent: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE calls SET intent = ?2 WHERE intent IS NULL AND key = ?1";
    db.prepare_cached(sql)?.execute([key, intent])?;
    Ok(())
}

/// The intent that a key made.
pub(super) fn made_by(db: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let sql =
        "SELECT intent FROM calls WHERE key = ?1 AND operation = 'create' AND intent IS NOT NULL LIMIT 1";
    db.prepare_cached(sql)?.query_map([key], |row| row.get(0))?.next().transpose()
}

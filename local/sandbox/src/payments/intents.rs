//! Intents and refunds as rows.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::error::Refusal;
use super::intent::Intent;
use super::refund::Refund;

pub(super) fn insert(db: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    let sql = "INSERT INTO intents (id, currency, captured, refunded, intent) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![intent.id, intent.currency, intent.captured, intent.refunded, json(intent)];
    db.prepare_cached(sql)?.execute(row)?;
    let n = db.last_insert_rowid();
    for (name, value) in &intent.metadata {
        db.prepare_cached("INSERT INTO metadata VALUES (?1, ?2, ?3)")?.execute(params![name, value, n])?;
    }
    Ok(())
}

pub(super) fn update(db: &Connection, intent: &Intent) -> rusqlite::Result<()> {
    let sql = "UPDATE intents SET captured = ?2, refunded = ?3, intent = ?4 WHERE id = ?1";
    let row = params![intent.id, intent.captured, intent.refunded, json(intent)];
    db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

pub(super) fn find(db: &Connection, id: &str) -> rusqlite::Result<Option<Intent>> {
    let found: Option<String> = db
        .prepare_cached("SELECT intent FROM intents WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.map(|it| from_json(&it)))
}

/// The intent that a path or `param` names.
pub(super) fn need(db: &Connection, param: &str, id: &str) -> Result<Intent, Refusal> {
    find(db, id)?.ok_or_else(|| Refusal::not_found("payment_intent", param, id))
}

/// Intents that have all of this metadata, newest first.
pub(super) fn having(
    db: &Connection,
    metadata: &[(String, String)],
    limit: usize,
) -> rusqlite::Result<Vec<Intent>> {
    let wanted =
        vec!["SELECT n FROM metadata WHERE name = ? AND value = ?"; metadata.len()].join(" INTERSECT ");
    let sql = format!("SELECT intent FROM intents WHERE n IN ({wanted}) ORDER BY n DESC LIMIT {limit}");
    let values = metadata.iter().flat_map(|(name, value)| [name, value]);
    let mut found = db.prepare_cached(&sql)?;
    let rows = found.query_map(rusqlite::params_from_iter(values), |row| row.get::<_, String>(0))?;
    rows.map(|it| it.map(|it| from_json(&it))).collect()
}

/// Intents before row `before`, newest first, with their rows.
pub(super) fn page(db: &Connection, before: i64, limit: usize) -> rusqlite::Result<Vec<(i64, Intent)>> {
    let sql = "SELECT n, intent FROM intents WHERE n < ?1 ORDER BY n DESC LIMIT ?2";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![before, limit], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|it| it.map(|(n, it)| (n, from_json(&it)))).collect()
}

pub(super) fn insert_refund(db: &Connection, refund: &Refund) -> rusqlite::Result<()> {
    let sql = "INSERT INTO refunds (id, intent, refund) VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute(params![refund.id, refund.payment_intent, json(refund)])?;
    Ok(())
}

pub(super) fn find_refund(db: &Connection, id: &str) -> rusqlite::Result<Option<Refund>> {
    let found: Option<String> = db
        .prepare_cached("SELECT refund FROM refunds WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.map(|it| from_json(&it)))
}

/// The refunds of an intent, newest first.
pub(super) fn refunds_of(db: &Connection, intent: &str) -> rusqlite::Result<Vec<Refund>> {
    let mut found = db.prepare_cached("SELECT refund FROM refunds WHERE intent = ?1 ORDER BY n DESC")?;
    let rows = found.query_map([intent], |row| row.get::<_, String>(0))?;
    rows.map(|it| it.map(|it| from_json(&it))).collect()
}

fn json<T: serde::Serialize>(row: &T) -> String {
    serde_json::to_string(row).expect("a row has texts for keys")
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("what was kept was one")
}

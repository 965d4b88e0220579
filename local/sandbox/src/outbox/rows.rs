//! The rows: one a webhook and copy, with all answers it got.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::Sender;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS hooks (
  id INTEGER PRIMARY KEY, sender TEXT NOT NULL, subject TEXT NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL,
  body TEXT NOT NULL, due INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', created INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, answers TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE INDEX IF NOT EXISTS hooks_due ON hooks (sender, due) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS hooks_about ON hooks (sender, subject);
CREATE INDEX IF NOT EXISTS hooks_of_event ON hooks (event);
";

/// A webhook to be sent.
pub(crate) struct Hook<'a> {
    pub(crate) sender: Sender,
    /// What it is about: the id of an intent or a shipment.
    pub(crate) subject: &'a str,
    pub(crate) event: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) body: &'a Value,
    pub(crate) due_ms: i64,
    pub(crate) copies: usize,
}

/// A webhook that is due.
pub(super) struct Waiting {
    pub(super) id: i64,
    pub(super) event: String,
    pub(super) body: String,
    pub(super) attempts: u32,
    pub(super) created_ms: i64,
}

/// Writes the webhook, as often as it is to be sent. It goes out once the outbox is woken.
pub(crate) fn enqueue(db: &Connection, hook: &Hook<'_>, now_ms: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO hooks (sender, subject, event, kind, body, due, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let (sender, body) = (hook.sender.name(), hook.body.to_string());
    let mut insert = db.prepare_cached(sql)?;
    for _ in 0..hook.copies {
        insert.execute(params![sender, hook.subject, hook.event, hook.kind, body, hook.due_ms, now_ms])?;
    }
    Ok(())
}

/// Takes back what was never sent about a subject.
pub(crate) fn forget(db: &Connection, sender: Sender, subject: &str) -> rusqlite::Result<()> {
    let sql = "DELETE FROM hooks WHERE sender = ?1 AND subject = ?2 AND attempts = 0";
    db.prepare_cached(sql)?.execute([sender.name(), subject])?;
    Ok(())
}

/// How many events there were about a subject.
pub(crate) fn events_about(db: &Connection, sender: Sender, subject: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT count(DISTINCT event) FROM hooks WHERE sender = ?1 AND subject = ?2";
    db.prepare_cached(sql)?.query_row([sender.name(), subject], |row| row.get(0))
}

pub(super) fn due(
    db: &Connection,
    sender: Sender,
    now_ms: i64,
    max: usize,
) -> rusqlite::Result<Vec<Waiting>> {
    let sql = "SELECT id, event, body, attempts, created FROM hooks
               WHERE sender = ?1 AND state = 'waiting' AND due <= ?2 ORDER BY due, id LIMIT ?3";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map(params![sender.name(), now_ms, max], |row| {
        Ok(Waiting {
            id: row.get(0)?,
            event: row.get(1)?,
            body: row.get(2)?,
            attempts: row.get(3)?,
            created_ms: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// When the next is due of those that are not yet.
pub(super) fn next(db: &Connection, sender: Sender, now_ms: i64) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT min(due) FROM hooks WHERE sender = ?1 AND state = 'waiting' AND due > ?2";
    db.prepare_cached(sql)?.query_row(params![sender.name(), now_ms], |row| row.get(0))
}

/// Whether something about the subject that is due was never tried.
pub(super) fn untried(db: &Connection, sender: Sender, subject: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM hooks WHERE sender = ?1 AND subject = ?2 AND attempts = 0";
    db.prepare_cached(sql)?.exists([sender.name(), subject])
}

/// Writes down how it went, and when it is tried again: never, if it was `delivered` or has no next time.
pub(super) fn answered(
    db: &Connection,
    id: i64,
    (answer, delivered): (&str, bool),
    again_ms: Option<i64>,
) -> rusqlite::Result<()> {
    let state = match (delivered, again_ms) {
        (true, _) => "delivered",
        (false, Some(_)) => "waiting",
        (false, None) => "given up",
    };
    let sql = "UPDATE hooks SET attempts = attempts + 1, state = ?2, due = coalesce(?3, due),
               answers = json_insert(answers, '$[#]', ?4) WHERE id = ?1";
    db.prepare_cached(sql)?.execute(params![id, state, again_ms, answer])?;
    Ok(())
}

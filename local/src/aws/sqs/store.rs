//! The tables, and the statements on them that more than one operation needs.
//!
//! A message is two rows: what changes when it is received, and the body, which never changes and may be large.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use super::attributes::Settings;
use super::error::SqsError;
use super::state::{Counters, DELAYED, IN_FLIGHT, Queue, VISIBLE};
use crate::aws::sqlite::keep_planned;

/// `due` is when a message becomes visible, and its turn once it is: one index finds the next of either.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS queues (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  shelf INTEGER NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS swept_shelves (shelf INTEGER PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS messages (
  id INTEGER PRIMARY KEY,
  shelf INTEGER NOT NULL,
  state INTEGER NOT NULL,
  due INTEGER NOT NULL,
  turn INTEGER NOT NULL,
  message_id BLOB NOT NULL,
  sent INTEGER NOT NULL,
  tenant TEXT,
  receives INTEGER NOT NULL DEFAULT 0,
  first_received INTEGER,
  last_received INTEGER,
  receipt INTEGER,
  moved INTEGER,
  source_arn TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS messages_by_due ON messages (shelf, state, due);
CREATE INDEX IF NOT EXISTS messages_by_age ON messages (shelf, moved, sent);
CREATE INDEX IF NOT EXISTS moved_messages_by_age ON messages (shelf, sent) WHERE moved IS NOT NULL;
CREATE INDEX IF NOT EXISTS messages_by_tenant ON messages (shelf, tenant, turn) WHERE tenant IS NOT NULL;
CREATE TABLE IF NOT EXISTS bodies (
  id INTEGER PRIMARY KEY,
  body TEXT NOT NULL,
  attributes TEXT,
  trace TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS moves (
  id INTEGER PRIMARY KEY,
  handle TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL,
  source_arn TEXT NOT NULL,
  destination_arn TEXT,
  rate INTEGER,
  moved INTEGER NOT NULL,
  to_move INTEGER NOT NULL,
  started INTEGER NOT NULL,
  failure TEXT
) STRICT;
";

pub(super) fn prepare(db: &Connection) -> Result<(), SqsError> {
    keep_planned(db)?;
    db.execute_batch(SCHEMA)?;
    Ok(())
}

/// The log is moved into the file by the checkpointer, and within a write only when it has grown large all the same.
pub(super) fn write_ahead(db: &Connection) -> Result<(), SqsError> {
    db.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    db.execute_batch(
        "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 16000;",
    )?;
    Ok(())
}

/// All queues, without what is counted.
pub(super) fn queues(db: &Connection) -> Result<Vec<Queue>, SqsError> {
    let mut statement =
        db.prepare("SELECT id, name, shelf, created, modified, attributes, tags FROM queues")?;
    let mut rows = statement.query([])?;
    let mut queues = Vec::new();
    while let Some(row) = rows.next()? {
        let queue = Queue::new(row.get(0)?, &row.get::<_, String>(1)?, row.get(3)?);
        queues.push(Queue {
            shelf: row.get(2)?,
            modified: row.get(4)?,
            settings: Settings::new(from_json(&row.get::<_, String>(5)?)?)?,
            tags: from_json(&row.get::<_, String>(6)?)?,
            ..queue
        });
    }
    Ok(queues)
}

fn from_json(text: &str) -> Result<BTreeMap<String, String>, SqsError> {
    serde_json::from_str(text).map_err(|it| SqsError::Malformed(it.to_string()))
}

/// Counts a shelf's messages: only at the start, as it looks at all of them.
pub(super) fn count(db: &Connection, shelf: i64) -> Result<Counters, SqsError> {
    let mut counters = Counters::default();
    for state in [VISIBLE, DELAYED, IN_FLIGHT] {
        let sql = "SELECT COUNT(*) FROM messages WHERE shelf = ?1 AND state = ?2";
        counters.add(state, db.query_row(sql, [shelf, state], |row| row.get(0))?);
    }
    Ok(counters)
}

/// A number for messages to lie under that no queue has and nothing is swept from.
pub(super) fn free_shelf(db: &Connection) -> Result<i64, SqsError> {
    let sql = "SELECT 1 + MAX(COALESCE((SELECT MAX(shelf) FROM queues), 0), \
               COALESCE((SELECT MAX(shelf) FROM swept_shelves), 0))";
    Ok(db.query_row(sql, [], |row| row.get(0))?)
}

/// Makes up to `limit` messages visible whose delay or invisibility is over.
pub(super) fn promote(db: &Connection, queue: &mut Queue, now: i64, limit: usize) -> Result<(), SqsError> {
    if now < queue.next_due {
        return Ok(());
    }
    let sql = "UPDATE messages SET state = 0, due = turn WHERE id IN \
               (SELECT id FROM messages WHERE shelf = ?1 AND state = ?2 AND due <= ?3 ORDER BY due LIMIT ?4)";
    for state in [DELAYED, IN_FLIGHT] {
        let promoted =
            db.prepare_cached(sql)?.execute(params![queue.shelf, state, now, limit as i64])? as i64;
        queue.counters.add(state, -promoted);
        queue.counters.add(VISIBLE, promoted);
    }
    let mut next = i64::MAX;
    for state in [DELAYED, IN_FLIGHT] {
        let sql = "SELECT MIN(due) FROM messages WHERE shelf = ?1 AND state = ?2";
        let due: Option<i64> = db.prepare_cached(sql)?.query_row([queue.shelf, state], |row| row.get(0))?;
        next = next.min(due.unwrap_or(i64::MAX));
    }
    queue.next_due = next;
    Ok(())
}

/// Deletes a message; the state it was in.
pub(super) fn delete(db: &Connection, id: i64) -> Result<Option<i64>, SqsError> {
    let mut statement = db.prepare_cached("DELETE FROM messages WHERE id = ?1 RETURNING state")?;
    let state = statement.query_map([id], |row| row.get(0))?.next().transpose()?;
    db.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([id])?;
    Ok(state)
}

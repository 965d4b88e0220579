//! Idempotency keys, as Stripe has them: the first answer is kept for a day, and given again to the same request.
//!
//! An answer is kept in the transaction that makes the effect, so that there is never one without the other.
//! Source: "Idempotent requests", Stripe API Reference.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS answers (
  service TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY (service, key)) STRICT, WITHOUT ROWID;
";

/// The longest key.
pub(crate) const KEY_MAX: usize = 255;
const KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// A request with a key: what tells it from another with the same key.
pub(crate) struct Keyed<'a> {
    pub(crate) service: &'static str,
    pub(crate) key: &'a str,
    /// Method, path and parameters.
    pub(crate) request: &'a str,
}

/// What is known of a key.
pub(crate) enum Known {
    Nothing,
    /// The same request was answered so.
    Answer(u16, Value),
    /// Another request had the key.
    Other,
}

pub(crate) fn look_up(db: &Connection, keyed: &Keyed<'_>, now_ms: i64) -> rusqlite::Result<Known> {
    let sql = "SELECT request, status, body FROM answers WHERE service = ?1 AND key = ?2 AND at > ?3";
    let row = params![keyed.service, keyed.key, now_ms - KEPT_MS];
    let found: Option<(String, u16, String)> = db
        .prepare_cached(sql)?
        .query_row(row, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(match found {
        None => Known::Nothing,
        Some((request, status, body)) if request == keyed.request => {
            Known::Answer(status, serde_json::from_str(&body).expect("what was kept was JSON"))
        }
        Some(_) => Known::Other,
    })
}

pub(crate) fn keep(
    db: &Connection,
    keyed: &Keyed<'_>,
    (status, body): (u16, &Value),
    now_ms: i64,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO answers VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = params![keyed.service, keyed.key, keyed.request, status, body.to_string(), now_ms];
    db.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

/// The keys whose requests are not answered yet.
#[derive(Default)]
pub(crate) struct InProgress(Mutex<HashSet<String>>);

/// A key that is in progress until this is dropped.
pub(crate) struct Claim {
    of: Arc<InProgress>,
    key: String,
}

impl InProgress {
    /// Claims the key, unless somebody has.
    pub(crate) fn claim(self: &Arc<Self>, keyed: &Keyed<'_>) -> Option<Claim> {
        let key = format!("{} {}", keyed.service, keyed.key);
        let free = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        free.then(|| Claim { of: Arc::clone(self), key })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.of.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

//! What the books say of webhooks.

use rusqlite::Connection;
use serde::Serialize;

use super::Sender;

/// A webhook, or a copy of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookEntry {
    /// The event's id, the same for all copies.
    pub event: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `waiting`, `delivered` or `given up`.
    pub state: String,
    /// The status of each answer, or why there was none.
    pub answers: Vec<String>,
}

/// All webhooks about a subject, oldest first.
pub(crate) fn about(db: &Connection, sender: Sender, subject: &str) -> rusqlite::Result<Vec<WebhookEntry>> {
    let sql = "SELECT event, kind, state, answers FROM hooks WHERE sender = ?1 AND subject = ?2 ORDER BY id";
    let mut found = db.prepare_cached(sql)?;
    let rows = found.query_map([sender.name(), subject], |row| {
        let answers: String = row.get(3)?;
        Ok(WebhookEntry {
            event: row.get(0)?,
            kind: row.get(1)?,
            state: row.get(2)?,
            answers: serde_json::from_str(&answers).expect("SQLite keeps an array of texts"),
        })
    })?;
    rows.collect()
}

/// The body of an event.
pub(crate) fn event(db: &Connection, sender: Sender, event: &str) -> rusqlite::Result<Option<String>> {
    let sql = "SELECT body FROM hooks WHERE event = ?1 AND sender = ?2 LIMIT 1";
    let mut found = db.prepare_cached(sql)?;
    found.query_map([event, sender.name()], |row| row.get(0))?.next().transpose()
}

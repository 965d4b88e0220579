//! Services that are down until told otherwise.

use rusqlite::Connection;

pub(crate) const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS down (service TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;";

/// What can be down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The payment provider: its API answers 503.
    Payments,
    /// The carrier: its API answers 503.
    Carrier,
    /// The mailbox: it answers 421 and closes.
    Mail,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Carrier => "carrier",
            Self::Mail => "mail",
        }
    }
}

pub(crate) fn set_down(db: &Connection, service: Service, down: bool) -> rusqlite::Result<()> {
    let sql = match down {
        true => "INSERT OR IGNORE INTO down VALUES (?1)",
        false => "DELETE FROM down WHERE service = ?1",
    };
    db.prepare_cached(sql)?.execute([service.name()])?;
    Ok(())
}

pub(crate) fn is_down(db: &Connection, service: Service) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM down WHERE service = ?1")?.exists([service.name()])
}

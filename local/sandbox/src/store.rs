//! The one file: what was acknowledged is in it.
//!
//! SQLite writes ahead to a log without waiting for the disk: it survives `kill -9`, but not the machine losing power.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction};
use serde::Deserialize;

use crate::options::Place;
use crate::{carrier, idempotency, ids, mailbox, outbox, payments, switches};

/// Statements that are kept planned: more than there are.
const STATEMENTS_KEPT: usize = 64;
/// Most entries that are shown at once, unless fewer are asked for.
const PAGE_DEFAULT: usize = 1_000;
/// Most entries that are shown at once, whatever is asked for.
const PAGE_MAX: usize = 10_000;

/// Which part of a book.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Page {
    /// At most so many entries: 1,000 by default, 10,000 at most.
    pub limit: Option<usize>,
    /// Where the page before ended: its `next`.
    pub before: Option<i64>,
}

impl Page {
    /// How many entries to show.
    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX)
    }

    /// The number that all entries are below.
    pub(crate) fn before(&self) -> i64 {
        self.before.unwrap_or(i64::MAX)
    }

    /// Where the next page begins, if this one is full.
    pub(crate) fn next(&self, shown: usize, last: Option<i64>) -> Option<i64> {
        last.filter(|_| shown == self.limit())
    }
}

pub(crate) struct Store {
    db: Mutex<Connection>,
}

impl Store {
    pub(crate) fn open(place: &Place) -> rusqlite::Result<Self> {
        let db = match place {
            Place::Memory => Connection::open_in_memory()?,
            Place::File(file) => Connection::open(file)?,
        };
        db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
        db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // Or a statement with a `LIMIT ?` would be planned anew at each run.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        for schema in [
            ids::SCHEMA,
            switches::SCHEMA,
            idempotency::SCHEMA,
            outbox::SCHEMA,
            payments::SCHEMA,
            carrier::SCHEMA,
            mailbox::SCHEMA,
        ] {
            db.execute_batch(schema)?;
        }
        Ok(Self { db: Mutex::new(db) })
    }

    /// Makes all of a change, or nothing of it.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut db = self.db();
        let transaction = db.transaction()?;
        let made = change(&transaction)?;
        transaction.commit()?;
        Ok(made)
    }

    pub(crate) fn read<T, E>(&self, look: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        look(&self.db())
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic left open was rolled back when it was dropped.
        self.db.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

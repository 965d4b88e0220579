//! Embedded DynamoDB: dynoxide's operations on one SQLite connection.
//!
//! Operations run where they are called, under one lock: each takes tens of microseconds, less than handing it to
//! another thread would. SQLite writes ahead to a log without waiting for the disk, so what was answered survives
//! `kill -9` (the pages are the operating system's by then), but not the machine losing power.

mod description;
mod expiry;
mod operations;
mod past;
mod statement;
mod stream;
mod tables;
mod transactions;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use dynoxide::DynoxideError;
use dynoxide::storage::Storage;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::checkpointer::Checkpointer;
use super::service::{Service, ServiceReply, ServiceRequest};
use super::sqlite::keep_planned;
pub(crate) use expiry::keep_swept;
use operations::{Outcome, Refused};
pub use past::BEHIND_MAX;
pub(crate) use statement::Statement;
pub use stream::{Record, stream_arn};
pub use tables::TableError;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// An embedded DynamoDB.
#[derive(Clone)]
pub struct DynamoDb {
    inner: Arc<Inner>,
}

struct Inner {
    storage: Mutex<Storage>,
    checkpointer: Option<Checkpointer>,
    /// Who is to be woken after a write to a table.
    readers: RwLock<BTreeMap<String, Vec<Arc<Notify>>>>,
    /// Wakes who deletes what has expired, after every write.
    written: Notify,
}

/// Why the store could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// dynoxide refused.
    #[error("the embedded DynamoDB failed")]
    Engine(#[from] DynoxideError),
    /// SQLite refused.
    #[error("the embedded DynamoDB's file failed")]
    File(#[from] rusqlite::Error),
}

impl DynamoDb {
    /// A store in memory, gone with the last clone.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn memory() -> Result<Self, StoreError> {
        Self::prepared(Storage::memory()?, None)
    }

    /// A store in a file, created if missing.
    ///
    /// # Errors
    /// When the file cannot be opened, or is none of ours.
    pub fn open(file: &Path) -> Result<Self, StoreError> {
        let storage = Storage::new(&file.to_string_lossy())?;
        Self::prepared(storage, Some(Checkpointer::start(file)?))
    }

    fn prepared(storage: Storage, checkpointer: Option<Checkpointer>) -> Result<Self, StoreError> {
        storage.conn().execute_batch(
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 16000;",
        )?;
        keep_planned(storage.conn())?;
        stream::prepare(storage.conn())?;
        transactions::prepare(storage.conn())?;
        let (storage, readers, written) = (Mutex::new(storage), RwLock::default(), Notify::new());
        Ok(Self { inner: Arc::new(Inner { storage, checkpointer, readers, written }) })
    }

    /// Wakes the returned handle after every write to `table`.
    #[must_use]
    pub fn watch(&self, table: &str) -> Arc<Notify> {
        let notify = Arc::new(Notify::new());
        let mut readers = self.inner.readers.write().unwrap_or_else(PoisonError::into_inner);
        readers.entry(table.to_owned()).or_default().push(Arc::clone(&notify));
        notify
    }

    /// Answers one operation.
    #[must_use]
    pub fn answer(&self, operation: &str, body: &[u8]) -> ServiceReply {
        self.answer_at(operation, body, Timestamp::now())
    }

    fn answer_at(&self, operation: &str, body: &[u8], now: Timestamp) -> ServiceReply {
        let outcome = match operation {
            "TransactWriteItems" => transactions::write(&self.storage(), body, now),
            _ => operations::run(&self.storage(), operation, body),
        };
        if operation == "UpdateTimeToLive" {
            self.inner.written.notify_one();
        }
        self.reply(outcome)
    }

    /// What an operation came to, for its caller; who is to learn of what it wrote is woken.
    fn reply(&self, outcome: Outcome) -> ServiceReply {
        match outcome {
            Ok(done) => {
                if done.write_units > 0.0 {
                    self.wake(&done.tables);
                    self.inner.checkpointer.iter().for_each(Checkpointer::written);
                }
                ServiceReply {
                    status: 200,
                    body: done.body,
                    content_type: CONTENT_TYPE,
                    resources: done.tables,
                    read_units: done.read_units,
                    write_units: done.write_units,
                    ..ServiceReply::default()
                }
            }
            Err(Refused { tables, write_units, error }) => ServiceReply {
                status: error.status_code(),
                body: error.to_json().into_bytes(),
                content_type: CONTENT_TYPE,
                resources: tables,
                write_units,
                error: Some(error.error_type().rsplit('#').next().unwrap_or_default().to_owned()),
                ..ServiceReply::default()
            },
        }
    }

    fn wake(&self, tables: &[String]) {
        let readers = self.inner.readers.read().unwrap_or_else(PoisonError::into_inner);
        for reader in tables.iter().filter_map(|it| readers.get(it)).flatten() {
            reader.notify_one();
        }
        self.inner.written.notify_one();
    }

    fn storage(&self) -> MutexGuard<'_, Storage> {
        self.inner.storage.lock().unwrap_or_else(|poisoned| {
            // An operation panicked half way: its transaction, if one is open, is not to be anybody's.
            let storage = poisoned.into_inner();
            if !storage.conn().is_autocommit() {
                let rolled_back = storage.rollback();
                tracing::error!(ok = rolled_back.is_ok(), "rolled back what a crashed operation left");
            }
            if let Err(error) = transactions::none_runs(storage.conn()) {
                tracing::error!(error = error.to_string(), "a crashed transaction may be taken for made");
            }
            self.inner.storage.clear_poison();
            storage
        })
    }
}

impl Service for DynamoDb {
    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply> {
        async move { self.answer(&request.operation, &request.body) }.boxed()
    }
}

#[cfg(test)]
mod tests;

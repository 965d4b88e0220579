//! What there is: buckets, the versions of every object, uploads in parts; all in SQLite, none of the bytes.
//!
//! A file's name is written down as loose before the file is, and no longer loose in the very transaction that makes it
//! part of an object. So whatever is loose at a start belongs to nobody, and is removed without looking at all others.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

use super::bucket_rows::{Bucket, Versioning, need_bucket};
use super::checksums::Sum;
use super::conditions::{WriteCondition, WriteRefused};
use crate::aws::checkpointer::Checkpointer;
use crate::aws::sqlite::keep_planned;

/// What is kept of an object besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    pub(super) metadata: std::collections::BTreeMap<String, String>,
    pub(super) sum: Option<Sum>,
}

/// One version of an object, or a marker that it was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) seq: i64,
    pub(super) key: String,
    /// The version's id; `null` when it was written without versioning.
    pub(super) id: String,
    /// The file of its bytes; none for a delete marker.
    pub(super) file: Option<String>,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) modified_ms: i64,
    pub(super) latest: bool,
    pub(super) head: Head,
}

/// Bytes that are to become an object.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) file: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) head: Head,
}

/// The version a write or a delete made or removed, and the files that are loose now.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) version: Option<Version>,
    pub(super) loose: Vec<String>,
    /// What the bucket did with versions when the change was made.
    pub(super) versioning: Versioning,
}

/// The id of a version written without versioning.
pub(super) const NULL: &str = "null";

const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA wal_autocheckpoint = 16000;
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL, versioning TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, bucket TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, file TEXT,
  size INTEGER NOT NULL, etag TEXT NOT NULL, modified_ms INTEGER NOT NULL, latest INTEGER NOT NULL, head TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS by_id ON versions (bucket, key, id);
CREATE INDEX IF NOT EXISTS by_age ON versions (bucket, key, seq DESC);
CREATE UNIQUE INDEX IF NOT EXISTS current ON versions (bucket, key) WHERE latest = 1;
CREATE TABLE IF NOT EXISTS uploads (
  id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, head TEXT NOT NULL, algorithm TEXT, full_object INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uploads_of ON uploads (bucket);
CREATE TABLE IF NOT EXISTS parts (
  upload TEXT NOT NULL, number INTEGER NOT NULL, file TEXT NOT NULL, size INTEGER NOT NULL, etag TEXT NOT NULL,
  sum TEXT NOT NULL, modified_ms INTEGER NOT NULL, PRIMARY KEY (upload, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loose (file TEXT PRIMARY KEY) WITHOUT ROWID;
";

pub(super) const COLUMNS: &str = "seq, key, id, file, size, etag, modified_ms, latest, head";

/// The index.
pub(super) struct Index {
    pub(super) db: Connection,
    /// `None` in memory.
    checkpointer: Option<Checkpointer>,
}

impl Index {
    pub(super) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let db = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        db.execute_batch(SCHEMA)?;
        keep_planned(&db)?;
        let checkpointer = file.map(Checkpointer::start).transpose()?;
        Ok(Self { db, checkpointer })
    }

    /// To be said after what is done often.
    fn written(&self) {
        self.checkpointer.iter().for_each(Checkpointer::written);
    }

    /// The current version of an object: what was written last, or a marker that it was deleted.
    pub(super) fn current(&self, bucket: &str, key: &str) -> rusqlite::Result<Option<Version>> {
        current(&self.db, bucket, key)
    }

    pub(super) fn version(&self, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Option<Version>> {
        let sql = format!("SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND id = ?3");
        self.db.prepare_cached(&sql)?.query_row([bucket, key, id], version).optional()
    }

    /// Says that a file is about to be written.
    pub(super) fn add_loose(&self, file: &str) -> rusqlite::Result<()> {
        self.db.prepare_cached("INSERT INTO loose VALUES (?1)")?.execute([file])?;
        self.written();
        Ok(())
    }

    pub(super) fn loose(&self) -> rusqlite::Result<Vec<String>> {
        self.db.prepare("SELECT file FROM loose")?.query_map([], |it| it.get(0))?.collect()
    }

    /// Says that loose files are gone.
    pub(super) fn forget_loose(&self, files: &[String]) -> rusqlite::Result<()> {
        for file in files {
            self.db.prepare_cached("DELETE FROM loose WHERE file = ?1")?.execute([file])?;
        }
        Ok(())
    }

    /// Makes what was written the current version, if the condition holds.
    pub(super) fn put(
        &mut self,
        bucket: &str,
        key: &str,
        written: Written,
        condition: &WriteCondition,
        now_ms: i64,
    ) -> Result<Changed, WriteRefused> {
        let change = self.begin()?;
        let changed = put_within(&change, bucket, key, written, condition, now_ms)?;
        change.commit()?;
        self.written();
        Ok(changed)
    }

    /// Deletes an object: with versioning by a marker, without for good.
    pub(super) fn delete(
        &mut self,
        bucket: &str,
        key: &str,
        condition: &WriteCondition,
        now_ms: i64,
    ) -> Result<Changed, WriteRefused> {
        let change = self.begin()?;
        let bucket = need_bucket(&change, bucket)?;
        condition.check(current(&change, &bucket.name, key)?.as_ref())?;
        let loose = match bucket.versioning {
            Versioning::Enabled => vec![],
            Versioning::Never | Versioning::Suspended => remove(&change, &bucket.name, key, NULL)?.loose,
        };
        let version = match bucket.versioning {
            Versioning::Never => None,
            Versioning::Enabled | Versioning::Suspended => Some(insert(&change, &bucket, key, None, now_ms)?),
        };
        change.commit()?;
        Ok(Changed { version, loose, versioning: bucket.versioning })
    }

    /// Deletes one version for good; the newest of the others is current then. The condition is of the current version,
    /// whichever is deleted ("How to perform conditional deletes", Amazon S3 User Guide).
    pub(super) fn delete_version(
        &mut self,
        bucket: &str,
        key: &str,
        id: &str,
        condition: &WriteCondition,
    ) -> Result<Changed, WriteRefused> {
        let change = self.begin()?;
        condition.check(current(&change, bucket, key)?.as_ref())?;
        let changed = remove(&change, bucket, key, id)?;
        change.commit()?;
        Ok(changed)
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.db.transaction_with_behavior(TransactionBehavior::Immediate)
    }
}

/// [`Index::put`] inside a larger change.
pub(super) fn put_within(
    change: &Transaction<'_>,
    bucket: &str,
    key: &str,
    written: Written,
    condition: &WriteCondition,
    now_ms: i64,
) -> Result<Changed, WriteRefused> {
    let bucket = need_bucket(change, bucket)?;
    condition.check(current(change, &bucket.name, key)?.as_ref())?;
    let loose = match bucket.versioning {
        Versioning::Enabled => vec![],
        Versioning::Never | Versioning::Suspended => remove(change, &bucket.name, key, NULL)?.loose,
    };
    change.prepare_cached("DELETE FROM loose WHERE file = ?1")?.execute([&written.file])?;
    let version = insert(change, &bucket, key, Some(written), now_ms)?;
    Ok(Changed { version: Some(version), loose, versioning: bucket.versioning })
}

fn current(db: &Connection, bucket: &str, key: &str) -> rusqlite::Result<Option<Version>> {
    let sql = format!("SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND latest = 1");
    db.prepare_cached(&sql)?.query_row([bucket, key], version).optional()
}

/// A new current version, or without bytes a delete marker.
fn insert(
    change: &Transaction<'_>,
    bucket: &Bucket,
    key: &str,
    written: Option<Written>,
    now_ms: i64,
) -> rusqlite::Result<Version> {
    let id = match bucket.versioning {
        Versioning::Enabled => uuid::Uuid::new_v4().simple().to_string(),
        Versioning::Never | Versioning::Suspended => NULL.to_owned(),
    };
    let (file, size, etag, head) = match written {
        Some(it) => (Some(it.file), it.size, it.etag, it.head),
        None => (None, 0, String::new(), Head::default()),
    };
    let sql = "UPDATE versions SET latest = 0 WHERE bucket = ?1 AND key = ?2 AND latest = 1";
    change.prepare_cached(sql)?.execute([&bucket.name, key])?;
    let sql = "INSERT INTO versions (bucket, key, id, file, size, etag, modified_ms, latest, head)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)";
    let text = serde_json::to_string(&head).expect("a head can be written");
    change.prepare_cached(sql)?.execute(params![bucket.name, key, id, file, size, etag, now_ms, text])?;
    let seq = change.last_insert_rowid();
    Ok(Version { seq, key: key.to_owned(), id, file, size, etag, modified_ms: now_ms, latest: true, head })
}

/// Removes a version if it is there; its file is loose then.
fn remove(change: &Transaction<'_>, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Changed> {
    let sql = format!("DELETE FROM versions WHERE bucket = ?1 AND key = ?2 AND id = ?3 RETURNING {COLUMNS}");
    let Some(removed) = change.prepare_cached(&sql)?.query_row([bucket, key, id], version).optional()? else {
        return Ok(Changed::default());
    };
    if removed.latest {
        let sql = "UPDATE versions SET latest = 1 WHERE seq =
                   (SELECT max(seq) FROM versions WHERE bucket = ?1 AND key = ?2)";
        change.prepare_cached(sql)?.execute([bucket, key])?;
    }
    let loose: Vec<String> = removed.file.iter().cloned().collect();
    loosen(change, &loose)?;
    Ok(Changed { version: Some(removed), loose, ..Changed::default() })
}

pub(super) fn loosen(change: &Transaction<'_>, files: &[String]) -> rusqlite::Result<()> {
    for file in files {
        change.prepare_cached("INSERT OR IGNORE INTO loose VALUES (?1)")?.execute([file])?;
    }
    Ok(())
}

pub(super) fn version(row: &Row<'_>) -> rusqlite::Result<Version> {
    let head: String = row.get(8)?;
    Ok(Version {
        seq: row.get(0)?,
        key: row.get(1)?,
        id: row.get(2)?,
        file: row.get(3)?,
        size: row.get(4)?,
        etag: row.get(5)?,
        modified_ms: row.get(6)?,
        latest: row.get(7)?,
        head: read_head(&head, 8)?,
    })
}

pub(super) fn read_head(text: &str, column: usize) -> rusqlite::Result<Head> {
    let wrong =
        |it| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(it));
    serde_json::from_str(text).map_err(wrong)
}

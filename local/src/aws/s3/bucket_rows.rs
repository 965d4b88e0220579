//! The index's rows of buckets, and whether each keeps the versions of its objects.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::conditions::WriteRefused;
use super::index::Index;

/// The versions of a bucket's objects: kept or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Versioning {
    #[default]
    Never,
    Enabled,
    Suspended,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) created_ms: i64,
    pub(super) versioning: Versioning,
}

impl Index {
    pub(super) fn create_bucket(&self, name: &str, now_ms: i64) -> rusqlite::Result<bool> {
        let sql = "INSERT OR IGNORE INTO buckets VALUES (?1, ?2, ?3)";
        Ok(self.db.execute(sql, params![name, now_ms, Versioning::Never.name()])? == 1)
    }

    pub(super) fn bucket(&self, name: &str) -> rusqlite::Result<Option<Bucket>> {
        find_bucket(&self.db, name)
    }

    pub(super) fn buckets(&self) -> rusqlite::Result<Vec<Bucket>> {
        let mut all =
            self.db.prepare_cached("SELECT name, created_ms, versioning FROM buckets ORDER BY name")?;
        all.query_map([], bucket)?.collect()
    }

    pub(super) fn set_versioning(&self, name: &str, versioning: Versioning) -> rusqlite::Result<()> {
        let sql = "UPDATE buckets SET versioning = ?2 WHERE name = ?1";
        self.db.execute(sql, params![name, versioning.name()]).map(|_| ())
    }

    /// Removes a bucket unless something is in it.
    pub(super) fn delete_bucket(&self, name: &str) -> rusqlite::Result<bool> {
        let sql =
            "DELETE FROM buckets WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM versions WHERE bucket = ?1)
                   AND NOT EXISTS (SELECT 1 FROM uploads WHERE bucket = ?1)";
        Ok(self.db.execute(sql, [name])? == 1)
    }
}

/// The bucket as it is within a change: it may have begun to keep versions, or be gone, since the caller looked.
pub(super) fn need_bucket(change: &Transaction<'_>, name: &str) -> Result<Bucket, WriteRefused> {
    find_bucket(change, name)?.ok_or(WriteRefused::NoSuchBucket)
}

fn find_bucket(db: &Connection, name: &str) -> rusqlite::Result<Option<Bucket>> {
    let mut found = db.prepare_cached("SELECT name, created_ms, versioning FROM buckets WHERE name = ?1")?;
    found.query_row([name], bucket).optional()
}

fn bucket(row: &Row<'_>) -> rusqlite::Result<Bucket> {
    let versioning: String = row.get(2)?;
    Ok(Bucket { name: row.get(0)?, created_ms: row.get(1)?, versioning: Versioning::named(&versioning) })
}

impl Versioning {
    /// As S3 names it; a bucket that never had it has no name for it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Never => "",
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }

    pub(super) fn named(name: &str) -> Self {
        match name {
            "Enabled" => Self::Enabled,
            "Suspended" => Self::Suspended,
            _ => Self::Never,
        }
    }
}

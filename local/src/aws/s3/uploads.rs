//! Uploads in parts: what has begun, its parts, and how they become one object.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::checksums::{Algorithm, Sum};
use super::conditions::{WriteCondition, WriteRefused};
use super::index::{Changed, Head, Index, Written, loosen, put_within, read_head};

/// An upload that has begun.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) id: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) head: Head,
    /// The checksum its parts have, if the caller chose one.
    pub(super) algorithm: Option<Algorithm>,
    /// Whether the checksum is to be of the whole, not of the parts' checksums.
    pub(super) full_object: bool,
}

/// A part that was uploaded.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) file: String,
    pub(super) size: u64,
    pub(super) etag: String,
    pub(super) sum: Sum,
    pub(super) modified_ms: i64,
}

impl Index {
    pub(super) fn begin_upload(&self, upload: &Upload) -> rusqlite::Result<()> {
        let head = serde_json::to_string(&upload.head).expect("a head can be written");
        let algorithm = upload.algorithm.map(Algorithm::name);
        let row = params![upload.id, upload.bucket, upload.key, head, algorithm, upload.full_object];
        self.db
            .prepare_cached("INSERT INTO uploads VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(row)
            .map(|_| ())
    }

    pub(super) fn upload(&self, bucket: &str, key: &str, id: &str) -> rusqlite::Result<Option<Upload>> {
        let sql =
            "SELECT head, algorithm, full_object FROM uploads WHERE id = ?1 AND bucket = ?2 AND key = ?3";
        let mut found = self.db.prepare_cached(sql)?;
        let upload = found.query_row([id, bucket, key], |row| {
            let (head, algorithm): (String, Option<String>) = (row.get(0)?, row.get(1)?);
            Ok(Upload {
                id: id.to_owned(),
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                head: read_head(&head, 0)?,
                algorithm: algorithm.and_then(|it| Algorithm::named(&it)),
                full_object: row.get(2)?,
            })
        });
        upload.optional()
    }

    /// Keeps a part; one of the same number is replaced. `None` when there is no such upload (any longer).
    pub(super) fn put_part(&mut self, upload: &str, part: &Part) -> rusqlite::Result<Option<Vec<String>>> {
        let change = self.begin()?;
        if !exists(&change, upload)? {
            return Ok(None);
        }
        let sql = "SELECT file FROM parts WHERE upload = ?1 AND number = ?2";
        let before: Option<String> =
            change.query_row(sql, params![upload, part.number], |it| it.get(0)).optional()?;
        let replaced: Vec<String> = before.into_iter().collect();
        loosen(&change, &replaced)?;
        change.execute("DELETE FROM loose WHERE file = ?1", [&part.file])?;
        let sum = serde_json::to_string(&part.sum).expect("a checksum can be written");
        let row = params![upload, part.number, part.file, part.size, part.etag, sum, part.modified_ms];
        change.execute("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", row)?;
        change.commit()?;
        Ok(Some(replaced))
    }

    /// The parts after a number, in order.
    pub(super) fn parts(&self, upload: &str, after: i32, max: usize) -> rusqlite::Result<Vec<Part>> {
        let sql = "SELECT number, file, size, etag, sum, modified_ms FROM parts
                   WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
        let mut found = self.db.prepare_cached(sql)?;
        let parts = found.query_map(params![upload, after, max], |row| {
            let sum: String = row.get(4)?;
            let wrong =
                |it| rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, Box::new(it));
            Ok(Part {
                number: row.get(0)?,
                file: row.get(1)?,
                size: row.get(2)?,
                etag: row.get(3)?,
                sum: serde_json::from_str(&sum).map_err(wrong)?,
                modified_ms: row.get(5)?,
            })
        });
        parts?.collect()
    }

    /// Ends an upload and makes what was put together from it the current version.
    pub(super) fn complete(
        &mut self,
        upload: &Upload,
        written: Written,
        condition: &WriteCondition,
        now_ms: i64,
    ) -> Result<Changed, WriteRefused> {
        let change = self.begin()?;
        if !exists(&change, &upload.id)? {
            return Err(WriteRefused::NoSuchUpload);
        }
        let mut changed = put_within(&change, &upload.bucket, &upload.key, written, condition, now_ms)?;
        changed.loose.extend(end(&change, &upload.id)?);
        change.commit()?;
        Ok(changed)
    }

    /// Ends an upload without an object; the files that are loose now.
    pub(super) fn abort(&mut self, upload: &str) -> rusqlite::Result<Vec<String>> {
        let change = self.begin()?;
        let loose = end(&change, upload)?;
        change.commit()?;
        Ok(loose)
    }
}

fn exists(change: &Transaction<'_>, upload: &str) -> rusqlite::Result<bool> {
    change.query_row("SELECT EXISTS (SELECT 1 FROM uploads WHERE id = ?1)", [upload], |it| it.get(0))
}

fn end(change: &Transaction<'_>, upload: &str) -> rusqlite::Result<Vec<String>> {
    let mut parts = change.prepare_cached("DELETE FROM parts WHERE upload = ?1 RETURNING file")?;
    let files: Vec<String> = parts.query_map([upload], |it| it.get(0))?.collect::<Result<_, _>>()?;
    change.prepare_cached("DELETE FROM uploads WHERE id = ?1")?.execute([upload])?;
    loosen(change, &files)?;
    Ok(files)
}

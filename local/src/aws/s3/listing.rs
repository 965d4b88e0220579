//! Pages of keys and of versions, in the order of the keys' UTF-8 bytes, with common prefixes rolled up.

use rusqlite::{OptionalExtension as _, params};

use super::index::{COLUMNS, Index, Version, version};

/// What is to be listed.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) bucket: String,
    pub(super) prefix: String,
    pub(super) delimiter: String,
    pub(super) max: usize,
}

/// One page.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) versions: Vec<Version>,
    pub(super) prefixes: Vec<String>,
    /// Where the next page begins: after this key (and this version of it).
    pub(super) next: Option<After>,
}

/// A place between two versions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct After {
    pub(super) key: String,
    /// After this version of the key; after all of them when there is none.
    pub(super) seq: Option<i64>,
    /// The version's id, for the caller.
    pub(super) id: Option<String>,
}

/// The last character there is: what begins with a prefix sorts before the prefix with this after it.
const LAST: char = char::MAX;

impl Index {
    /// Current objects after `after`.
    pub(super) fn objects(&self, wanted: &Wanted, after: &str) -> rusqlite::Result<Page> {
        let after = After { key: after.to_owned(), ..After::default() };
        self.page(wanted, after, |index, after| index.next_object(wanted, &after.key))
    }

    /// All versions after `after`, the newest of a key first.
    pub(super) fn versions(&self, wanted: &Wanted, after: After) -> rusqlite::Result<Page> {
        self.page(wanted, after, |index, after| index.next_version(wanted, after))
    }

    fn page(
        &self,
        wanted: &Wanted,
        mut after: After,
        next: impl Fn(&Self, &After) -> rusqlite::Result<Option<Version>>,
    ) -> rusqlite::Result<Page> {
        let mut page = Page::default();
        while let Some(found) = next(self, &after)?.filter(|it| it.key.starts_with(&wanted.prefix)) {
            if page.versions.len() + page.prefixes.len() == wanted.max {
                page.next = (wanted.max > 0).then_some(after);
                break;
            }
            match wanted.common_prefix(&found.key) {
                Some(prefix) => {
                    after = After { key: format!("{prefix}{LAST}"), ..After::default() };
                    page.prefixes.push(prefix);
                }
                None => {
                    after =
                        After { key: found.key.clone(), seq: Some(found.seq), id: Some(found.id.clone()) };
                    page.versions.push(found);
                }
            }
        }
        Ok(page)
    }

    fn next_object(&self, wanted: &Wanted, after: &str) -> rusqlite::Result<Option<Version>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND latest = 1 AND key > ?2 AND key >= ?3
             AND file IS NOT NULL ORDER BY key LIMIT 1"
        );
        let mut next = self.db.prepare_cached(&sql)?;
        next.query_row(params![wanted.bucket, after, wanted.prefix], version).optional()
    }

    fn next_version(&self, wanted: &Wanted, after: &After) -> rusqlite::Result<Option<Version>> {
        if let Some(seq) = after.seq {
            let sql = format!(
                "SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key = ?2 AND seq < ?3 ORDER BY seq DESC LIMIT 1"
            );
            let mut older = self.db.prepare_cached(&sql)?;
            let older = older.query_row(params![wanted.bucket, after.key, seq], version).optional()?;
            if older.is_some() {
                return Ok(older);
            }
        }
        let sql = format!(
            "SELECT {COLUMNS} FROM versions WHERE bucket = ?1 AND key > ?2 AND key >= ?3
             ORDER BY key, seq DESC LIMIT 1"
        );
        let mut next = self.db.prepare_cached(&sql)?;
        next.query_row(params![wanted.bucket, after.key, wanted.prefix], version).optional()
    }
}

impl Wanted {
    fn common_prefix(&self, key: &str) -> Option<String> {
        let rest = key.strip_prefix(&self.prefix).filter(|_| !self.delimiter.is_empty())?;
        let at = rest.find(&self.delimiter)?;
        Some(key[..self.prefix.len() + at + self.delimiter.len()].to_owned())
    }
}

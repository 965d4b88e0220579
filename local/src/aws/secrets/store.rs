//! The rows: secrets, their versions, and which version each stage is on.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::error::SecretsError;

/// A secret without its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) created_ms: i64,
    pub(super) changed_ms: i64,
    /// When it is gone, if it is marked for deletion.
    pub(super) gone_ms: Option<i64>,
    /// The function that rotates it.
    pub(super) rotation: Option<String>,
    /// When it is to be rotated, as the caller said it.
    pub(super) rules: Option<String>,
    pub(super) rotated_ms: Option<i64>,
}

/// What is kept secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) text: Option<String>,
    pub(super) bytes: Option<Vec<u8>>,
}

impl Value {
    /// A version may be announced before it has a value: by a rotation.
    pub(super) const fn is_none(&self) -> bool {
        self.text.is_none() && self.bytes.is_none()
    }
}

/// The stages that Secrets Manager moves itself.
pub(super) const CURRENT: &str = "AWSCURRENT";
pub(super) const PENDING: &str = "AWSPENDING";
pub(super) const PREVIOUS: &str = "AWSPREVIOUS";

/// About so many versions of a secret are kept.
const VERSIONS_MAX: i64 = 100;
/// No version is removed that is not older.
const VERSIONS_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

pub(super) const SCHEMA: &str = "
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS secrets (
  arn TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT, created_ms INTEGER NOT NULL,
  changed_ms INTEGER NOT NULL, gone_ms INTEGER, rotation TEXT, rules TEXT, rotated_ms INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS going ON secrets (gone_ms) WHERE gone_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS versions (
  arn TEXT NOT NULL, id TEXT NOT NULL, text TEXT, bytes BLOB, created_ms INTEGER NOT NULL, PRIMARY KEY (arn, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stages (
  arn TEXT NOT NULL, stage TEXT NOT NULL, version TEXT NOT NULL, PRIMARY KEY (arn, stage)) WITHOUT ROWID;
";

const COLUMNS: &str = "arn, name, description, created_ms, changed_ms, gone_ms, rotation, rules, rotated_ms";

type Rows<T> = Result<T, SecretsError>;

/// The secret of a name, an ARN, or an ARN without its random end. One whose time has come is gone.
pub(super) fn find(db: &Connection, id: &str, now_ms: i64) -> Rows<Option<Secret>> {
    purge(db, now_ms)?;
    let name = id.split_once(":secret:").map_or(id, |(_, name)| name);
    let sql =
        format!("SELECT {COLUMNS} FROM secrets WHERE arn = ?1 OR name = ?2 ORDER BY arn = ?1 DESC LIMIT 1");
    Ok(db.prepare_cached(&sql)?.query_row([id, name], secret).optional()?)
}

/// The same, where there must be one that is not marked for deletion.
pub(super) fn need(db: &Connection, id: &str, now_ms: i64) -> Rows<Secret> {
    let secret = find(db, id, now_ms)?.ok_or_else(SecretsError::missing_secret)?;
    match secret.gone_ms {
        None => Ok(secret),
        Some(_) => Err(SecretsError::marked_for_deletion()),
    }
}

/// Secrets after a name, in the order of names.
pub(super) fn page(
    db: &Connection,
    after: &str,
    planned: bool,
    max: usize,
    now_ms: i64,
) -> Rows<Vec<Secret>> {
    purge(db, now_ms)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM secrets WHERE name > ?1 AND (?2 OR gone_ms IS NULL) ORDER BY name LIMIT ?3"
    );
    let mut found = db.prepare_cached(&sql)?;
    Ok(found.query_map(params![after, planned, max], secret)?.collect::<Result<_, _>>()?)
}

/// Secrets whose rotation has begun and not ended, with the version that is pending.
pub(super) fn rotating(db: &Connection) -> Rows<Vec<(String, String)>> {
    let sql = "SELECT pending.arn, pending.version FROM stages AS pending
               JOIN secrets ON secrets.arn = pending.arn AND rotation IS NOT NULL AND gone_ms IS NULL
               LEFT JOIN stages AS now ON now.arn = pending.arn AND now.stage = 'AWSCURRENT'
               WHERE pending.stage = 'AWSPENDING' AND now.version IS NOT pending.version";
    Ok(db.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

pub(super) fn insert(db: &Connection, secret: &Secret) -> Rows<()> {
    let sql =
        "INSERT INTO secrets (arn, name, description, created_ms, changed_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![secret.arn, secret.name, secret.description, secret.created_ms, secret.changed_ms];
    db.execute(sql, row)?;
    Ok(())
}

/// Writes everything of a secret that may change.
pub(super) fn update(db: &Connection, secret: &Secret) -> Rows<()> {
    let sql = "UPDATE secrets SET description = ?2, changed_ms = ?3, gone_ms = ?4, rotation = ?5, rules = ?6,
               rotated_ms = ?7 WHERE arn = ?1";
    let Secret { arn, description, changed_ms, gone_ms, rotation, rules, rotated_ms, .. } = secret;
    db.execute(sql, params![arn, description, changed_ms, gone_ms, rotation, rules, rotated_ms])?;
    Ok(())
}

pub(super) fn delete(db: &Connection, arn: &str) -> Rows<()> {
    for table in ["secrets", "versions", "stages"] {
        db.execute(&format!("DELETE FROM {table} WHERE arn = ?1"), [arn])?;
    }
    Ok(())
}

/// A version's value and when it was made.
pub(super) fn version(db: &Connection, arn: &str, id: &str) -> Rows<Option<(Value, i64)>> {
    let mut found =
        db.prepare_cached("SELECT text, bytes, created_ms FROM versions WHERE arn = ?1 AND id = ?2")?;
    let read = |row: &Row<'_>| Ok((Value { text: row.get(0)?, bytes: row.get(1)? }, row.get(2)?));
    Ok(found.query_row([arn, id], read).optional()?)
}

pub(super) fn put_version(db: &Connection, arn: &str, id: &str, value: &Value, now_ms: i64) -> Rows<()> {
    let sql = "INSERT OR REPLACE INTO versions VALUES (?1, ?2, ?3, ?4, ?5)";
    db.prepare_cached(sql)?.execute(params![arn, id, value.text, value.bytes, now_ms])?;
    Ok(())
}

/// Removes the oldest versions in no stage while there are more than [`VERSIONS_MAX`], but none of the last day.
///
/// Source: "AWS Secrets Manager quotas", AWS Secrets Manager User Guide.
pub(super) fn prune(db: &Connection, arn: &str, now_ms: i64) -> Rows<()> {
    let sql = "DELETE FROM versions WHERE arn = ?1 AND id IN (
                 SELECT id FROM versions WHERE arn = ?1 AND created_ms <= ?2
                   AND id NOT IN (SELECT version FROM stages WHERE arn = ?1) ORDER BY created_ms
                 LIMIT max(0, (SELECT count(*) FROM versions WHERE arn = ?1) - ?3))";
    db.prepare_cached(sql)?.execute(params![arn, now_ms - VERSIONS_KEPT_MS, VERSIONS_MAX])?;
    Ok(())
}

/// The version that a stage is on.
pub(super) fn staged(db: &Connection, arn: &str, stage: &str) -> Rows<Option<String>> {
    let mut found = db.prepare_cached("SELECT version FROM stages WHERE arn = ?1 AND stage = ?2")?;
    Ok(found.query_row([arn, stage], |row| row.get(0)).optional()?)
}

/// Each stage and the version it is on.
pub(super) fn stages(db: &Connection, arn: &str) -> Rows<BTreeMap<String, String>> {
    let mut found = db.prepare_cached("SELECT stage, version FROM stages WHERE arn = ?1")?;
    Ok(found.query_map([arn], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?)
}

/// Puts a stage on a version. What was current becomes the previous one.
pub(super) fn stage(db: &Connection, arn: &str, stage: &str, version: &str) -> Rows<()> {
    let before = staged(db, arn, stage)?.filter(|it| it != version);
    let sql = "INSERT OR REPLACE INTO stages VALUES (?1, ?2, ?3)";
    db.prepare_cached(sql)?.execute([arn, stage, version])?;
    if let Some(before) = before.filter(|_| stage == CURRENT) {
        db.prepare_cached(sql)?.execute([arn, PREVIOUS, &before])?;
    }
    Ok(())
}

pub(super) fn unstage(db: &Connection, arn: &str, stage: &str) -> Rows<()> {
    db.prepare_cached("DELETE FROM stages WHERE arn = ?1 AND stage = ?2")?.execute([arn, stage])?;
    Ok(())
}

/// Removes what was marked for deletion and whose time has come.
fn purge(db: &Connection, now_ms: i64) -> Rows<()> {
    let mut due = db.prepare_cached("SELECT arn FROM secrets WHERE gone_ms <= ?1")?;
    let due: Vec<String> = due.query_map([now_ms], |row| row.get(0))?.collect::<Result<_, _>>()?;
    due.iter().try_for_each(|arn| delete(db, arn))
}

fn secret(row: &Row<'_>) -> rusqlite::Result<Secret> {
    Ok(Secret {
        arn: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        created_ms: row.get(3)?,
        changed_ms: row.get(4)?,
        gone_ms: row.get(5)?,
        rotation: row.get(6)?,
        rules: row.get(7)?,
        rotated_ms: row.get(8)?,
    })
}

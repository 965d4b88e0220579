//! Streams: reading records, keeping each reader's checkpoint, trimming what all readers have been given.
//!
//! dynoxide never trims, and finds the next sequence number by looking at all of a table's records. An index answers that
//! at once, and a checkpoint deletes, in its own transaction, what every mapping of the table has passed: all but
//! the newest record, which keeps sequence numbers growing. Both use dynoxide's own connection and its tables' names,
//! which is why its version is pinned exactly.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{DynamoDb, StoreError};
use crate::template::{ACCOUNT, REGION};

/// The public number of a record is its stored one plus this, as dynoxide's own `GetRecords` has it.
const SEQUENCE_OFFSET: u128 = 100_000_000_000_000_000_000;

/// One stream record.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place in the stream.
    pub position: i64,
    /// The item's partition key, as JSON.
    pub partition: String,
    /// When it was written, in seconds since the epoch.
    pub created_at: i64,
    /// The record as Lambda gets it.
    pub event: Box<RawValue>,
}

impl Record {
    /// The record's `SequenceNumber`, by which a function names it.
    #[must_use]
    pub fn sequence_number(&self) -> String {
        sequence_number(self.position)
    }
}

/// The ARN of a table's stream.
#[must_use]
pub fn stream_arn(table: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}/stream/laptop")
}

pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS _laptop_stream_order
            ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
         CREATE TABLE IF NOT EXISTS _laptop_checkpoints (
            mapping TEXT PRIMARY KEY, table_name TEXT NOT NULL, position INTEGER NOT NULL);",
    )
}

impl DynamoDb {
    /// Makes exactly these mappings (name, table, whether from the oldest record) readers of their streams: new ones
    /// start, ones that are no more stop holding records.
    ///
    /// # Errors
    /// When the file fails.
    pub fn set_mappings(&self, mappings: &[(&str, &str, bool)]) -> Result<(), StoreError> {
        let storage = self.storage();
        let transaction = storage.conn().unchecked_transaction()?;
        let names = serde_json::json!(mappings.iter().map(|(name, ..)| name).collect::<Vec<_>>()).to_string();
        transaction.execute(
            "DELETE FROM _laptop_checkpoints WHERE mapping NOT IN (SELECT value FROM json_each(?1))",
            [names],
        )?;
        for (name, table, from_start) in mappings {
            let position = if *from_start { 0 } else { newest(&transaction, table)? };
            transaction.execute(
                "INSERT INTO _laptop_checkpoints VALUES (?1, ?2, ?3) ON CONFLICT (mapping) DO NOTHING",
                params![name, table, position],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// What the mapping has been given already.
    ///
    /// # Errors
    /// When the file fails.
    pub fn checkpoint(&self, mapping: &str) -> Result<i64, StoreError> {
        let storage = self.storage();
        let sql = "SELECT position FROM _laptop_checkpoints WHERE mapping = ?1";
        let position =
            storage.conn().prepare_cached(sql)?.query_row([mapping], |row| row.get(0)).optional()?;
        Ok(position.unwrap_or(0))
    }

    /// Records that the mapping has been given everything up to `position`, and trims what all mappings have.
    ///
    /// # Errors
    /// When the file fails.
    pub fn advance(&self, mapping: &str, table: &str, position: i64) -> Result<(), StoreError> {
        let storage = self.storage();
        let transaction = storage.conn().unchecked_transaction()?;
        transaction
            .prepare_cached("UPDATE _laptop_checkpoints SET position = ?2 WHERE mapping = ?1")?
            .execute(params![mapping, position])?;
        transaction
            .prepare_cached(
                "DELETE FROM _stream_records
                  WHERE table_name = ?1
                    AND CAST(sequence_number AS INTEGER)
                        <= (SELECT MIN(position) FROM _laptop_checkpoints WHERE table_name = ?1)
                    AND CAST(sequence_number AS INTEGER)
                        < (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1)",
            )?
            .execute([table])?;
        Ok(transaction.commit()?)
    }

    /// The position of a table's newest record; 0 if it has none.
    ///
    /// # Errors
    /// When the file fails.
    pub fn newest(&self, table: &str) -> Result<i64, StoreError> {
        Ok(newest(self.storage().conn(), table)?)
    }

    /// How many records a table's stream holds.
    ///
    /// # Errors
    /// When the file fails.
    pub fn held(&self, table: &str) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM _stream_records WHERE table_name = ?1";
        Ok(self.storage().conn().query_row(sql, [table], |row| row.get(0))?)
    }

    /// At most `limit` records after `position`, oldest first.
    ///
    /// # Errors
    /// When the file fails.
    pub fn records(&self, table: &str, position: i64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let storage = self.storage();
        let Some(meta) = storage.get_table_metadata(table)? else { return Ok(vec![]) };
        let view = meta.stream_view_type.unwrap_or_else(|| "NEW_AND_OLD_IMAGES".to_owned());
        let partition_key = partition_key(&meta.key_schema);
        let mut statement = storage.conn().prepare_cached(
            "SELECT CAST(sequence_number AS INTEGER), event_id, event_name, keys_json, new_image, old_image, created_at,
                    user_identity
               FROM _stream_records
              WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) > ?2
              ORDER BY CAST(sequence_number AS INTEGER) LIMIT ?3",
        )?;
        let rows = statement.query_map(params![table, position, limit as i64], |row| {
            Ok(Row {
                position: row.get(0)?,
                event_id: row.get(1)?,
                event_name: row.get(2)?,
                keys: row.get(3)?,
                new_image: row.get(4)?,
                old_image: row.get(5)?,
                created_at: row.get(6)?,
                user_identity: row.get(7)?,
            })
        })?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        drop(statement);
        // Nobody waits for what is made of the rows.
        drop(storage);
        let arn = stream_arn(table);
        rows.into_iter().map(|row| Ok(row.record(&view, &arn, &partition_key)?)).collect()
    }
}

struct Row {
    position: i64,
    event_id: Option<String>,
    event_name: String,
    keys: String,
    new_image: Option<String>,
    old_image: Option<String>,
    created_at: i64,
    user_identity: Option<String>,
}

impl Row {
    fn record(self, view: &str, arn: &str, partition_key: &str) -> Result<Record, UnreadableRecord> {
        let images = [&self.new_image, &self.old_image].into_iter().flatten();
        let size = self.keys.len() + images.map(String::len).sum::<usize>();
        let keys: serde_json::Value = serde_json::from_str(&self.keys)?;
        let event = Event {
            event_id: self.event_id.as_deref().unwrap_or_default(),
            event_name: &self.event_name,
            event_version: "1.1",
            event_source: "aws:dynamodb",
            aws_region: REGION,
            dynamodb: Change {
                approximate_creation_date_time: self.created_at,
                keys: serde_json::from_str(&self.keys)?,
                new_image: self.new_image.as_deref().map(serde_json::from_str).transpose()?,
                old_image: self.old_image.as_deref().map(serde_json::from_str).transpose()?,
                sequence_number: sequence_number(self.position),
                size_bytes: size,
                stream_view_type: view,
            },
            event_source_arn: arn,
            user_identity: self.user_identity.as_deref().map(serde_json::from_str).transpose()?,
        };
        Ok(Record {
            position: self.position,
            partition: keys[partition_key].to_string(),
            created_at: self.created_at,
            event: serde_json::value::to_raw_value(&event)?,
        })
    }
}

type UnreadableRecord = serde_json::Error;

impl From<UnreadableRecord> for StoreError {
    fn from(error: UnreadableRecord) -> Self {
        Self::Engine(dynoxide::DynoxideError::InternalServerError(format!(
            "unreadable stream record: {error}"
        )))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(rename = "eventID")]
    event_id: &'a str,
    event_name: &'a str,
    event_version: &'static str,
    event_source: &'static str,
    aws_region: &'static str,
    dynamodb: Change<'a>,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    /// Only where nobody asked for the change: time to live.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_identity: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Change<'a> {
    approximate_creation_date_time: i64,
    keys: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_image: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_image: Option<&'a RawValue>,
    sequence_number: String,
    size_bytes: usize,
    stream_view_type: &'a str,
}

fn sequence_number(position: i64) -> String {
    (SEQUENCE_OFFSET + u128::try_from(position).unwrap_or(0)).to_string()
}

fn newest(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
    let sql = "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = ?1";
    let newest: Option<i64> = connection.prepare_cached(sql)?.query_row([table], |row| row.get(0))?;
    Ok(newest.unwrap_or(0))
}

fn partition_key(key_schema: &str) -> String {
    let schema: serde_json::Value = serde_json::from_str(key_schema).unwrap_or_default();
    let hash = schema.as_array().into_iter().flatten().find(|it| it["KeyType"] == "HASH");
    hash.and_then(|it| it["AttributeName"].as_str()).unwrap_or_default().to_owned()
}

//! Makes the store's tables those of the template, without ever touching one that exists.

use serde_json::{Value, json};

use super::{DynamoDb, description};
use crate::template::Table;

/// Why a table of the template cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// A table of that name exists and is another one.
    #[error(
        "table {table} exists with another {property} than the template's: it has {has}, the template says {says}"
    )]
    Differs {
        /// The table.
        table: String,
        /// The property that differs.
        property: &'static str,
        /// What exists.
        has: String,
        /// What the template says.
        says: String,
    },
    /// The engine refused the template's definition.
    #[error("table {table} cannot be created: {why}")]
    Refused {
        /// The table.
        table: String,
        /// The engine's words.
        why: String,
    },
}

impl DynamoDb {
    /// Creates the tables that are missing and compares the others with the template, without reading an item.
    ///
    /// # Errors
    /// When a table differs from the template's or cannot be created.
    pub fn create_tables(&self, tables: &[Table]) -> Result<(), TableError> {
        for table in tables {
            let named = json!({"TableName": table.name}).to_string();
            let existing = description::definition(&self.storage(), named.as_bytes());
            match existing {
                Ok(existing) => compare(table, &existing["Table"])?,
                Err(_) => self.must("CreateTable", table, &table.create).map(drop)?,
            }
            self.set_time_to_live(table)?;
        }
        Ok(())
    }

    /// Unlike keys and indexes, time to live can be turned on, off and over to another attribute at any time.
    fn set_time_to_live(&self, table: &Table) -> Result<(), TableError> {
        let described = self.must("DescribeTimeToLive", table, &json!({"TableName": table.name}))?;
        let has = described["TimeToLiveDescription"]["AttributeName"].as_str();
        if has == table.time_to_live.as_deref() {
            return Ok(());
        }
        let steps = [has.map(|it| (it, false)), table.time_to_live.as_deref().map(|it| (it, true))];
        for (attribute, enabled) in steps.into_iter().flatten() {
            let specification = json!({"AttributeName": attribute, "Enabled": enabled});
            let request = json!({"TableName": table.name, "TimeToLiveSpecification": specification});
            self.must("UpdateTimeToLive", table, &request)?;
        }
        Ok(())
    }

    fn must(&self, operation: &str, table: &Table, request: &Value) -> Result<Value, TableError> {
        let reply = self.answer(operation, request.to_string().as_bytes());
        if reply.status != 200 {
            let why = String::from_utf8_lossy(&reply.body).into_owned();
            return Err(TableError::Refused { table: table.name.clone(), why });
        }
        Ok(serde_json::from_slice(&reply.body).unwrap_or_default())
    }
}

fn compare(table: &Table, existing: &Value) -> Result<(), TableError> {
    let says = &table.create;
    let pairs = [
        ("KeySchema", keys(&existing["KeySchema"]), keys(&says["KeySchema"])),
        ("GlobalSecondaryIndexes", indexes(existing), indexes(says)),
        ("StreamSpecification", view(existing), view(says)),
    ];
    for (property, has, says) in pairs {
        if has != says {
            return Err(TableError::Differs { table: table.name.clone(), property, has, says });
        }
    }
    Ok(())
}

/// `pk HASH, sk RANGE`: what of a key matters.
fn keys(schema: &Value) -> String {
    let mut parts: Vec<String> = schema
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| format!("{} {}", text(&it["AttributeName"]), text(&it["KeyType"])))
        .collect();
    parts.sort();
    parts.join(", ")
}

fn indexes(table: &Value) -> String {
    let described = table["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let mut parts: Vec<String> =
        described.map(|it| format!("{} ({})", text(&it["IndexName"]), keys(&it["KeySchema"]))).collect();
    parts.sort();
    parts.join("; ")
}

fn view(table: &Value) -> String {
    text(&table["StreamSpecification"]["StreamViewType"]).to_owned()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

//! The DynamoDB tables of a template.

use serde_json::{Map, Value, json};

use super::error::TemplateError;
use super::node::Node;

/// An `AWS::DynamoDB::Table`.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The physical name.
    pub name: String,
    /// The request that creates it.
    pub create: Value,
    /// Whether its stream is on.
    pub streams: bool,
    /// The attribute that says when an item expires, if any does.
    pub time_to_live: Option<String>,
}

/// What is meant for AWS's operation of a table and has no counterpart in a folder is left out knowingly.
pub(super) const DONE: &[&str] = &[
    "TableName",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "StreamSpecification",
    "BillingMode",
    "TimeToLiveSpecification",
];

pub(super) fn read(logical_id: &str, properties: &Node<'_>) -> Result<Table, TemplateError> {
    let name = properties.get("TableName").map_or_else(|| Ok(logical_id.to_owned()), |it| it.text())?;
    let mut create = Map::from_iter([
        ("TableName".to_owned(), json!(name)),
        ("BillingMode".to_owned(), json!("PAY_PER_REQUEST")),
        ("AttributeDefinitions".to_owned(), properties.need("AttributeDefinitions")?.value.clone()),
        ("KeySchema".to_owned(), properties.need("KeySchema")?.value.clone()),
    ]);
    for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        create.extend(properties.get(index).map(|it| (index.to_owned(), it.value.clone())));
    }
    let stream = properties.get("StreamSpecification");
    if let Some(stream) = &stream {
        let view = stream.need("StreamViewType")?.text()?;
        create
            .insert("StreamSpecification".to_owned(), json!({"StreamEnabled": true, "StreamViewType": view}));
    }
    let time_to_live = properties.get("TimeToLiveSpecification").map_or(Ok(None), |it| expiry(&it))?;
    Ok(Table { name, create: Value::Object(create), streams: stream.is_some(), time_to_live })
}

fn expiry(specification: &Node<'_>) -> Result<Option<String>, TemplateError> {
    let enabled = specification.need("Enabled")?.flag()?;
    enabled.then(|| specification.need("AttributeName")?.text()).transpose()
}

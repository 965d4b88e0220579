//! DynamoDB's calls: by table or index; batches by table, transactions by item.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Need, json};
use crate::aws::dynamodb::Statement;
use crate::aws::service::ServiceRequest;
use crate::template::{ACCOUNT, REGION, Table};

/// The partition key's attribute of each table (`things`) and index (`things/index/by-kind`).
#[derive(Debug, Default)]
pub(in crate::permissions) struct PartitionKeys(BTreeMap<String, String>);

impl PartitionKeys {
    pub(in crate::permissions) fn of(tables: &[Table]) -> Self {
        let mut keys = BTreeMap::new();
        for table in tables {
            keys.extend(hash(&table.create["KeySchema"]).map(|it| (table.name.clone(), it)));
            for kind in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
                for index in table.create[kind].as_array().into_iter().flatten() {
                    let name = format!("{}/index/{}", table.name, text(&index["IndexName"]));
                    keys.extend(hash(&index["KeySchema"]).map(|it| (name, it)));
                }
            }
        }
        Self(keys)
    }

    /// The value of the partition key in an item or a key, as conditions see it.
    fn value_in(&self, table: &str, item: &Value) -> Option<String> {
        plain(item.get(self.0.get(table)?)?)
    }
}

fn hash(schema: &Value) -> Option<String> {
    let hash = schema.as_array()?.iter().find(|it| it["KeyType"] == "HASH")?;
    hash["AttributeName"].as_str().map(str::to_owned)
}

/// `{"S": "a"}` → `a`.
fn plain(value: &Value) -> Option<String> {
    value.as_object()?.values().next()?.as_str().map(str::to_owned)
}

pub(super) fn needs(request: &ServiceRequest, keys: &PartitionKeys) -> Vec<Need> {
    let body = json(request);
    let operation = request.operation.as_str();
    match operation {
        "BatchGetItem" => by_table(&body, |table, asked| {
            let of = asked["Keys"].as_array().into_iter().flatten().filter_map(|it| keys.value_in(table, it));
            item_need(operation, table, of.collect(), asked)
        }),
        "BatchWriteItem" => by_table(&body, |table, asked| {
            let of = |it: &Value| {
                let put = keys.value_in(table, &it["PutRequest"]["Item"]);
                put.or_else(|| keys.value_in(table, &it["DeleteRequest"]["Key"]))
            };
            let leading = asked.as_array().into_iter().flatten().filter_map(of).collect();
            item_need(operation, table, leading, &Value::Null)
        }),
        "TransactWriteItems" | "TransactGetItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .flat_map(|it| it.as_object().into_iter().flatten())
                .map(|(kind, it)| of_transaction(kind, it, keys))
                .collect()
        }
        "BatchExecuteStatement" => {
            let statements = body["Statements"].as_array().into_iter().flatten();
            statements.map(|it| of_statement(text(&it["Statement"]))).collect()
        }
        "ListTables" => vec![Need::new("dynamodb:ListTables", arn("*"))],
        _ => vec![on_one_table(operation, &body, keys)],
    }
}

fn by_table(body: &Value, need: impl Fn(&str, &Value) -> Need) -> Vec<Need> {
    let tables = body["RequestItems"].as_object().into_iter().flatten();
    tables.map(|(table, asked)| need(table, asked)).collect()
}

fn of_transaction(kind: &str, item: &Value, keys: &PartitionKeys) -> Need {
    let operation = match kind {
        "ConditionCheck" => "ConditionCheckItem".to_owned(),
        kind => format!("{kind}Item"),
    };
    on_one_table(&operation, item, keys)
}

/// A statement that cannot be read needs what nobody has.
fn of_statement(statement: &str) -> Need {
    let (action, table) = Statement::of(statement).map_or(("PartiQL", "*"), |it| (it.action, it.table));
    Need::new(format!("dynamodb:{action}"), arn(table))
}

fn on_one_table(operation: &str, body: &Value, keys: &PartitionKeys) -> Need {
    let table = text(&body["TableName"]);
    let table = table.rsplit_once(":table/").map_or(table, |(_, name)| name);
    let resource = match body["IndexName"].as_str() {
        Some(index) => format!("{table}/index/{index}"),
        None => table.to_owned(),
    };
    let leading = match operation {
        "Query" => keys.0.get(&resource).and_then(|key| queried(body, key)),
        "PutItem" => keys.value_in(table, &body["Item"]),
        _ => keys.value_in(table, &body["Key"]),
    };
    item_need(operation, &resource, leading.into_iter().collect(), body)
}

fn item_need(operation: &str, resource: &str, leading: Vec<String>, body: &Value) -> Need {
    let listed = |name: &str| body[name].as_str().map(str::to_owned).into_iter().collect();
    Need::new(format!("dynamodb:{operation}"), arn(resource))
        .with("dynamodb:leadingkeys", leading)
        .with("dynamodb:select", listed("Select"))
        .with("dynamodb:returnvalues", listed("ReturnValues"))
}

/// The value that a query's key condition gives to the partition key: `pk = :pk`.
fn queried(body: &Value, key: &str) -> Option<String> {
    let condition = body["KeyConditionExpression"].as_str()?;
    let (names, values) = (&body["ExpressionAttributeNames"], &body["ExpressionAttributeValues"]);
    condition.split([' ', '(', ')', '=']).filter(|it| !it.is_empty()).collect::<Vec<_>>().windows(2).find_map(
        |pair| {
            let name = names[pair[0]].as_str().unwrap_or(pair[0]);
            (name == key).then(|| plain(&values[pair[1]])).flatten()
        },
    )
}

fn arn(resource: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{resource}")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

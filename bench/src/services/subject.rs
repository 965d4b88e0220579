//! An AWS with a queue, a bucket and a table of its own, and the requests that are made of it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    TableStatus,
};
use uuid::Uuid;

use crate::Error;
use crate::aws::{Aws, failed};
use crate::queue::Queue;

/// Items with the same partition key: what a query answers.
const PARTITION: u64 = 10;
const ITEM_BYTES: usize = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// What is measured.
pub(super) struct Subject {
    aws: Aws,
    pub(super) queue: Queue,
    /// The name of its bucket and its table, and what its secrets' names begin with.
    name: String,
}

type Item = HashMap<String, AttributeValue>;

impl Subject {
    pub(super) async fn prepare(aws: Aws) -> Result<Self, Error> {
        let name = format!("bench-{}", Uuid::new_v4());
        aws.s3.create_bucket().bucket(&name).send().await.map_err(failed)?;
        create_table(&aws, &name).await?;
        Ok(Self { queue: Queue::create(&aws).await?, aws, name })
    }

    pub(super) async fn put_object(&self, number: u64, bytes: usize) -> Result<(), Error> {
        let put = self.aws.s3.put_object().bucket(&self.name).key(object_key(number, bytes));
        put.body(object(number, bytes).into()).send().await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn get_object(&self, number: u64, bytes: usize) -> Result<(), Error> {
        let get = self.aws.s3.get_object().bucket(&self.name).key(object_key(number, bytes));
        let body = get.send().await.map_err(failed)?.body.collect().await.map_err(failed)?;
        same(object(number, bytes) == body.into_bytes().as_ref(), "object", number)
    }

    pub(super) async fn create_secret(&self, number: u64) -> Result<(), Error> {
        let create = self.aws.secrets.create_secret().name(self.secret_name(number));
        create.secret_string(number.to_string()).send().await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn get_secret(&self, number: u64) -> Result<(), Error> {
        let get = self.aws.secrets.get_secret_value().secret_id(self.secret_name(number));
        let value = get.send().await.map_err(failed)?.secret_string;
        same(value.as_deref() == Some(&number.to_string()), "secret", number)
    }

    pub(super) async fn put_item(&self, number: u64) -> Result<(), Error> {
        let put = self.aws.dynamodb.put_item().table_name(&self.name).set_item(Some(item(number)));
        put.send().await.map_err(failed)?;
        Ok(())
    }

    pub(super) async fn get_item(&self, number: u64) -> Result<(), Error> {
        let get = self.aws.dynamodb.get_item().table_name(&self.name).set_key(Some(item_key(number)));
        let found = get.send().await.map_err(failed)?.item;
        same(found.as_ref() == Some(&item(number)), "item", number)
    }

    pub(super) async fn query(&self, number: u64) -> Result<(), Error> {
        let query = self.aws.dynamodb.query().table_name(&self.name).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", partition(number));
        let found = query.send().await.map_err(failed)?.items.unwrap_or_default();
        same(found.contains(&item(number)), "item among those of its partition", number)
    }

    fn secret_name(&self, number: u64) -> String {
        format!("{}/{number}", self.name)
    }
}

async fn create_table(aws: &Aws, name: &str) -> Result<(), Error> {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().map_err(failed)
    };
    let key = |name: &str, kind| {
        KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(failed)
    };
    let create = aws.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    let create = create.attribute_definitions(attribute("pk", ScalarAttributeType::S)?);
    let create = create.attribute_definitions(attribute("sk", ScalarAttributeType::N)?);
    let create = create.key_schema(key("pk", KeyType::Hash)?).key_schema(key("sk", KeyType::Range)?);
    create.send().await.map_err(failed)?;
    while !is_active(aws, name).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn is_active(aws: &Aws, name: &str) -> Result<bool, Error> {
    let described = aws.dynamodb.describe_table().table_name(name).send().await.map_err(failed)?;
    Ok(described.table.and_then(|it| it.table_status) == Some(TableStatus::Active))
}

fn same(same: bool, what: &str, number: u64) -> Result<(), Error> {
    let other = || Error::Aws(format!("{what} {number} is not what was written"));
    if same { Ok(()) } else { Err(other()) }
}

fn object_key(number: u64, bytes: usize) -> String {
    format!("{bytes}/{number}")
}

/// Another one for each number.
fn object(number: u64, bytes: usize) -> Vec<u8> {
    number.to_be_bytes().into_iter().cycle().take(bytes).collect()
}

fn partition(number: u64) -> AttributeValue {
    AttributeValue::S((number / PARTITION).to_string())
}

fn item_key(number: u64) -> Item {
    let sk = AttributeValue::N(number.to_string());
    HashMap::from([("pk".to_owned(), partition(number)), ("sk".to_owned(), sk)])
}

fn item(number: u64) -> Item {
    let mut item = item_key(number);
    item.insert("body".to_owned(), AttributeValue::S("x".repeat(ITEM_BYTES)));
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_of_two_numbers_are_never_taken_for_each_other() {
        assert_ne!(object(1, 1_024), object(2, 1_024));
        assert_ne!(item(1), item(2));
        assert_eq!(object(1, 1_024).len(), 1_024);
    }

    #[test]
    fn a_query_answers_ten_items() {
        let partitions = |numbers: std::ops::Range<u64>| numbers.map(partition).collect::<Vec<_>>();
        assert!(partitions(20..30).iter().all(|it| *it == partition(20)));
        assert_ne!(partition(29), partition(30));
    }

    #[test]
    fn an_answer_that_is_something_else_is_an_error() {
        assert!(same(true, "item", 7).is_ok());
        let error = same(false, "item", 7).unwrap_err();
        assert!(error.to_string().contains("item 7 is not what was written"), "{error}");
    }
}

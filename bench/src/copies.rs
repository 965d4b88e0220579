//! Copies of an order, written straight into its tables: what a million orders leave on disk, in minutes instead of an hour.
//!
//! A copy is the items of the ledger and the item of the read model of an order that came through the API, under another id.
//! The ledger's stream is off meanwhile, so nobody is told of copies: no message is sent and nothing archived.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client as DynamoDb;
use aws_sdk_dynamodb::types::{
    AttributeValue, PutRequest, StreamSpecification, StreamViewType, WriteRequest,
};
use futures::future::try_join_all;
use uuid::Uuid;

use crate::Error;
use crate::aws::{Aws, failed};
use crate::client::Client;
use crate::orders::Orders;
use crate::read_back::list;

/// What the tables' names end with, whatever the stack is called.
const LEDGER: &str = "-orders";
const VIEWS: &str = "-order-views";
const WRITERS: usize = 8;
/// The items that one request takes.
const BATCH: usize = 25;
/// Until the order is listed with all that the platform does with it by itself.
const SETTLES: Duration = Duration::from_secs(5);
/// How often it is told how far the filling is.
const TOLD_EVERY: u64 = 100_000;

type Item = HashMap<String, AttributeValue>;

/// An order as it is stored.
struct Original {
    id: String,
    commits: Vec<Item>,
    view: Item,
}

/// The tables that copies are written to.
struct Tables {
    dynamodb: DynamoDb,
    ledger: String,
    views: String,
}

/// Creates order `number` and that many copies of it, for a tenant that has no orders yet.
///
/// # Errors
/// When a copy is not written.
pub(crate) async fn fill(
    aws: &Aws,
    client: &Client,
    orders: &Orders,
    number: u64,
    count: u64,
) -> Result<(), Error> {
    let tables = Tables::at(aws).await?;
    orders.create_one(client, number).await?;
    tokio::time::sleep(SETTLES).await;
    let listed = list(client, 1).await?.orders.into_keys().next().unwrap_or_default();
    let original = tables.original(client.tenant(), listed).await?;
    tables.set_stream(false).await?;
    let at_once = (BATCH / (original.commits.len() + 1)) as u64;
    let left = Cell::new(count);
    let writers = (0..WRITERS).map(async |_| {
        while left.get() > 0 {
            let copies = left.get().min(at_once);
            left.set(left.get() - copies);
            tables.write(&original, copies).await?;
            if left.get() % TOLD_EVERY < copies {
                eprintln!("{} copies left", left.get());
            }
        }
        Ok::<(), Error>(())
    });
    try_join_all(writers).await?;
    tables.set_stream(true).await
}

impl Tables {
    async fn at(aws: &Aws) -> Result<Self, Error> {
        let names = aws.dynamodb.list_tables().send().await.map_err(failed)?.table_names.unwrap_or_default();
        let named = |end: &str| names.iter().find(|it| it.ends_with(end)).cloned().unwrap_or_default();
        Ok(Self { dynamodb: aws.dynamodb.clone(), ledger: named(LEDGER), views: named(VIEWS) })
    }

    /// The order that is the tenant's only one.
    async fn original(&self, tenant: &str, id: String) -> Result<Original, Error> {
        let commits = self.partition(&self.ledger, &format!("{tenant}#{id}")).await?;
        let mut views = self.partition(&self.views, tenant).await?;
        let view = views.pop().filter(|_| views.is_empty() && (1..BATCH).contains(&commits.len()));
        let view =
            view.ok_or_else(|| Error::Aws(format!("{id} is not the only order of {tenant}, or too long")))?;
        Ok(Original { id, commits, view })
    }

    async fn partition(&self, table: &str, key: &str) -> Result<Vec<Item>, Error> {
        let query = self.dynamodb.query().table_name(table).key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", AttributeValue::S(key.to_owned()));
        Ok(query.send().await.map_err(failed)?.items.unwrap_or_default())
    }

    async fn set_stream(&self, enabled: bool) -> Result<(), Error> {
        let stream = StreamSpecification::builder()
            .stream_enabled(enabled)
            .set_stream_view_type(enabled.then_some(StreamViewType::NewImage));
        let update = self.dynamodb.update_table().table_name(&self.ledger);
        update.stream_specification(stream.build().map_err(failed)?).send().await.map_err(failed)?;
        Ok(())
    }

    async fn write(&self, original: &Original, copies: u64) -> Result<(), Error> {
        let ids: Vec<String> = (0..copies).map(|_| Uuid::new_v4().to_string()).collect();
        let puts = |items: &[Item]| {
            let copies = ids.iter().flat_map(|id| items.iter().map(|it| copy(it, &original.id, id)));
            copies.map(put).collect::<Result<Vec<_>, _>>()
        };
        let batch = self.dynamodb.batch_write_item();
        let batch = batch.request_items(&self.ledger, puts(&original.commits)?);
        let batch = batch.request_items(&self.views, puts(std::slice::from_ref(&original.view))?);
        let unwritten = batch.send().await.map_err(failed)?.unprocessed_items.unwrap_or_default();
        if unwritten.is_empty() { Ok(()) } else { Err(Error::Aws("a copy was not written".to_owned())) }
    }
}

fn put(item: Item) -> Result<WriteRequest, Error> {
    let put = PutRequest::builder().set_item(Some(item)).build().map_err(failed)?;
    Ok(WriteRequest::builder().put_request(put).build())
}

/// The same item with another id wherever it is written.
fn copy(item: &Item, from: &str, to: &str) -> Item {
    item.iter().map(|(name, value)| (name.clone(), copy_value(value, from, to))).collect()
}

fn copy_value(value: &AttributeValue, from: &str, to: &str) -> AttributeValue {
    match value {
        AttributeValue::S(text) => AttributeValue::S(text.replace(from, to)),
        AttributeValue::L(list) => {
            AttributeValue::L(list.iter().map(|it| copy_value(it, from, to)).collect())
        }
        AttributeValue::M(map) => AttributeValue::M(copy(map, from, to)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_its_own_id_wherever_the_original_has_it_and_nothing_else_differs() {
        let text = |it: &str| AttributeValue::S(it.to_owned());
        let item = |id: &str| {
            let inner = Item::from([("of".to_owned(), text(id))]);
            Item::from([
                ("pk".to_owned(), text(&format!("tenant#{id}"))),
                ("sk".to_owned(), AttributeValue::N("1".to_owned())),
                ("nested".to_owned(), AttributeValue::L(vec![AttributeValue::M(inner)])),
            ])
        };
        assert_eq!(copy(&item("an-id"), "an-id", "other"), item("other"));
    }
}

//! DynamoDB, as the Rust SDK sees it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Get, KeysAndAttributes, Put, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure,
    TransactGetItem, TransactWriteItem, Update,
};
use penstock_tests::shop::Shop;

/// A table of the template's without a stream, so that no function is handed what it cannot read.
struct Table {
    _shop: Shop,
    client: Client,
    name: String,
}

/// "PutItem", <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>: ConditionalCheckFailedException
/// carries the item when `ReturnValuesOnConditionCheckFailure` is `ALL_OLD`.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_put_carries_the_item_that_was_faster() {
    let table = Table::open().await;
    table.put("a", 1, "first").await;
    let refused = table
        .client
        .put_item()
        .table_name(&table.name)
        .set_item(Some(item("a", 1, "second")))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await
        .unwrap_err();
    let PutItemError::ConditionalCheckFailedException(refused) = refused.into_service_error() else {
        panic!("it is refused as a failed condition");
    };
    assert_eq!(refused.item, Some(item("a", 1, "first")));
}

/// "Paginating table query results in DynamoDB",
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html>: only the absence of `LastEvaluatedKey`
/// says that there is no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_paginator_ends_with_the_last_item() {
    let table = Table::open().await;
    for number in 1..=7 {
        table.put("a", number, "x").await;
    }
    let pages = table
        .client
        .query()
        .table_name(&table.name)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", text("a"))
        .limit(3)
        .into_paginator()
        .items()
        .send();
    let items: Vec<_> = pages.collect::<Result<_, _>>().await.expect("every page is answered");
    let numbers: Vec<_> = items.iter().map(|item| item["sk"].as_s().unwrap().as_str()).collect();
    assert_eq!(numbers, ["001", "002", "003", "004", "005", "006", "007"]);
}

/// "BatchGetItem", <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>: at most 100 keys, none
/// twice; what is beyond 16 MB is left in `UnprocessedKeys`.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_its_limits() {
    let table = Table::open().await;
    for keys in [(0..101).collect::<Vec<_>>(), vec![1, 1]] {
        let refused = table.get_batch(&keys).await.unwrap_err();
        assert_eq!(refused.code(), Some("ValidationException"), "{} keys", keys.len());
    }
    let big = "x".repeat(390_000);
    let keys: Vec<u32> = (0..50).collect();
    for number in &keys {
        table.put("a", *number, &big).await;
    }
    let answer = table.get_batch(&keys).await.expect("fifty keys are taken");
    let got = answer.responses.unwrap()[&table.name].len();
    let left = answer.unprocessed_keys.unwrap()[&table.name].keys().len();
    assert_eq!(got + left, 50);
    assert!((1..=16 * 1024 * 1024 / 390_000).contains(&got), "{got} items were answered");
}

/// "TransactWriteItems", <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>: the reasons
/// stand in the order of the items, with the item that was in the way when asked for.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_transaction_gives_its_reasons_item_by_item() {
    let table = Table::open().await;
    table.put("a", 2, "first").await;
    let put = |number| {
        let put = Put::builder().table_name(&table.name).set_item(Some(item("a", number, "second")));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        TransactWriteItem::builder().put(put.build().unwrap()).build()
    };
    let transaction = table.client.transact_write_items().transact_items(put(1)).transact_items(put(2));
    let TransactWriteItemsError::TransactionCanceledException(cancelled) =
        transaction.send().await.unwrap_err().into_service_error()
    else {
        panic!("it is cancelled");
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code().unwrap_or_default()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(reasons[1].item, Some(item("a", 2, "first")));
}

/// "TransactWriteItems", <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>: a token makes a
/// transaction once, and is of one request.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_a_transaction_once_and_is_of_one_request() {
    let table = Table::open().await;
    assert_eq!(table.add_by_token("t", 1).await, None);
    assert_eq!(table.add_by_token("t", 1).await, None);
    assert_eq!(table.add_by_token("t", 2).await.as_deref(), Some("IdempotentParameterMismatchException"));
    assert_eq!(table.add_by_token("another", 1).await, None);
    assert_eq!(table.get("a", 1).await.unwrap()["hits"], AttributeValue::N("2".to_owned()));
}

/// "TransactGetItems", <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactGetItems.html>: an answer for each
/// item, in the order asked, empty for what is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_reads_in_the_order_it_was_asked() {
    let table = Table::open().await;
    table.put("a", 1, "first").await;
    table.put("a", 2, "second").await;
    let get = |number| {
        let get = Get::builder().table_name(&table.name).set_key(Some(key("a", number)));
        TransactGetItem::builder().get(get.build().unwrap()).build()
    };
    let gets = [get(2), get(3), get(1)].into();
    let answer = table.client.transact_get_items().set_transact_items(Some(gets)).send().await.unwrap();
    let contents: Vec<_> = answer.responses().iter().map(|it| it.item()?.get("content")).collect();
    assert_eq!(contents, [Some(&text("second")), None, Some(&text("first"))]);
}

/// "DynamoDB read and write operations",
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>: a query costs what its items come
/// to together, rounded up to 4 KB once.
#[tokio::test(flavor = "multi_thread")]
async fn a_query_says_what_it_costs() {
    let table = Table::open().await;
    for number in 1..=10 {
        table.put("a", number, &"x".repeat(1_000)).await;
    }
    let query = table.client.query().table_name(&table.name).key_condition_expression("pk = :pk");
    let query = query.expression_attribute_values(":pk", text("a")).consistent_read(true);
    let answer = query.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    assert_eq!(answer.consumed_capacity.unwrap().capacity_units, Some(3.0));
}

impl Table {
    async fn open() -> Self {
        let shop = Shop::open().await;
        Self { client: shop.dynamodb(), name: shop.table("products"), _shop: shop }
    }

    async fn put(&self, pk: &str, sk: u32, content: &str) {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item(pk, sk, content)));
        put.send().await.expect("the item is taken");
    }

    /// Adds to an item's hits in a transaction; the error's code, if there is one.
    async fn add_by_token(&self, token: &str, amount: u32) -> Option<String> {
        let update = Update::builder().table_name(&self.name).set_key(Some(key("a", 1)));
        let update = update.update_expression("ADD hits :amount");
        let update = update.expression_attribute_values(":amount", AttributeValue::N(amount.to_string()));
        let item = TransactWriteItem::builder().update(update.build().unwrap()).build();
        let write = self.client.transact_write_items().client_request_token(token).transact_items(item);
        write.send().await.err().and_then(|it| it.code().map(str::to_owned))
    }

    async fn get(&self, pk: &str, sk: u32) -> Option<HashMap<String, AttributeValue>> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(key(pk, sk)));
        get.consistent_read(true).send().await.expect("the table answers").item
    }

    async fn get_batch(
        &self,
        numbers: &[u32],
    ) -> Result<
        aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput,
        aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemError,
    > {
        let keys = numbers
            .iter()
            .map(|number| HashMap::from([("pk".into(), text("a")), ("sk".into(), numbered(*number))]));
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys.collect())).build().unwrap();
        let get = self.client.batch_get_item().request_items(&self.name, wanted);
        get.send().await.map_err(aws_sdk_dynamodb::error::SdkError::into_service_error)
    }
}

fn key(pk: &str, sk: u32) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".into(), text(pk)), ("sk".into(), numbered(sk))])
}

fn item(pk: &str, sk: u32, content: &str) -> HashMap<String, AttributeValue> {
    HashMap::from([("pk".into(), text(pk)), ("sk".into(), numbered(sk)), ("content".into(), text(content))])
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn numbered(value: u32) -> AttributeValue {
    AttributeValue::S(format!("{value:03}"))
}

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::functions::FunctionFlags;

use super::*;
use crate::aws::dynamodb::DynamoDb;
use crate::aws::dynamodb::tests;
use crate::template::Table;

#[test]
fn comparing_the_tables_with_the_template_reads_no_item() {
    let store = filled(1..=100);
    let read = count_reads(&store);
    store.create_tables(&[things()]).unwrap();
    assert_eq!(read.load(Ordering::Relaxed), 0);
    // The count itself works: a description does look at items.
    described(&store);
    assert_eq!(read.load(Ordering::Relaxed), 100);
}

#[test]
fn a_small_tables_items_are_counted_and_sized() {
    let store = filled(1..=100);
    delete(&store, 7);
    let table = described(&store);
    // An item's pk is 3 bytes, its sk 4, its kind 5, and its text 54.
    assert_eq!((&table["ItemCount"], &table["TableSizeBytes"]), (&json!(99), &json!(99 * 66)));
    let index = &table["GlobalSecondaryIndexes"][0];
    assert_eq!((&index["IndexName"], &index["ItemCount"]), (&json!("by-kind"), &json!(99)));
    assert_eq!(index["IndexSizeBytes"], json!(99 * 12));
}

#[test]
fn a_large_tables_items_are_estimated_from_samples() {
    let store = filled(1..=3_000);
    (1..=1_500).for_each(|sort| delete(&store, sort));
    let read = count_reads(&store);
    let items = described(&store)["ItemCount"].as_i64().unwrap();
    assert!((1_400..=1_600).contains(&items), "{items} of 1500");
    assert!(read.load(Ordering::Relaxed) <= 34 * 32, "{read:?}");
}

#[test]
fn what_is_described_is_what_was_created() {
    let store = filled(1..=1);
    let table = described(&store);
    let create = things().create;
    for same in ["TableName", "KeySchema", "StreamSpecification"] {
        assert_eq!(table[same], create[same], "{same}");
    }
    assert!(table["TableId"].is_string() && table["CreationDateTime"].as_f64().unwrap() > 1e9, "{table}");
    let missing = store.answer("DescribeTable", br#"{"TableName": "nothing"}"#);
    assert_eq!(missing.error.as_deref(), Some("ResourceNotFoundException"));
}

/// Puts a view in the table's place that counts the rows whose size is asked for.
fn count_reads(store: &DynamoDb) -> Arc<AtomicUsize> {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let storage = store.storage();
    let function = move |context: &rusqlite::functions::Context<'_>| {
        counted.fetch_add(1, Ordering::Relaxed);
        context.get::<i64>(0)
    };
    storage.conn().create_scalar_function("counted", 1, FunctionFlags::SQLITE_UTF8, function).unwrap();
    let view = "ALTER TABLE things RENAME TO stored;
                CREATE VIEW things AS SELECT rowid AS rowid, pk, sk, item_json, counted(item_size) AS item_size FROM stored;";
    storage.conn().execute_batch(view).unwrap();
    read
}

fn described(store: &DynamoDb) -> Value {
    let described = store.answer("DescribeTable", br#"{"TableName": "things"}"#);
    assert_eq!(described.status, 200);
    serde_json::from_slice::<Value>(&described.body).unwrap()["Table"].take()
}

fn filled(sorts: std::ops::RangeInclusive<u32>) -> DynamoDb {
    let store = DynamoDb::memory().unwrap();
    store.create_tables(&[things()]).unwrap();
    for sort in sorts {
        let mut put = key(sort);
        put["Item"] = put["Key"].take();
        put["Item"]["kind"] = json!({"S": "k"});
        put["Item"]["text"] = json!({"S": "x".repeat(50)});
        put.as_object_mut().unwrap().remove("Key");
        assert_eq!(store.answer("PutItem", put.to_string().as_bytes()).status, 200);
    }
    store
}

fn delete(store: &DynamoDb, sort: u32) {
    assert_eq!(store.answer("DeleteItem", key(sort).to_string().as_bytes()).status, 200);
}

fn key(sort: u32) -> Value {
    json!({"TableName": "things", "Key": {"pk": {"S": "a"}, "sk": {"N": sort.to_string()}}})
}

/// An index of its keys alone, so that its size is not the table's.
fn things() -> Table {
    let mut table = tests::things();
    table.create["GlobalSecondaryIndexes"][0]["Projection"] = json!({"ProjectionType": "KEYS_ONLY"});
    table
}

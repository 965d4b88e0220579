use serde_json::{Value, json};

use super::*;
use crate::template::Table;

#[test]
fn consumed_capacity_is_counted_though_nobody_asked_and_told_only_who_did() {
    let store = store();
    let quiet = store.answer("PutItem", &put("a", 1, 10));
    assert_eq!((quiet.write_units, quiet.read_units), (1.0, 0.0));
    assert_eq!(String::from_utf8(quiet.body).unwrap(), "{}");
    let large = store.answer("PutItem", &put("a", 2, 3_000));
    assert_eq!(large.write_units, 3.0);
    let mut query = json!({
        "TableName": "things", "KeyConditionExpression": "pk = :pk", "ConsistentRead": true,
        "ExpressionAttributeValues": {":pk": {"S": "a"}},
    });
    assert_eq!(store.answer("Query", query.to_string().as_bytes()).read_units, 1.0);
    query["ReturnConsumedCapacity"] = json!("TOTAL");
    let told: Value =
        serde_json::from_slice(&store.answer("Query", query.to_string().as_bytes()).body).unwrap();
    assert_eq!(told["ConsumedCapacity"]["CapacityUnits"], 1.0);
}

#[test]
fn a_lost_race_answers_with_the_item_that_won() {
    let store = store();
    write(&store, &put("a", 1, 10));
    let mut again: Value = serde_json::from_slice(&put("a", 1, 20)).unwrap();
    again["ConditionExpression"] = json!("attribute_not_exists(pk)");
    again["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    let lost = store.answer("PutItem", again.to_string().as_bytes());
    assert_eq!(lost.status, 400);
    assert_eq!(lost.error.as_deref(), Some("ConditionalCheckFailedException"));
    let body: Value = serde_json::from_slice(&lost.body).unwrap();
    assert_eq!(body["Item"]["text"]["S"].as_str().unwrap().len(), 10);
}

#[test]
fn a_malformed_request_and_an_unknown_operation_are_refused_as_such() {
    let store = store();
    for (operation, body) in [("PutItem", "{}"), ("PutItem", "no json"), ("MakeCoffee", "{}")] {
        let refused = store.answer(operation, body.as_bytes());
        assert_eq!(refused.status, 400, "{operation} {body}");
        assert!(refused.error.is_some());
    }
}

#[test]
fn what_a_mapping_was_given_is_trimmed_but_for_the_newest() {
    let store = store();
    store.set_mappings(&[("m", "things", true)]).unwrap();
    for sort in 1..=5 {
        write(&store, &put("a", sort, 10));
    }
    let records = store.records("things", 0, 100).unwrap();
    assert_eq!(records.len(), 5);
    store.advance("m", "things", records[2].position).unwrap();
    assert_eq!(store.held("things").unwrap(), 2);
    store.advance("m", "things", records[4].position).unwrap();
    assert_eq!(store.held("things").unwrap(), 1);
    write(&store, &put("a", 6, 10));
    let next = store.records("things", records[4].position, 100).unwrap();
    assert_eq!(next.len(), 1);
    assert!(next[0].position > records[4].position);
}

#[test]
fn the_slowest_mapping_holds_what_it_has_not_been_given() {
    let store = store();
    store.set_mappings(&[("fast", "things", true), ("slow", "things", true)]).unwrap();
    for sort in 1..=3 {
        write(&store, &put("a", sort, 10));
    }
    let last = store.newest("things").unwrap();
    store.advance("fast", "things", last).unwrap();
    assert_eq!(store.held("things").unwrap(), 3);
    // A mapping that the template no longer has holds nothing.
    store.set_mappings(&[("fast", "things", true)]).unwrap();
    store.advance("fast", "things", last).unwrap();
    assert_eq!(store.held("things").unwrap(), 1);
}

#[test]
fn checkpoints_and_tables_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = opened(&file);
    store.set_mappings(&[("m", "things", true)]).unwrap();
    write(&store, &put("a", 1, 10));
    let last = store.newest("things").unwrap();
    store.advance("m", "things", last).unwrap();
    drop(store);
    let store = opened(&file);
    store.set_mappings(&[("m", "things", true)]).unwrap();
    assert_eq!(store.checkpoint("m").unwrap(), last);
    assert!(store.records("things", last, 10).unwrap().is_empty());
}

#[test]
fn what_was_written_ahead_gets_into_the_file_while_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = opened(&file);
    let size = || std::fs::metadata(&file).unwrap().len();
    let before = size();
    for sort in 1..=300 {
        write(&store, &put("a", sort, 1_000));
    }
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while size() < before + 200_000 {
        assert!(std::time::Instant::now() < patience, "the file has only {} bytes", size());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_mapping_from_latest_is_not_given_what_was_before_it() {
    let store = store();
    write(&store, &put("a", 1, 10));
    store.set_mappings(&[("m", "things", false)]).unwrap();
    assert_eq!(store.checkpoint("m").unwrap(), store.newest("things").unwrap());
}

#[test]
fn a_record_is_what_lambda_would_be_given() {
    let store = store();
    write(&store, &put("a", 7, 3));
    let record = store.records("things", 0, 1).unwrap().remove(0);
    let event: Value = serde_json::from_str(record.event.get()).unwrap();
    assert_eq!(event["eventName"], "INSERT");
    assert_eq!(event["eventSource"], "aws:dynamodb");
    assert_eq!(event["dynamodb"]["Keys"], json!({"pk": {"S": "a"}, "sk": {"N": "7"}}));
    assert_eq!(event["dynamodb"]["NewImage"]["text"], json!({"S": "xxx"}));
    assert_eq!(event["dynamodb"]["SequenceNumber"], record.sequence_number());
    assert_eq!(event["eventSourceARN"], stream_arn("things"));
    let as_aws_reads: aws_lambda_events::dynamodb::EventRecord = serde_json::from_value(event).unwrap();
    assert_eq!(as_aws_reads.event_name, "INSERT");
}

#[test]
fn the_next_sequence_number_is_found_by_index_not_by_looking_at_all_records() {
    let store = store();
    let plan = |sql: &str| -> String {
        let storage = store.storage();
        let mut statement = storage.conn().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    // The statement dynoxide runs at every write to a table with a stream.
    let next = plan(
        "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 't'",
    );
    assert!(next.contains("_laptop_stream_order"), "{next}");
}

#[test]
fn a_table_with_other_keys_or_indexes_than_the_templates_is_a_clear_error() {
    let store = store();
    let mut other = things();
    other.create["KeySchema"] = json!([{"AttributeName": "pk", "KeyType": "HASH"}]);
    let error = store.create_tables(&[other]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table things exists with another KeySchema than the template's: \
         it has pk HASH, sk RANGE, the template says pk HASH"
    );
    let mut other = things();
    other.create.as_object_mut().unwrap().remove("GlobalSecondaryIndexes");
    let error = store.create_tables(&[other]).unwrap_err();
    assert!(error.to_string().contains("GlobalSecondaryIndexes"), "{error}");
}

fn write(store: &DynamoDb, item: &[u8]) {
    assert_eq!(store.answer("PutItem", item).status, 200);
}

fn put(pk: &str, sk: u32, size: usize) -> Vec<u8> {
    let item = json!({"pk": {"S": pk}, "sk": {"N": sk.to_string()}, "text": {"S": "x".repeat(size)}});
    json!({"TableName": "things", "Item": item}).to_string().into_bytes()
}

fn store() -> DynamoDb {
    let store = DynamoDb::memory().unwrap();
    store.create_tables(&[things()]).unwrap();
    store
}

fn opened(file: &Path) -> DynamoDb {
    let store = DynamoDb::open(file).unwrap();
    store.create_tables(&[things()]).unwrap();
    store
}

fn things() -> Table {
    let create = json!({
        "TableName": "things",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "kind", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "GlobalSecondaryIndexes": [{
            "IndexName": "by-kind",
            "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }],
        "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    });
    Table { name: "things".into(), create, streams: true }
}

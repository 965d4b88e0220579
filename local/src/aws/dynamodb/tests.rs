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
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
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

#[test]
fn what_has_expired_is_deleted_and_the_stream_says_that_nobody_asked() {
    let store = expiring(Some("until"));
    for (sort, until) in [(1, json!({"N": "999"})), (2, json!({"N": "1000"})), (3, json!({"S": "999"}))] {
        write(&store, &put_until(sort, &until));
    }
    write(&store, &put("a", 4, 10));
    assert_eq!(store.sweep(1_000).unwrap(), 1);
    assert_eq!(sorts(&store), ["2", "3", "4"]);
    let record = store.records("things", 0, 100).unwrap().pop().unwrap();
    let event: Value = serde_json::from_str(record.event.get()).unwrap();
    assert_eq!(event["eventName"], "REMOVE");
    assert_eq!(event["userIdentity"], json!({"type": "Service", "principalId": "dynamodb.amazonaws.com"}));
    let as_aws_reads: aws_lambda_events::dynamodb::EventRecord = serde_json::from_value(event).unwrap();
    assert_eq!(as_aws_reads.user_identity.unwrap().principal_id, "dynamodb.amazonaws.com");
}

#[test]
fn what_a_caller_deletes_has_no_service_to_name() {
    let store = expiring(Some("until"));
    write(&store, &put_until(1, &json!({"N": "999"})));
    store.sweep(1_000).unwrap();
    write(&store, &put("a", 2, 10));
    let delete = json!({"TableName": "things", "Key": {"pk": {"S": "a"}, "sk": {"N": "2"}}});
    assert_eq!(store.answer("DeleteItem", delete.to_string().as_bytes()).status, 200);
    let record = store.records("things", 0, 100).unwrap().pop().unwrap();
    let event: Value = serde_json::from_str(record.event.get()).unwrap();
    assert_eq!((&event["eventName"], &event["userIdentity"]), (&json!("REMOVE"), &Value::Null));
}

#[test]
fn more_than_a_page_expires_in_one_sweep_and_readers_are_woken() {
    let store = expiring(Some("until"));
    let woken = store.watch("things");
    for sort in 1..=60 {
        write(&store, &put_until(sort, &json!({"N": "999"})));
    }
    woken.notified().now_or_never();
    assert_eq!(store.sweep(1_000).unwrap(), 60);
    assert!(woken.notified().now_or_never().is_some());
    assert_eq!(store.sweep(1_000).unwrap(), 0);
}

/// On tokio's time, of which hours pass at once; what has expired goes by the machine's.
#[tokio::test(start_paused = true)]
async fn what_is_written_when_it_has_expired_is_deleted_though_nothing_expired_for_hours() {
    let store = expiring(Some("until"));
    let (_stop, stopping) = tokio::sync::watch::channel(false);
    tokio::spawn(keep_swept(store.clone(), stopping));
    tokio::time::sleep(std::time::Duration::from_hours(5)).await;
    let past = (Timestamp::now().as_second() - 60).to_string();
    write(&store, &put_until(1, &json!({"N": past})));
    assert_eq!(sorts(&store), ["1"]);
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    assert_eq!(sorts(&store), [""; 0]);
}

#[test]
fn an_item_that_expired_more_than_five_years_ago_stays() {
    let store = expiring(Some("until"));
    write(&store, &put_until(1, &json!({"N": "999"})));
    assert_eq!(store.sweep(1_000 + 5 * 365 * 86_400).unwrap(), 0);
}

#[test]
fn what_has_expired_is_found_by_index_not_by_looking_at_all_items() {
    let store = expiring(Some("until"));
    store.sweep(1_000).unwrap();
    let storage = store.storage();
    let plan = "EXPLAIN QUERY PLAN SELECT item_json FROM \"things\"
         WHERE CAST(json_extract(item_json, '$.\"until\".N') AS INTEGER) < 1000";
    let plan: String = storage.conn().query_row(plan, [], |row| row.get(3)).unwrap();
    assert!(plan.contains("_laptop_expiry"), "{plan}");
}

#[test]
fn time_to_live_follows_the_template() {
    let store = expiring(Some("until"));
    write(&store, &put_until(1, &json!({"N": "999"})));
    store.create_tables(&[Table { time_to_live: Some("other".into()), ..things() }]).unwrap();
    assert_eq!(store.sweep(1_000).unwrap(), 0);
    store.create_tables(&[things()]).unwrap();
    let described = store.answer("DescribeTimeToLive", br#"{"TableName": "things"}"#).body;
    let described: Value = serde_json::from_slice(&described).unwrap();
    assert_eq!(described["TimeToLiveDescription"], json!({"TimeToLiveStatus": "DISABLED"}));
}

fn expiring(attribute: Option<&str>) -> DynamoDb {
    let store = DynamoDb::memory().unwrap();
    store.create_tables(&[Table { time_to_live: attribute.map(str::to_owned), ..things() }]).unwrap();
    store
}

fn put_until(sk: u32, until: &Value) -> Vec<u8> {
    let item = json!({"pk": {"S": "a"}, "sk": {"N": sk.to_string()}, "until": until});
    json!({"TableName": "things", "Item": item}).to_string().into_bytes()
}

pub(super) fn sorts(store: &DynamoDb) -> Vec<String> {
    let scanned: Value =
        serde_json::from_slice(&store.answer("Scan", br#"{"TableName": "things"}"#).body).unwrap();
    let items = scanned["Items"].as_array().unwrap().iter();
    items.map(|it| it["sk"]["N"].as_str().unwrap().to_owned()).collect()
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

pub(super) fn things() -> Table {
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
    Table { name: "things".into(), create, streams: true, time_to_live: None }
}

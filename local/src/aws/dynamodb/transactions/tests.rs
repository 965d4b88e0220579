use super::super::tests::{sorts, things};
use super::super::*;
use super::*;

#[test]
fn a_token_makes_a_transaction_once_and_is_of_one_request() {
    let store = store();
    let add = |amount: u32| answer(&store, &transaction("t", &[update(1, amount)]));
    assert_eq!(add(1).status, 200);
    let again = add(1);
    assert_eq!((again.status, again.body.as_slice()), (200, b"{}".as_slice()));
    assert_eq!(hits(&store, 1), "1");
    assert_eq!(add(2).error.as_deref(), Some("IdempotentParameterMismatchException"));
    assert_eq!(hits(&store, 1), "1");
}

#[test]
fn a_token_is_forgotten_after_ten_minutes() {
    let store = store();
    let at = |second: i64| {
        let body = transaction("t", &[update(1, 1)]);
        store.answer_at("TransactWriteItems", &body, Timestamp::from_second(second).unwrap())
    };
    assert_eq!((at(1_000).status, at(1_599).status), (200, 200));
    assert_eq!(hits(&store, 1), "1");
    assert_eq!(at(1_600).status, 200);
    assert_eq!(hits(&store, 1), "2");
}

#[test]
fn a_repetition_costs_the_reading_of_its_items_and_not_their_writing() {
    let store = store();
    let mut request: Value =
        serde_json::from_slice(&transaction("t", &[put(1, 5_000), update(2, 1)])).unwrap();
    request["ReturnConsumedCapacity"] = json!("TOTAL");
    let ask = || answer(&store, request.to_string().as_bytes());
    let (first, again) = (ask(), ask());
    assert_eq!((first.write_units, first.read_units), (12.0, 0.0));
    assert_eq!((again.write_units, again.read_units), (0.0, 6.0));
    let told: Value = serde_json::from_slice(&again.body).unwrap();
    assert_eq!(told["ConsumedCapacity"][0]["CapacityUnits"], 6.0);
}

#[test]
fn a_cancelled_transaction_may_be_tried_again_by_its_token() {
    let store = store();
    let mut only_new = put(1, 10);
    only_new["Put"]["ConditionExpression"] = json!("attribute_not_exists(pk)");
    write_plainly(&store, 1);
    let ask = || answer(&store, &transaction("t", &[only_new.clone(), put(2, 10)]));
    assert_eq!(ask().error.as_deref(), Some("TransactionCanceledException"));
    assert_eq!(sorts(&store), ["1"]);
    let delete = json!({"TableName": "things", "Key": key(1)});
    assert_eq!(store.answer("DeleteItem", delete.to_string().as_bytes()).status, 200);
    assert_eq!(ask().status, 200);
    assert_eq!(sorts(&store), ["1", "2"]);
}

#[test]
fn what_only_checks_or_deletes_nothing_is_remembered_too() {
    let store = store();
    let check = json!({"ConditionCheck": {
        "TableName": "things", "Key": key(1), "ConditionExpression": "attribute_not_exists(pk)"}});
    let delete = json!({"Delete": {"TableName": "things", "Key": key(1)}});
    for (token, item) in [("checks", check), ("deletes", delete)] {
        assert_eq!(answer(&store, &transaction(token, &[item])).status, 200);
        let other = answer(&store, &transaction(token, &[put(2, 10)]));
        assert_eq!(other.error.as_deref(), Some("IdempotentParameterMismatchException"), "{token}");
    }
}

#[test]
fn what_is_written_after_a_transaction_is_not_taken_for_its() {
    let store = store();
    let nowhere = json!({"Put": {"TableName": "nowhere", "Item": key(1)}});
    let refused = answer(&store, &transaction("t", &[put(1, 10), nowhere]));
    assert_eq!(refused.error.as_deref(), Some("ResourceNotFoundException"));
    write_plainly(&store, 2);
    assert_eq!(answer(&store, &transaction("t", &[put(3, 10)])).status, 200, "its token is free");
    assert_eq!(sorts(&store), ["2", "3"]);
}

#[test]
fn the_order_of_a_requests_members_makes_it_no_other_request() {
    let store = store();
    let request =
        |item: &str| format!(r#"{{"ClientRequestToken": "t", "TransactItems": [{{"Put": {{{item}}}}}]}}"#);
    let item = r#""Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}"#;
    let table = r#""TableName": "things""#;
    assert_eq!(answer(&store, request(&format!("{item}, {table}")).as_bytes()).status, 200);
    assert_eq!(answer(&store, request(&format!("{table}, {item}")).as_bytes()).status, 200);
}

#[test]
fn the_token_is_written_in_the_transaction_itself_and_survives_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let body = transaction("t", &[update(1, 1)]);
    let before = opened(&file);
    let asked = Asked::read(&body).unwrap();
    {
        // As far as a process gets that is killed between the transaction and what comes after it.
        let storage = before.storage();
        asked.runs(storage.conn(), Timestamp::now().as_second()).unwrap();
        assert!(operations::run(&storage, OPERATION, &body).is_ok());
    }
    drop(before);
    let after = opened(&file);
    assert_eq!(answer(&after, &body).status, 200);
    assert_eq!(hits(&after, 1), "1");
}

#[test]
fn what_is_written_after_a_transaction_that_crashed_is_not_taken_for_its() {
    let store = store();
    let asked = Asked::read(&transaction("t", &[put(1, 10)])).unwrap();
    let crashed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let storage = store.storage();
        asked.runs(storage.conn(), Timestamp::now().as_second()).unwrap();
        panic!("planted");
    }));
    assert!(crashed.is_err());
    write_plainly(&store, 2);
    assert_eq!(answer(&store, &transaction("t", &[put(3, 10)])).status, 200, "its token is free");
}

#[test]
fn the_items_of_a_transaction_are_in_the_stream_and_wake_its_readers() {
    let store = store();
    let woken = store.watch("things");
    assert_eq!(answer(&store, &transaction("t", &[put(1, 10), update(2, 1)])).status, 200);
    assert!(woken.notified().now_or_never().is_some());
    assert_eq!(store.records("things", 0, 10).unwrap().len(), 2);
    assert_eq!(answer(&store, &transaction("t", &[put(1, 10), update(2, 1)])).status, 200);
    assert_eq!(store.records("things", 0, 10).unwrap().len(), 2, "a repetition writes nothing");
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

fn answer(store: &DynamoDb, body: &[u8]) -> ServiceReply {
    store.answer("TransactWriteItems", body)
}

fn transaction(token: &str, items: &[Value]) -> Vec<u8> {
    json!({"ClientRequestToken": token, "TransactItems": items}).to_string().into_bytes()
}

fn put(sk: u32, size: usize) -> Value {
    let mut item = key(sk);
    item["text"] = json!({"S": "x".repeat(size)});
    json!({"Put": {"TableName": "things", "Item": item}})
}

fn update(sk: u32, amount: u32) -> Value {
    let values = json!({":amount": {"N": amount.to_string()}});
    json!({"Update": {"TableName": "things", "Key": key(sk), "UpdateExpression": "ADD hits :amount",
        "ExpressionAttributeValues": values}})
}

fn key(sk: u32) -> Value {
    json!({"pk": {"S": "a"}, "sk": {"N": sk.to_string()}})
}

fn write_plainly(store: &DynamoDb, sk: u32) {
    let request = json!({"TableName": "things", "Item": key(sk)});
    assert_eq!(store.answer("PutItem", request.to_string().as_bytes()).status, 200);
}

fn hits(store: &DynamoDb, sk: u32) -> String {
    let request = json!({"TableName": "things", "Key": key(sk)});
    let got: Value =
        serde_json::from_slice(&store.answer("GetItem", request.to_string().as_bytes()).body).unwrap();
    got["Item"]["hits"]["N"].as_str().unwrap_or_default().to_owned()
}

use serde_json::json;

use super::*;
use crate::aws::dynamodb::tests;
use crate::template::Table;

/// As old as an item may be shown.
fn long_ago() -> Duration {
    BEHIND_MAX
}

#[test]
fn a_read_that_is_behind_shows_what_was_to_anybody() {
    let it = Setting::new();
    it.settle();
    it.put(1, "blue");
    assert_eq!(it.behind("GetItem", &get(1), long_ago), Some(vec![]), "it is not there yet");
    it.settle();
    it.put(1, "red");
    assert_eq!(it.behind("GetItem", &get(1), long_ago), Some(vec!["blue".to_owned()]));
    assert_eq!(it.behind("GetItem", &get(1), || Duration::ZERO), None, "the moment is now");
    assert_eq!(it.now("GetItem", &get(1)), ["red"], "and nothing was changed by that");
}

#[test]
fn an_item_that_was_deleted_is_still_there() {
    let it = Setting::new();
    it.put(1, "blue");
    it.settle();
    it.answer("DeleteItem", &json!({"TableName": "things", "Key": key(1)}));
    assert_eq!(it.behind("Query", &of_table(), long_ago), Some(vec!["blue".to_owned()]));
    assert_eq!(it.now("Query", &of_table()), [""; 0]);
}

/// In an index of colours, what became red is not there yet, and is still among the blue.
#[test]
fn an_index_is_behind_by_itself() {
    let it = Setting::new();
    it.put(1, "blue");
    it.settle();
    it.put(1, "red");
    it.put(2, "red");
    assert_eq!(it.behind("Query", &of_index("red"), long_ago), Some(vec![]));
    assert_eq!(it.behind("Query", &of_index("blue"), long_ago), Some(vec!["blue".to_owned()]));
    assert_eq!(it.now("Query", &of_index("red")).len(), 2);
}

/// Items may be of different moments, each of which really was.
#[test]
fn each_item_is_as_it_was_at_a_moment_of_its_own() {
    let it = Setting::new();
    it.put(1, "blue");
    it.put(2, "blue");
    it.settle();
    it.put(1, "red");
    it.put(2, "red");
    let mut first = true;
    let behind = it.behind("Query", &of_table(), || match std::mem::take(&mut first) {
        true => BEHIND_MAX,
        false => Duration::ZERO,
    });
    assert_eq!(
        behind,
        Some(vec!["red".to_owned(), "blue".to_owned()]),
        "the newest write is asked for first"
    );
}

#[test]
fn a_consistent_read_is_never_behind() {
    let it = Setting::new();
    it.put(1, "blue");
    let mut consistent = get(1);
    consistent["ConsistentRead"] = json!(true);
    assert_eq!(it.behind("GetItem", &consistent, long_ago), None);
    let mut batch = json!({"RequestItems": {"things": {"Keys": [key(1)], "ConsistentRead": true}}});
    assert_eq!(it.behind("BatchGetItem", &batch, long_ago), None);
    batch["RequestItems"]["things"]["ConsistentRead"] = json!(false);
    let behind = it.store.answer_behind("BatchGetItem", batch.to_string().as_bytes(), long_ago).unwrap();
    let body: Value = serde_json::from_slice(&behind.expect("it was written lately").body).unwrap();
    assert_eq!(body["Responses"]["things"], json!([]));
}

#[test]
fn what_was_written_long_ago_is_shown_as_it_is() {
    let it = Setting::new();
    it.put(1, "blue");
    it.settle();
    assert_eq!(it.behind("GetItem", &get(1), long_ago), None);
}

struct Setting {
    store: DynamoDb,
}

impl Setting {
    fn new() -> Self {
        let store = DynamoDb::memory().unwrap();
        store.create_tables(&[things()]).unwrap();
        store.remember().unwrap();
        Self { store }
    }

    /// Lets what was written become old, without waiting for it.
    fn settle(&self) {
        let sql = "UPDATE _laptop_past SET at = at - ?1";
        self.store.storage().conn().execute(sql, [BEHIND_MAX.as_millis() as i64 + 1_000]).unwrap();
    }

    fn put(&self, number: u32, colour: &str) {
        let mut item = key(number);
        item["colour"] = json!({"S": colour});
        self.answer("PutItem", &json!({"TableName": "things", "Item": item}));
    }

    fn answer(&self, operation: &str, body: &Value) -> Value {
        let reply = self.store.answer(operation, body.to_string().as_bytes());
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        serde_json::from_slice(&reply.body).unwrap()
    }

    fn now(&self, operation: &str, body: &Value) -> Vec<String> {
        colours(&self.answer(operation, body))
    }

    fn behind(&self, operation: &str, body: &Value, behind: impl FnMut() -> Duration) -> Option<Vec<String>> {
        let reply = self.store.answer_behind(operation, body.to_string().as_bytes(), behind).unwrap()?;
        assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
        Some(colours(&serde_json::from_slice(&reply.body).unwrap()))
    }
}

/// The colours of what was found.
fn colours(body: &Value) -> Vec<String> {
    let items =
        body["Items"].as_array().cloned().unwrap_or_else(|| body.get("Item").cloned().into_iter().collect());
    items.iter().map(|it| it["colour"]["S"].as_str().unwrap().to_owned()).collect()
}

fn get(number: u32) -> Value {
    json!({"TableName": "things", "Key": key(number)})
}

fn key(number: u32) -> Value {
    json!({"pk": {"S": "a"}, "sk": {"N": number.to_string()}})
}

fn of_table() -> Value {
    query(json!("pk = :it"), "a")
}

fn of_index(colour: &str) -> Value {
    let mut query = query(json!("colour = :it"), colour);
    query["IndexName"] = json!("by-colour");
    query
}

fn query(condition: Value, it: &str) -> Value {
    json!({
        "TableName": "things", "KeyConditionExpression": condition, "ExpressionAttributeValues": {":it": {"S": it}},
    })
}

/// With an index of colours, in order.
fn things() -> Table {
    let mut table = tests::things();
    table.create["AttributeDefinitions"][2]["AttributeName"] = json!("colour");
    table.create["GlobalSecondaryIndexes"] = json!([{
        "IndexName": "by-colour",
        "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "Projection": {"ProjectionType": "ALL"},
    }]);
    table
}

//! The ledger's stream, played by hand: a function is invoked with the commits that a test chooses, in its order.

use aws_sdk_dynamodb::types::AttributeValue;
use penstock_domain::OrderId;
use penstock_local::{Options, TEMPLATE};
use serde_json::{Value, json};

use crate::life::tenant;
use crate::runtime;
use crate::shop::{Answer, Shop, send};

/// A platform on which views do not follow the stream: the test says what is projected.
///
/// # Panics
/// When the template has no such mapping.
#[must_use]
pub fn without_projection() -> Options {
    let mapping = "FunctionName: !GetAtt ProjectOrdersFunction.Arn\n";
    let template = TEMPLATE.replace(mapping, &format!("{mapping}      Enabled: false\n"));
    assert_ne!(template, TEMPLATE);
    Options { template, ..runtime::options() }
}

/// Invokes a function with these commits of an order, as the ledger holds them.
///
/// # Panics
/// When the ledger does not hold one.
pub async fn deliver(shop: &Shop, function: &str, order: OrderId, numbers: &[u32]) -> Answer {
    let commits: Vec<_> = numbers.iter().map(|number| (order, *number)).collect();
    deliver_batch(shop, function, &commits).await
}

/// Invokes a function with these commits of any orders.
///
/// # Panics
/// When the ledger does not hold one.
pub async fn deliver_batch(shop: &Shop, function: &str, commits: &[(OrderId, u32)]) -> Answer {
    let mut records = Vec::new();
    for (order, number) in commits {
        records.push(record(records.len(), &image(shop, *order, *number).await));
    }
    let path = format!("/2015-03-31/functions/{function}/invocations");
    send(shop.bare("POST", &path).json(&json!({ "Records": records }))).await
}

/// A commit of one of the shop's orders as the stream shows it.
///
/// # Panics
/// When the ledger does not hold it.
pub async fn image(shop: &Shop, order: OrderId, number: u32) -> Value {
    let get = shop.dynamodb().get_item().table_name(shop.table("orders"));
    let get = get.key("pk", AttributeValue::S(format!("{}#{order}", tenant())));
    let got = get.key("sk", AttributeValue::N(number.to_string())).send().await.expect("the ledger answers");
    let image = got.item.expect("the ledger holds the commit").into_iter().map(|(name, value)| match value {
        AttributeValue::N(number) => (name, json!({ "N": number })),
        other => (name, json!({"S": other.as_s().expect("a commit is text and numbers")})),
    });
    Value::Object(image.collect())
}

/// A record of the stream; its sequence number is its place among others.
#[must_use]
pub fn record(place: usize, image: &Value) -> Value {
    json!({
        "awsRegion": "eu-central-1", "eventID": place.to_string(), "eventName": "INSERT", "eventSource": "aws:dynamodb",
        "dynamodb": {
            "NewImage": image, "SequenceNumber": place.to_string(), "SizeBytes": 1, "StreamViewType": "NEW_IMAGE",
        },
    })
}

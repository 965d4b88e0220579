//! Every consumer, killed after its effect and before its acknowledgement: what it was handed comes again, to another instance, and
//! everything is there once all the same.
//!
//! What goes to other people's servers is there once by its name, as their protocols have it: a letter by its `Message-ID`, an event by its
//! `webhook-id`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::{StreamExt, stream};
use penstock_local::{Options, Runtime, TEMPLATE};
use penstock_tests::archive::archived;
use penstock_tests::checkout::{
    becomes, books, buy, ends, give_back, no_dead_letters, outside, pay, receive, status, stock, types,
};
use penstock_tests::forgetful::Forgetful;
use penstock_tests::guards::consumers::functions;
use penstock_tests::guards::inventory::differences;
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use penstock_tests::receiver::Receiver;
use penstock_tests::runtime;
use penstock_tests::shop::{Shop, basket, product, send, uuid};
use serde_json::{Value, json};

/// All consumers of the template, and which effects each of them has.
const CONSUMERS: [(&str, &[&str]); 9] = [
    ("archive-events", &["archive"]),
    ("deliver-webhooks", &["webhooks"]),
    ("handle-payments", &["histories", "money"]),
    ("handle-shipping", &["histories", "parcels", "slips"]),
    ("handle-stock", &["histories", "stock"]),
    ("project-orders", &["views"]),
    ("relay-events", &["archive", "histories", "letters", "webhooks"]),
    ("run-checkout", &["histories", "money", "parcels", "stock"]),
    ("send-notifications", &["letters", "webhooks"]),
];
/// How many platforms run at once.
const AT_ONCE: usize = 3;

#[test]
fn every_consumer_of_the_template_is_killed() {
    let template = Template::parse(&tree::text("template.yaml"));
    let killed: BTreeSet<String> = CONSUMERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(differences(("template.yaml", &functions(&template)), ("CONSUMERS", &killed)), [""; 0]);
}

#[test]
fn a_consumer_that_is_not_killed_is_reported() {
    let planted =
        tree::text("template.yaml").replace("CodeUri: functions/handle-stock", "CodeUri: functions/another");
    assert!(functions(&Template::parse(&planted)).contains("another"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_killed_after_its_effect_and_before_its_acknowledgement_does_everything_once() {
    let (undisturbed, deaths) = live("nobody").await;
    assert_eq!(deaths, 0);
    let killed =
        stream::iter(CONSUMERS).map(async |(consumer, effects)| (consumer, effects, live(consumer).await));
    let killed: Vec<_> = killed.buffer_unordered(AT_ONCE).collect().await;
    for (consumer, effects, (happened, deaths)) in killed {
        assert!(deaths > 0, "{consumer} was never killed");
        for effect in effects {
            assert!(
                !undisturbed[effect].as_array().unwrap().is_empty(),
                "{consumer} has no such effect: {effect}"
            );
        }
        assert_eq!(happened, undisturbed, "{consumer} was killed {deaths} times");
    }
}

/// Three orders live: one is delivered, one is short of its goods, one comes back. What is there then, and how often that consumer
/// was killed until then.
async fn live(killed: &'static str) -> (Value, usize) {
    let hosting = Forgetful::new(killed);
    let deaths = hosting.deaths();
    let shop = Shop::open_on(Options { hosting: Arc::new(hosting), ..quick() }).await;
    let receiver = Receiver::open().await;
    let webhook = json!({"url": receiver.url, "eventTypes": ["*"]});
    let put = send(shop.request("PUT", &format!("/v1/webhooks/{}", uuid(1))).json(&webhook)).await;
    assert_eq!(put.status, 201, "{}", put.text);
    shop.put_product(2, "1.00", "GBP").await;
    receive(&shop, 1, 10).await;
    receive(&shop, 2, 1).await;
    let mut short = basket();
    short["items"] = json!([{"productId": product(2), "quantity": 5}]);
    short["payment"] = json!({"method": "pm_card_visa"});
    short["contact"] = json!({"email": "bob@example.com"});
    let delivered = pay(&shop, 1, "pm_card_visa").await;
    let orders = [delivered, buy(&shop, 2, &short).await, pay(&shop, 3, "pm_card_visa").await];
    for id in &orders {
        ends(&shop, id, &["DELIVERED", "CANCELLED"]).await;
    }
    shop.platform.drained().await.unwrap();
    give_back(&shop, &orders[2], 4).await;
    becomes(&shop, &orders[2], "REFUNDED").await;
    shop.platform.drained().await.unwrap();
    (happened(&shop, &receiver, &orders).await, deaths.load(Ordering::SeqCst))
}

/// The template, whose queues hand a message out again within seconds instead of minutes.
fn quick() -> Options {
    let quick = |line: &str| match line.trim_start().starts_with("VisibilityTimeout:") {
        true => "      VisibilityTimeout: 5\n".to_owned(),
        false => format!("{line}\n"),
    };
    let template: String = TEMPLATE.lines().map(quick).collect();
    // On a busy machine a function may take longer than that, and its messages come more often.
    let template = template.replace("maxReceiveCount: 5\n", "maxReceiveCount: 50\n");
    assert!(template.contains("VisibilityTimeout: 5\n") && !template.contains("VisibilityTimeout: 180"));
    // Whoever is killed lives in this process.
    Options { template, runtime: Runtime::InProcess, ..runtime::checked_out() }
}

async fn happened(shop: &Shop, receiver: &Receiver, orders: &[String]) -> Value {
    no_dead_letters(shop).await;
    let mut histories = Vec::new();
    for id in orders {
        histories.push(json!([status(shop, id).await, types(shop, id).await]));
    }
    let mut shown = Vec::new();
    for view in shop.list("").await {
        shown.push(json!([view["orderId"], view["status"], view["version"], view["fulfilment"]]));
    }
    json!({
        "histories": histories,
        "views": sorted(shown),
        "stock": [stock(shop, 1).await, movements(shop, 1).await, stock(shop, 2).await, movements(shop, 2).await],
        "money": [books(shop).await.0, books(shop).await.1, listed(shop, "payments", &["status", "captured", "refunded"]).await],
        "parcels": listed(shop, "shipments", &["reference", "status"]).await,
        "slips": slips(shop).await,
        "letters": letters(shop).await,
        "webhooks": told(receiver),
        "archive": sorted(archived(&shop.platform).await.iter().map(|(_, it)| json!(it.id())).collect()),
    })
}

/// What was booked of a product, in any order: orders are not booked in turn.
async fn movements(shop: &Shop, number: u128) -> Value {
    let path = format!("/v1/stock/{}/movements?limit=100", product(number));
    let movements = shop.get(&path).await.json()["movements"].as_array().cloned().unwrap();
    sorted(movements.iter().map(|it| json!([it["kind"], it["quantity"]])).collect())
}

/// Members of all entries of a book of the world outside.
async fn listed(shop: &Shop, book: &str, members: &[&str]) -> Value {
    let entries = outside(shop, book).await[book].as_array().cloned().unwrap();
    sorted(entries.iter().map(|it| members.iter().map(|name| it[*name].clone()).collect()).collect())
}

/// The names of all packing slips.
async fn slips(shop: &Shop) -> Value {
    let config =
        aws_sdk_s3::config::Builder::from(&shop.platform.sdk_config("auditor")).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    let buckets = s3.list_buckets().send().await.unwrap();
    let documents = |name: &&str| name.contains("-documents-");
    let bucket = buckets.buckets().iter().filter_map(|it| it.name()).find(documents).unwrap();
    let found = s3.list_objects_v2().bucket(bucket).send().await.unwrap();
    sorted(found.contents().iter().map(|it| json!(it.key())).collect())
}

/// The letters in the mailbox by name, each name once.
async fn letters(shop: &Shop) -> Value {
    let mail = outside(shop, "mail").await["mail"].as_array().cloned().unwrap();
    let named = mail.iter().map(|letter| {
        let headers = letter["headers"].as_array().unwrap().iter();
        let name = headers.clone().find(|it| it[0] == "Message-ID").unwrap()[1].clone();
        json!([name, letter["recipients"], letter["subject"]])
    });
    once(named)
}

/// The events that the tenant's own server was told of by name, each name once.
fn told(receiver: &Receiver) -> Value {
    let delivered = receiver.delivered();
    once(delivered.iter().map(|it| json!([it.header("webhook-id"), it.event()["type"]])))
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by_key(Value::to_string);
    Value::Array(values)
}

fn once(values: impl Iterator<Item = Value>) -> Value {
    let once: BTreeSet<String> = values.map(|it| it.to_string()).collect();
    once.into_iter().map(|it| serde_json::from_str::<Value>(&it).unwrap()).collect()
}

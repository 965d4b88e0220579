//! From an order to those who are told of it: the relay, the queues, the archive.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use penstock_api::envelope::Envelope;
use penstock_local::aws::faults::refusal;
use penstock_local::aws::sqs::Outgoing;
use penstock_local::{Options, Platform, TEMPLATE};
use penstock_platform::subscriptions::{SUBSCRIPTIONS, Subscription};
use penstock_tests::archive::archived;
use penstock_tests::guards::tree;
use penstock_tests::shop::{Shop, uuid};
use serde_json::{Value, json};

const QUEUE: &str = "penstock-archive-events";
const DEAD_LETTERS: &str = "penstock-archive-events-dead-letters";

#[tokio::test(flavor = "multi_thread")]
async fn every_event_of_an_order_is_archived_once_as_its_history_tells_it() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.cancel(&id, 2).await;
    shop.platform.drained().await.unwrap();
    let archived = archived(&shop.platform).await;
    let mut told: Vec<&Envelope> = archived.iter().map(|(_, envelope)| envelope).collect();
    told.sort_by_key(|envelope| envelope.sequence());
    let types: Vec<_> = told.iter().map(|envelope| envelope.event_type()).collect();
    assert_eq!(types, ["penstock.order.created", "penstock.order.placed", "penstock.order.cancelled"]);
    let history = shop.get(&format!("/v1/orders/{id}/events")).await.json();
    let data: Vec<Value> =
        told.iter().map(|it| serde_json::from_str::<Value>(&it.to_json()).unwrap()["data"].clone()).collect();
    assert_eq!(history["events"], json!(data));
    let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    assert!(
        archived.iter().all(|(key, _)| key.starts_with(&format!("tenant=shop/day={today}/"))),
        "{archived:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_costs_one_message_and_one_object() {
    let shop = Shop::open().await;
    shop.platform.calls().reset();
    shop.order(1).await;
    shop.platform.drained().await.unwrap();
    sent_once_to_each(&shop.platform, &["created", "placed"]);
    assert_eq!(operations(&shop.platform, "archive-events"), ["PutObject"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_later_command_are_numbered_without_a_look_into_the_ledger() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.platform.drained().await.unwrap();
    shop.platform.calls().reset();
    shop.cancel(&id, 2).await;
    shop.platform.drained().await.unwrap();
    sent_once_to_each(&shop.platform, &["cancelled"]);
    let archived = archived(&shop.platform).await;
    assert_eq!(archived.iter().map(|(_, it)| it.sequence()).max(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_does_not_say_its_number_is_counted_from_the_ledger() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.cancel(&id, 2).await;
    shop.platform.drained().await.unwrap();
    let mut event: Value = serde_json::from_str(&tree::text("events/relay-events/placed.json")).unwrap();
    let image = &mut event["Records"][0]["dynamodb"]["NewImage"];
    image["pk"]["S"] = json!(format!("shop#{id}"));
    image["sk"]["N"] = json!("2");
    shop.platform.calls().reset();
    let relayed = invoke(&shop.platform, "relay-events", &event).await;
    assert_eq!(relayed, json!({"batchItemFailures": []}));
    let read = shop.platform.calls().of("relay-events").into_iter().filter(|it| it.operation == "Query");
    assert_eq!(read.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_events_of_a_tenant_are_one_request_for_each_consumer() {
    let platform = Platform::start(quick()).await.unwrap();
    let mut event: Value = serde_json::from_str(&tree::text("events/relay-events/placed.json")).unwrap();
    let record = event["Records"][0].clone();
    let records = (1..=50_u128).map(|number| {
        let mut record = record.clone();
        record["dynamodb"]["NewImage"]["pk"]["S"] = json!(format!("acme#{}", uuid(number)));
        record
    });
    event["Records"] = records.collect();
    assert_eq!(invoke(&platform, "relay-events", &event).await, json!({"batchItemFailures": []}));
    let calls = platform.calls().of("relay-events");
    let queues: BTreeSet<_> = calls.iter().map(|it| it.tables.clone()).collect();
    assert!(calls.iter().all(|it| it.operation == "SendMessageBatch"));
    assert_eq!(calls.len(), queues.len(), "{calls:?}");
    platform.drained().await.unwrap();
    assert_eq!(archived(&platform).await.len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_again_in_other_company_is_not_archived_twice() {
    let platform = Platform::start(quick()).await.unwrap();
    let all: Vec<String> = (1..=4).map(|sequence| envelope("acme", 1, sequence)).collect();
    for company in [vec![1, 2], vec![2, 3], vec![1, 2, 3, 4], vec![4], vec![3, 1]] {
        deliver(&platform, company.into_iter().map(|it: usize| all[it - 1].clone())).await;
    }
    let archived = archived(&platform).await;
    let mut ids: Vec<_> = archived.iter().map(|(_, it)| it.id().to_owned()).collect();
    ids.sort();
    assert_eq!(ids, (1..=4).map(|it| format!("acme/{ORDER}/{it}")).collect::<Vec<_>>());
    let keys: BTreeSet<_> = archived.iter().map(|(key, _)| key.rsplit('/').next().unwrap()).collect();
    assert_eq!(keys, ["082600-1.ndjson", "082600-2.ndjson", "082600.ndjson"].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_archived_apart_and_what_came_together_of_a_second_together() {
    let platform = Platform::start(quick()).await.unwrap();
    let events = [envelope("acme", 1, 1), envelope("other", 1, 1), envelope("acme", 2, 2)];
    deliver(&platform, events).await;
    let keys: BTreeSet<_> = archived(&platform).await.into_iter().map(|(key, _)| key).collect();
    let key = |tenant: &str| format!("tenant={tenant}/day=2010-12-01/082600.ndjson");
    assert_eq!(keys, [key("acme"), key("other")].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_could_not_be_written_is_written_later() {
    let platform = Platform::start(quick()).await.unwrap();
    platform.faults().plant(|request| async move {
        (request.operation == "PutObject").then(|| refusal(400, "InvalidRequest", "planted"))
    });
    let sent = platform.queues().send_batch(QUEUE, vec![Outgoing::new(envelope("acme", 1, 1))]).unwrap();
    assert!(sent[0].is_ok());
    while !platform.calls().of("archive-events").iter().any(|call| call.operation == "PutObject") {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(archived(&platform).await.is_empty());
    platform.faults().clear();
    platform.drained().await.unwrap();
    assert_eq!(archived(&platform).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_becomes_a_dead_letter_and_holds_nobody_up() {
    let platform = Platform::start(quick()).await.unwrap();
    let alone = Outgoing::new("no json");
    let in_company = Outgoing::new(format!("[{{}},{}]", envelope("acme", 1, 1)));
    let sent = platform.queues().send_batch(QUEUE, vec![alone, in_company]).unwrap();
    assert!(sent.iter().all(Result::is_ok));
    platform.drained().await.unwrap();
    assert_eq!(archived(&platform).await.len(), 1);
    assert_eq!(platform.queues().counts(DEAD_LETTERS).unwrap().visible, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_whose_queue_was_away_is_sent_when_it_is_back() {
    let shop = Shop::open().await;
    shop.platform.faults().plant(|request| async move {
        (request.operation == "SendMessageBatch").then(|| refusal(400, "InvalidRequest", "planted"))
    });
    shop.order(1).await;
    while shop.platform.calls().of("relay-events").len() < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    shop.platform.faults().clear();
    shop.platform.drained().await.unwrap();
    assert_eq!(archived(&shop.platform).await.len(), 2);
}

const ORDER: &str = "13423f01-b4f1-5b6b-8ec2-9dd015e7a04f";

/// The suite's template, with a queue that brings a failed message back within a second instead of three minutes, and whose
/// consumer waits for no fuller batch.
fn quick() -> Options {
    let quicker = [
        ("VisibilityTimeout: 180", "VisibilityTimeout: 1"),
        ("maxReceiveCount: 5", "maxReceiveCount: 2"),
        ("BatchSize: 100\n      MaximumBatchingWindowInSeconds: 1\n", "BatchSize: 10\n"),
    ];
    let template = quicker.into_iter().fold(TEMPLATE.to_owned(), |template, (slow, quick)| {
        assert!(template.contains(slow), "{slow}");
        template.replace(slow, quick)
    });
    Options { template, ..penstock_tests::runtime::options() }
}

fn envelope(tenant: &str, version: u32, sequence: u32) -> String {
    let envelope = json!({
        "specversion": "1.0",
        "id": format!("{tenant}/{ORDER}/{sequence}"),
        "source": "urn:penstock:orders",
        "type": "penstock.order.placed",
        "subject": ORDER,
        "time": "2010-12-01T08:26:00Z",
        "datacontenttype": "application/json",
        "tenant": tenant,
        "sequence": format!("{sequence:010}"),
        "version": version,
        "correlationid": "c",
        "data": {"sequence": sequence},
    });
    envelope.to_string()
}

/// Invokes the archive with these messages together, as one delivery of its queue.
async fn deliver(platform: &Platform, bodies: impl IntoIterator<Item = String>) {
    let records =
        bodies.into_iter().enumerate().map(|(at, body)| json!({"messageId": at.to_string(), "body": body}));
    let event = json!({"Records": records.collect::<Vec<_>>()});
    assert_eq!(invoke(platform, "archive-events", &event).await, json!({"batchItemFailures": []}));
}

async fn invoke(platform: &Platform, function: &str, event: &Value) -> Value {
    let payload = event.to_string().into_bytes();
    let answer = platform.functions().invoke(function, payload, "1".to_owned()).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

/// The relay made no call but one to each consumer that takes any of these events.
#[track_caller]
fn sent_once_to_each(platform: &Platform, events: &[&str]) {
    let takes =
        |it: &&Subscription| events.iter().any(|of| it.takes.include(&format!("penstock.order.{of}")));
    let consumers = SUBSCRIPTIONS.iter().filter(takes).count();
    let calls = platform.calls().of("relay-events");
    assert!(calls.iter().all(|it| it.operation == "SendMessageBatch"), "{calls:?}");
    let queues: BTreeSet<_> = calls.iter().map(|it| it.tables.clone()).collect();
    assert_eq!((calls.len(), queues.len()), (consumers, consumers), "{calls:?}");
}

/// What a function called, each kind once.
fn operations(platform: &Platform, function: &str) -> Vec<String> {
    let calls = platform.calls().of(function).into_iter().map(|call| call.operation);
    let counted = calls.fold(BTreeMap::<String, u32>::new(), |mut counts, it| {
        *counts.entry(it).or_default() += 1;
        counts
    });
    counted
        .into_iter()
        .map(|(name, count)| if count == 1 { name } else { format!("{count} {name}") })
        .collect()
}

use std::collections::BTreeSet;

use penstock_domain::DeliveryId;
use penstock_domain::webhook::{Reach, Secret};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

#[test]
fn a_webhook_is_read_as_it_is_wanted() {
    let body = json!({"url": "https://shop.example.com", "eventTypes": ["penstock.order.placed"]});
    let wanted = put(&body).unwrap().wanted();
    assert_eq!(wanted.target.as_str(), "https://shop.example.com/");
    assert!(wanted.enabled && wanted.event_types.include("penstock.order.placed"));
    assert!(!wanted.event_types.include("penstock.order.created"));
    let body = json!({"url": "https://a.b", "eventTypes": ["*"], "enabled": false, "description": "ours"});
    let wanted = put(&body).unwrap().wanted();
    assert_eq!((wanted.enabled, wanted.event_types), (false, EventTypes::All));
    assert_eq!(wanted.description.as_deref(), Some("ours"));
}

#[test]
fn everything_wrong_with_a_webhook_is_said_at_once() {
    let body = json!({
        "url": "http://shop.example.com",
        "eventTypes": ["*", "penstock.order.placed", "order.lost", 7],
        "description": "a\nb",
        "enabled": "yes",
        "secret": "whsec_mine",
    });
    let problem = put(&body).unwrap_err();
    let places: Vec<_> = problem.details.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(
        places,
        ["/url", "/eventTypes/2", "/eventTypes/3", "/eventTypes", "/description", "/enabled", "/secret"]
    );
    assert_eq!(put(&json!({})).unwrap_err().details.len(), 2);
    assert_eq!(put(&json!({"url": "https://a.b", "eventTypes": []})).unwrap_err().details.len(), 1);
}

#[test]
fn a_webhook_is_shown_without_its_secret_unless_it_is_new() {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let wanted = put(&json!({"url": "https://a.b", "eventTypes": ["*"]})).unwrap().wanted();
    let webhook = Webhook::create(id(), wanted, Secret::new("whsec_abc".to_owned()), now);
    let shown = String::from_utf8(WebhookView::new(&webhook, now).to_json()).unwrap();
    assert!(!shown.contains("whsec_abc"), "{shown}");
    let told = WebhookView::new(&webhook, now).with_secret(&webhook, now).to_json();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["secret"], "whsec_abc");
    assert_eq!(told["secrets"], json!([{"since": "1970-01-01T00:00:00.000Z"}]));
    assert_eq!((&told["eventTypes"], &told["enabled"]), (&json!(["*"]), &json!(true)));
}

#[test]
fn every_event_there_is_can_be_asked_for() {
    let golden = include_str!("../../../domain/src/order/events.golden.jsonl");
    let stored: BTreeSet<String> = golden
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .map(|name| format!("penstock.order.{name}"))
        .collect();
    let offered: BTreeSet<String> = EVENT_TYPES.map(str::to_owned).into();
    assert_eq!(offered, stored);
}

#[test]
fn what_tries_a_webhook_out_is_a_cloud_event() {
    let (tenant, at) = ("acme".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
    let (id, body) = test_event(&tenant, id(), DeliveryId::derive(&tenant, id(), "a", at));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&body["id"], &body["type"]), (&json!(id), &json!(TEST_TYPE)));
    assert_eq!((&body["specversion"], &body["time"]), (&json!("1.0"), &json!("2026-01-01T00:00:00Z")));
    assert!(id.starts_with("acme/"), "{id}");
}

fn put(body: &Value) -> Result<PutWebhook, Problem> {
    PutWebhook::parse(body.to_string().as_bytes(), Reach::Internet)
}

fn id() -> WebhookId {
    WebhookId::from(Uuid::from_u128(1))
}

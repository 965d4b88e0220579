//! The payment provider's webhooks.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use penstock_sandbox::Options;
use sha2::Sha256;

use crate::harness::{Taken, World, in_file, options};

#[tokio::test]
async fn every_change_is_told_once_signed_with_each_active_secret() {
    let secrets = vec!["whsec_old".to_owned(), "whsec_new".to_owned()];
    let world = World::with(Options { payment_webhook_secrets: secrets.clone(), ..options() }).await;
    let held = world.authorise("pm_card_visa", "a").await;
    world.receiver.until(1).await;
    world.post(&format!("/v1/payment_intents/{}/capture", held.id()), "b", &[]).await;
    world.receiver.until(2).await;
    world.post("/v1/refunds", "c", &[("payment_intent", held.id())]).await;
    let taken = world.receiver.until(4).await;
    let mut kinds = world.receiver.kinds();
    kinds[2..].sort_unstable();
    assert_eq!(
        kinds,
        [
            "payment_intent.amount_capturable_updated",
            "payment_intent.succeeded",
            "charge.refunded",
            "refund.updated"
        ]
    );
    for webhook in &taken {
        assert_eq!(signatures(webhook), secrets.iter().map(|it| expected(webhook, it)).collect::<Vec<_>>());
    }
    let first = taken[0].json();
    assert_eq!(
        (&first["data"]["object"]["id"], &first["request"]["idempotency_key"]),
        (&held.body["id"], &"a".into())
    );
    assert_eq!(world.get(&format!("/v1/events/{}", first["id"].as_str().unwrap())).await.body, first);
}

#[tokio::test]
async fn declines_and_releases_are_told_too() {
    let world = World::new().await;
    world.authorise("pm_card_chargeDeclined", "a").await;
    world.receiver.until(1).await;
    let held = world.authorise("pm_card_visa", "b").await;
    world.receiver.until(2).await;
    world.post(&format!("/v1/payment_intents/{}/cancel", held.id()), "c", &[]).await;
    world.receiver.until(3).await;
    let kinds = world.receiver.kinds();
    assert_eq!(
        (kinds[0].as_str(), kinds[2].as_str()),
        ("payment_intent.payment_failed", "payment_intent.canceled")
    );
}

#[tokio::test]
async fn a_webhook_is_sent_until_it_is_taken_and_the_books_say_how_it_went() {
    let world = World::new().await;
    world.receiver.answers([500, 302]);
    world.authorise("pm_card_visa", "k").await;
    for sent in 1..=3 {
        world.receiver.until(sent).await;
        world.pass(Duration::from_secs(1));
    }
    let taken = world.receiver.taken();
    assert!(taken.iter().all(|it| it.body == taken[0].body), "the same event each time");
    let webhook = until_delivered(&world).await;
    assert_eq!(webhook["answers"], serde_json::json!(["500", "302", "200"]));
}

#[tokio::test]
async fn a_webhook_may_come_ten_times() {
    let world = World::new().await;
    world.authorise("pm_penstock_webhookTwice", "k").await;
    let taken = world.receiver.until(10).await;
    assert!(taken.iter().all(|it| it.json()["id"] == taken[0].json()["id"]));
}

#[tokio::test]
async fn a_webhook_may_be_there_before_the_answer() {
    let world = World::new().await;
    for key in ["a", "b", "c"] {
        let held = world.authorise("pm_penstock_webhookFirst", key).await;
        let told = world.receiver.taken().pop().expect("the webhook was first").json();
        assert_eq!(told["data"]["object"]["id"], held.id());
    }
}

#[tokio::test]
async fn a_webhook_may_be_late() {
    let world = World::new().await;
    world.authorise("pm_penstock_webhookLate", "late").await;
    world.authorise("pm_card_visa", "prompt").await;
    let prompt = world.receiver.until(1).await;
    assert_eq!(prompt[0].json()["request"]["idempotency_key"], "prompt");
    world.pass(options().timing.late);
    assert_eq!(world.receiver.until(2).await[1].json()["request"]["idempotency_key"], "late");
}

#[tokio::test]
async fn webhooks_may_overtake_each_other() {
    let world = World::new().await;
    let held = world.authorise("pm_penstock_webhookOutOfOrder", "a").await;
    world.post(&format!("/v1/payment_intents/{}/capture", held.id()), "b", &[]).await;
    world.receiver.until(1).await;
    world.pass(options().timing.late);
    world.receiver.until(2).await;
    assert_eq!(
        world.receiver.kinds(),
        ["payment_intent.succeeded", "payment_intent.amount_capturable_updated"]
    );
}

#[tokio::test]
async fn what_was_not_delivered_before_a_crash_is_delivered_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let before = World::without_receiver(in_file(folder.path())).await;
    let held = before.authorise("pm_card_visa", "k").await;
    drop(before);
    let after = World::with(in_file(folder.path())).await;
    let told = after.receiver.until(1).await[0].json();
    assert_eq!(told["data"]["object"]["id"], held.id());
}

/// The only webhook of the only payment, once it was taken.
async fn until_delivered(world: &World) -> serde_json::Value {
    for _ in 0..1_000 {
        let webhook = world.dev("/dev/payments").await["payments"][0]["webhooks"][0].clone();
        if webhook["state"] == "delivered" {
            return webhook;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it was never delivered");
}

fn signatures(webhook: &Taken) -> Vec<String> {
    let header = webhook.headers["stripe-signature"].to_str().unwrap();
    header.split(',').filter_map(|it| it.strip_prefix("v1=")).map(str::to_owned).collect()
}

fn expected(webhook: &Taken, secret: &str) -> String {
    let header = webhook.headers["stripe-signature"].to_str().unwrap();
    let at = header.split(',').find_map(|it| it.strip_prefix("t=")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(&webhook.body);
    hex::encode(mac.finalize().into_bytes())
}

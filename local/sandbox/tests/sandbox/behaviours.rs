//! Payment methods that misbehave.

use std::time::{Duration, Instant};

use crate::harness::{Answer, World, authorisation, options};

#[tokio::test]
async fn a_slow_payment_is_answered_late() {
    let world = World::new().await;
    let began = Instant::now();
    assert_eq!(world.authorise("pm_penstock_slow", "k").await.status, 200);
    assert!(began.elapsed() >= options().timing.slow);
}

#[tokio::test]
async fn a_payment_that_times_out_was_made_and_its_webhook_is_late() {
    let world = World::new().await;
    let call = world.call("/v1/payment_intents", "k", &authorisation("pm_penstock_timeout"));
    let cut = call.send().await.unwrap_err();
    assert!(cut.is_request() && !cut.is_timeout() && cut.status().is_none(), "{cut:?}");
    let made = world.authorise("pm_penstock_timeout", "k").await;
    assert!(made.is_replayed());
    assert_eq!(made.body["status"], "requires_capture");
    let capture = world.call(&format!("/v1/payment_intents/{}/capture", made.id()), "c", &[]);
    assert!(capture.send().await.is_err());
    assert_eq!(world.get(&format!("/v1/payment_intents/{}", made.id())).await.body["amount_received"], 1250);
    assert_eq!(world.receiver.taken().len(), 0);
    world.pass(Duration::from_hours(1));
    world.receiver.until(2).await;
}

#[tokio::test]
async fn a_flaky_payment_fails_every_other_time_before_or_after_it_took_effect() {
    let world = World::new().await;
    assert_eq!(world.authorise("pm_penstock_flaky", "a").await.status, 500);
    assert_eq!(world.dev("/dev/payments").await["payments"].as_array().unwrap().len(), 0);
    let held = world.authorise("pm_penstock_flaky", "a").await;
    assert!(!held.is_replayed());
    let capture = format!("/v1/payment_intents/{}/capture", held.id());
    let lost = world.post(&capture, "b", &[]).await;
    assert_eq!((lost.status, &lost.error()["type"]), (500, &"api_error".into()));
    assert_eq!(world.dev("/dev/payments").await["totals"][0]["captured"], 1250);
    let repeated = world.post(&capture, "b", &[]).await;
    assert!(repeated.is_replayed() && repeated.status == 200);
    let entry = &world.dev("/dev/payments").await["payments"][0];
    assert_eq!((&entry["attempts"], &entry["idempotencyKeys"]), (&4.into(), &serde_json::json!(["a", "b"])));
}

#[tokio::test]
async fn the_first_three_calls_of_a_rate_limited_payment_are_too_many() {
    let world = World::new().await;
    for _ in 0..3 {
        let refused = world.authorise("pm_penstock_rateLimited", "k").await;
        assert_eq!((refused.status, refused.headers["retry-after"].to_str().unwrap()), (429, "1"));
        assert_eq!(refused.error()["code"], "rate_limit");
    }
    let held = world.authorise("pm_penstock_rateLimited", "k").await;
    let taken = world.post(&format!("/v1/payment_intents/{}/capture", held.id()), "c", &[]).await;
    assert_eq!(taken.body["status"], "succeeded");
}

#[tokio::test]
async fn refunds_fail_in_each_way_and_then_work() {
    let world = World::new().await;
    let held = world.authorise("pm_penstock_refundFails", "a").await;
    world.post(&format!("/v1/payment_intents/{}/capture", held.id()), "b", &[]).await;
    let refund = async |key: &str| world.post("/v1/refunds", key, &[("payment_intent", held.id())]).await;
    let outcome = |answer: Answer| (answer.status, answer.body["status"].as_str().map(str::to_owned));
    assert_eq!(outcome(refund("r1").await), (500, None));
    assert_eq!(outcome(refund("r1").await), (200, Some("failed".to_owned())));
    assert_eq!(outcome(refund("r2").await), (500, None));
    assert_eq!(outcome(refund("r2").await), (200, Some("succeeded".to_owned())));
    assert_eq!(outcome(refund("r1").await), (200, Some("failed".to_owned())), "the key's answer stays");
    let entry = &world.dev("/dev/payments").await["payments"][0];
    assert_eq!((&entry["refunded"], entry["refunds"].as_array().unwrap().len()), (&1250.into(), 2));
}

#[tokio::test]
async fn while_the_provider_is_down_nothing_is_done() {
    let world = World::new().await;
    world.switch("/dev/payments/down").await;
    assert_eq!(world.authorise("pm_card_visa", "k").await.status, 503);
    assert_eq!(world.get("/v1/payment_intents/pi_any").await.status, 503);
    assert_eq!(world.dev("/dev/payments").await["down"], true);
    world.switch("/dev/payments/up").await;
    let made = world.authorise("pm_card_visa", "k").await;
    assert!(made.status == 200 && !made.is_replayed());
}

//! The books: complete, kept over a crash, and readable.

use penstock_sandbox::Page;
use serde_json::{Value, json};

use crate::harness::{World, in_file};

#[tokio::test]
async fn the_books_say_who_paid_what_and_sum_it_up() {
    let world = World::new().await;
    let held = world.authorise("pm_card_visa", "a").await;
    world.post(&format!("/v1/payment_intents/{}/capture", held.id()), "b", &[]).await;
    world.post("/v1/refunds", "c", &[("payment_intent", held.id()), ("amount", "250")]).await;
    let books = world.dev("/dev/payments").await;
    assert_eq!(
        books["totals"],
        json!([{"currency": "gbp", "payments": 1, "captured": 1250, "refunded": 250}])
    );
    let entry = &books["payments"][0];
    assert_eq!((&entry["metadata"], &entry["method"]), (&json!({"order": "7"}), &json!("pm_card_visa")));
    let operations: Vec<_> = entry["calls"].as_array().unwrap().iter().map(|it| &it["operation"]).collect();
    assert_eq!(operations, ["create", "capture", "refund"]);
}

#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let before = World::without_receiver(in_file(folder.path())).await;
    let held = before.authorise("pm_card_visa", "k").await;
    before.switch("/dev/mail/down").await;
    drop(before);
    let after = World::without_receiver(in_file(folder.path())).await;
    let repeated = after.authorise("pm_card_visa", "k").await;
    assert!(repeated.is_replayed());
    assert_eq!(repeated.id(), held.id());
    assert_ne!(after.authorise("pm_card_visa", "l").await.id(), held.id(), "no id is given twice");
    assert_eq!(after.dev("/dev/mail").await["down"], true);
}

#[tokio::test]
async fn long_books_have_pages() {
    let world = World::new().await;
    for key in ["a", "b", "c"] {
        world.authorise("pm_card_visa", key).await;
    }
    let first = world.dev("/dev/payments?limit=2").await;
    let second = world.dev(&format!("/dev/payments?limit=2&before={}", first["next"])).await;
    let keys = |books: &Value| -> Vec<_> {
        books["payments"].as_array().unwrap().iter().map(|it| it["idempotencyKeys"][0].clone()).collect()
    };
    assert_eq!((keys(&first), keys(&second)), (vec![json!("c"), json!("b")], vec![json!("a")]));
    assert_eq!((&second["next"], &second["totals"][0]["payments"]), (&Value::Null, &json!(3)));
    assert_eq!(world.sandbox.payments(&Page::default()).unwrap().payments.len(), 3);
}

#[tokio::test]
async fn a_browser_gets_a_page_on_which_nothing_runs() {
    let world = World::new().await;
    let form = [("amount", "5"), ("currency", "gbp"), ("metadata[order]", "<script>alert(1)</script>")];
    let id = world.post("/v1/payment_intents", "", &form).await.id().to_owned();
    let page = world.page("/dev/payments").await;
    assert!(page.starts_with("<!doctype html>") && page.contains(&id), "{page}");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
}

#[tokio::test]
async fn a_sandbox_that_was_stopped_answers_no_more() {
    let world = World::new().await;
    let url = world.sandbox.payments_url().to_owned();
    world.sandbox.stop().await;
    assert!(reqwest::get(format!("{url}/v1/payment_intents/pi_any")).await.is_err());
}

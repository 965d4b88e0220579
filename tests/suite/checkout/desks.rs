//! What desks do with letters that come late, astray, or from nobody.

use penstock_domain::order::Event;
use penstock_tests::checkout::{open, step, take};
use penstock_tests::life;
use penstock_tests::runtime;
use penstock_tests::shop::{Shop, send, uuid};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_by_the_provider_or_the_carrier_is_refused() {
    let shop = open().await;
    for path in ["/v1/webhooks/payments", "/v1/webhooks/carrier"] {
        let forged = shop.bare("POST", path).header("stripe-signature", "t=1,v1=00").json(&json!({}));
        let answer = send(forged).await;
        assert_eq!((answer.status, answer.code()), (403, "forbidden".into()), "{path}: {}", answer.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_waited_too_long_for_its_payment_is_cancelled() {
    let shop = Shop::open_on(runtime::options()).await;
    let (order, placed_at) = (life::order(7), life::days_ago(2));
    let mut history = life::usual(placed_at);
    history.truncate(1);
    let pay_by = Some(life::days_ago(1));
    history.push(vec![Event::StockReserved { at: placed_at, units: vec![], pay_by }]);
    life::plant(&shop, order, &history).await;
    let expire = step(&order.to_string(), "expire", &json!({"step": "expire", "at": life::days_ago(1)}));
    assert_eq!(take(&shop, "run-checkout", &expire).await, json!({"batchItemFailures": []}));
    let cancelled = shop.get(&format!("/v1/orders/{order}/events")).await.json();
    let last = cancelled["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["data"]["reason"]), (&json!("cancelled"), &json!("not paid in time")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_another_desk_ends_among_the_dead_letters() {
    let shop = Shop::open_on(runtime::options()).await;
    let astray = step(&uuid(7), "ship", &json!({"step": "ship"}));
    for (function, queue, letter) in [
        ("run-checkout", "checkout", &astray),
        ("handle-stock", "stock", &astray),
        ("handle-payments", "payments", &astray),
        ("send-notifications", "notifications", &json!({"no": "envelope"})),
    ] {
        assert_eq!(take(&shop, function, letter).await, json!({"batchItemFailures": []}), "{function}");
        let path = format!("/v1/dead-letters/{queue}");
        let operator = shop.token_with(&["platform-operator"]);
        let dead = send(shop.bare("GET", &path).bearer_auth(operator)).await;
        assert_eq!(dead.json()["deadLetters"].as_array().map(Vec::len), Some(1), "{function}: {}", dead.text);
    }
}

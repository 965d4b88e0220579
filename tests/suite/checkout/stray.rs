//! A parcel that the carrier took in the very moment that its order was called off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use penstock_tests::checkout::{
    becomes, books, no_dead_letters, open, open_with_a_slow_carrier, outside, pay, receive, refunded, stock,
    until,
};
use penstock_tests::shop::{Shop, send, uuid};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_of_an_order_that_is_called_off_in_that_moment_is_called_back() {
    let shop = open_with_a_slow_carrier().await;
    receive(&shop, 1, 10).await;
    let id = pay_and_call_off_when_handed_over(&shop, Duration::ZERO).await;
    assert_eq!(refunded(&shop, &id).await["shipments"], Value::Null);
    shop.platform.drained().await.unwrap();
    assert_eq!(outside(&shop, "shipments").await["shipments"][0]["status"], "cancelled");
    assert_eq!((stock(&shop, 1).await, books(&shop).await), (json!([10, 0, 10]), (500, 500)));
    no_dead_letters(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_has_left_by_then_is_shown_with_its_order_and_followed() {
    let shop = open().await;
    receive(&shop, 1, 10).await;
    let id = pay_and_call_off_when_handed_over(&shop, Duration::from_millis(1_500)).await;
    let order = until(&shop, &id, |order| order["shipments"][0]["status"] == "DELIVERED").await;
    assert_eq!(order["status"], "CANCELLED");
    assert!(order["shipments"][0]["consignment"]["trackingNumber"].is_string(), "{order:#}");
    refunded(&shop, &id).await;
    shop.platform.drained().await.unwrap();
    assert_eq!((stock(&shop, 1).await, books(&shop).await), (json!([10, 0, 10]), (500, 500)));
    assert!(!outside(&shop, "mail").await.to_string().contains("On its way"), "it is not announced");
    no_dead_letters(&shop).await;
}

/// The order is called off, and so much time passes, between the carrier's answer and the order's note of it.
async fn pay_and_call_off_when_handed_over(shop: &Shop, then: Duration) -> String {
    let orders = format!("{}/v1/orders", shop.platform.url());
    let asked = shop.request("POST", "").build().unwrap();
    let token = asked.headers()["authorization"].clone();
    let done = Arc::new(AtomicBool::new(false));
    shop.platform.faults().plant(move |call| {
        let noted = call.function == "handle-shipping" && call.operation == "PutItem";
        let first = noted && !done.swap(true, Ordering::SeqCst);
        let (orders, token) = (orders.clone(), token.clone());
        async move {
            if first {
                let body: Value = serde_json::from_slice(&call.body).unwrap();
                let order = body["Item"]["pk"]["S"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
                let cancel = reqwest::Client::new().post(format!("{orders}/{order}/cancellation"));
                let cancel = cancel.header("authorization", token).header("idempotency-key", uuid(0xc));
                let cancelled = send(cancel.json(&json!({}))).await;
                assert_eq!(cancelled.text_at("/status"), "CANCELLED", "{}", cancelled.text);
                tokio::time::sleep(then).await;
            }
            None
        }
    });
    let id = pay(shop, 1, "pm_card_visa").await;
    becomes(shop, &id, "CANCELLED").await;
    id
}

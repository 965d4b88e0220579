//! The answer of a call and its webhook race, providers fail, and an order is paid once all the same.

use std::time::Duration;

use penstock_tests::checkout::{
    becomes, books, no_dead_letters, open, open_and_ship_oneself, outside, pay, refunded, status, switch,
    types,
};
use penstock_tests::runtime;
use penstock_tests::shop::{Shop, send};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_before_the_answer_confirms_the_order_once() {
    once_and_delivered("pm_penstock_webhookFirst").await;
}

/// The money is taken and told of at once, and the answer takes five seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_during_the_answer_confirms_the_order_once() {
    once_and_delivered("pm_penstock_slow").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_after_the_answer_confirms_the_order_once() {
    once_and_delivered("pm_penstock_webhookLate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_ten_times_confirms_the_order_once() {
    once_and_delivered("pm_penstock_webhookTwice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_out_of_order_confirm_the_order_once() {
    once_and_delivered("pm_penstock_webhookOutOfOrder").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails_every_other_call_takes_the_money_once() {
    once_and_delivered("pm_penstock_flaky").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_has_too_much_to_do_takes_the_money_once() {
    once_and_delivered("pm_penstock_rateLimited").await;
}

/// The money is set aside and taken, and neither call is ever answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_after_a_timeout_is_looked_up_and_counts_once() {
    once_and_delivered("pm_penstock_timeout").await;
}

/// The order is given up while nobody knows whether the money was taken. It was, and goes back by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_success_after_a_timeout_and_a_cancellation_goes_back_by_itself() {
    let shop = open_and_ship_oneself().await;
    let id = pay(&shop, 1, "pm_penstock_timeout").await;
    becomes(&shop, &id, "PAYMENT_PROCESSING").await;
    while outside(&shop, "payments").await["payments"].as_array().is_none_or(Vec::is_empty) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(shop.cancel(&id, 2).await.json()["cancellationRequested"], true);
    becomes(&shop, &id, "CANCELLED").await;
    shop.platform.drained().await.unwrap();
    let (captured, refunded) = books(&shop).await;
    assert_eq!(captured, refunded);
    no_dead_letters(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_is_down_orders_are_taken_and_complete_by_themselves_after() {
    let shop = open().await;
    switch(&shop, "payments", "down").await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "PAYMENT_PROCESSING").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(status(&shop, &id).await, "PAYMENT_PROCESSING");
    switch(&shop, "payments", "up").await;
    becomes(&shop, &id, "DELIVERED").await;
    assert_eq!(books(&shop).await, (500, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_is_made_when_the_provider_works_again() {
    let shop = open_and_ship_oneself().await;
    let id = pay(&shop, 1, "pm_penstock_refundFails").await;
    becomes(&shop, &id, "CONFIRMED").await;
    shop.cancel(&id, 2).await;
    refunded(&shop, &id).await;
    assert_eq!(books(&shop).await, (500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_called_off_while_it_is_paid_ends_cancelled_and_paid_back() {
    let shop = open_and_ship_oneself().await;
    let id = pay(&shop, 1, "pm_penstock_slow").await;
    becomes(&shop, &id, "PAYMENT_PROCESSING").await;
    let asked = shop.cancel(&id, 2).await;
    assert_eq!(asked.json()["cancellationRequested"], true, "{}", asked.text);
    becomes(&shop, &id, "CANCELLED").await;
    shop.platform.drained().await.unwrap();
    let (captured, refunded) = books(&shop).await;
    assert_eq!(captured, refunded);
}

#[tokio::test(flavor = "multi_thread")]
async fn how_long_a_failed_payment_is_waited_for_is_read_when_it_fails() {
    // Where nothing is remembered, so that it is the payment desk that reads it.
    let mut options = runtime::checked_out();
    options.parameters.insert("CacheTtlSeconds".to_owned(), "0".to_owned());
    let shop = Shop::open_on(options).await;
    switch(&shop, "payments", "down").await;
    let id = pay(&shop, 1, "pm_card_chargeDeclined").await;
    becomes(&shop, &id, "PAYMENT_PROCESSING").await;
    let settings = send(shop.bare("PUT", "/dev/tenants/shop").json(&json!({"paymentMinutes": 7}))).await;
    assert_eq!(settings.status, 200, "{}", settings.text);
    switch(&shop, "payments", "up").await;
    let failed = becomes(&shop, &id, "PAYMENT_FAILED").await;
    let time = |name: &str| failed[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let waits = time("waitsUntil").duration_since(time("updatedAt")).as_mins();
    assert!((6..=7).contains(&waits), "{failed}");
    let read = shop.platform.calls().of("handle-payments");
    assert!(read.iter().any(|call| call.operation == "GetItem"), "{read:?}");
}

async fn once_and_delivered(method: &str) {
    let shop = open().await;
    let id = pay(&shop, 1, method).await;
    becomes(&shop, &id, "DELIVERED").await;
    shop.platform.drained().await.unwrap();
    let confirmed = types(&shop, &id).await.into_iter().filter(|it| it == "paymentConfirmed").count();
    assert_eq!((confirmed, books(&shop).await), (1, (500, 0)));
    no_dead_letters(&shop).await;
}

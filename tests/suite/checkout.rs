//! Orders from their placement to their delivery and back, by the real functions, over HTTP and queues, against a payment provider
//! and a carrier that are servers of their own.

use std::time::Duration;

use penstock_domain::order::Event;
use penstock_tests::life;
use penstock_tests::runtime;
use penstock_tests::shop::{Answer, Shop, basket, product, send, uuid};
use serde_json::{Value, json};

/// How long an order may take to get somewhere. On a machine that has nothing else to do it takes a second.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_placed_is_stocked_paid_shipped_and_delivered_by_itself() {
    let shop = open().await;
    receive(&shop, 1, 10).await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    let order = becomes(&shop, &id, "DELIVERED").await;
    assert_eq!(order["fulfilment"], "FULFILLED");
    assert_eq!(order["payments"]["kept"], json!({"amount": 5.0, "currency": "GBP"}));
    assert_eq!(order["shipments"][0]["status"], "DELIVERED");
    shop.platform.drained().await.unwrap();
    assert_eq!(stock(&shop, 1).await, json!([8, 0, 8]));
    let said = types(&shop, &id).await;
    let wanted = [
        "created",
        "placed",
        "stockReserved",
        "paymentStarted",
        "paymentConfirmed",
        "shipmentCreated",
        "shipped",
        "shipmentTracked",
        "trackingUpdated",
        "shipmentTracked",
        "delivered",
    ];
    assert_eq!(said, wanted);
    no_dead_letters(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_fails_and_is_retried_with_another_method() {
    let shop = open().await;
    receive(&shop, 1, 10).await;
    let id = pay(&shop, 1, "pm_card_chargeDeclinedInsufficientFunds").await;
    let failed = becomes(&shop, &id, "PAYMENT_FAILED").await;
    assert_eq!(failed["payments"]["attempts"][0]["code"], "insufficient_funds");
    assert!(failed["waitsUntil"].is_string(), "{failed}");
    assert_eq!(stock(&shop, 1).await, json!([10, 2, 8]), "its goods are kept while it can be paid");
    let retried = give_method(&shop, &id, 2, "pm_card_visa").await;
    assert_eq!(retried.status, 202, "{}", retried.text);
    becomes(&shop, &id, "DELIVERED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_a_payment_method_waits_until_one_is_given() {
    let shop = open().await;
    let id = shop.order(1).await.text_at("/orderId");
    let waiting = until(&shop, &id, |order| order["waitsUntil"].is_string()).await;
    assert_eq!(waiting["status"], "PENDING");
    give_method(&shop, &id, 2, "pm_card_visa").await;
    becomes(&shop, &id, "DELIVERED").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_products_short_of_one_are_told_and_nothing_is_kept() {
    let shop = open().await;
    shop.put_product(2, "1.00", "GBP").await;
    receive(&shop, 1, 10).await;
    receive(&shop, 2, 2).await;
    let mut body = basket();
    body["items"] =
        json!([{"productId": product(1), "quantity": 2}, {"productId": product(2), "quantity": 3}]);
    body["payment"] = json!({"method": "pm_card_visa"});
    let id = shop.command("POST", "/v1/orders", 1, &body).await.text_at("/orderId");
    becomes(&shop, &id, "CANCELLED").await;
    let history = shop.get(&format!("/v1/orders/{id}/events")).await.json();
    let short = &history["events"][2];
    assert_eq!(
        (&short["type"], &short["data"]["units"]),
        (&json!("stockShort"), &json!([{"productId": product(2), "quantity": 1}]))
    );
    shop.platform.drained().await.unwrap();
    assert_eq!([stock(&shop, 1).await, stock(&shop, 2).await], [json!([10, 0, 10]), json!([2, 0, 2])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_500_buyers_of_100_units_100_are_served_and_nothing_is_oversold() {
    let shop = open().await;
    receive(&shop, 1, 100).await;
    let mut body = basket();
    body["items"] = json!([{"productId": product(1), "quantity": 1}]);
    body["payment"] = json!({"method": "pm_card_visa"});
    let placed =
        futures::future::join_all((0..500).map(|key| shop.command("POST", "/v1/orders", key, &body))).await;
    assert!(placed.iter().all(|it| it.status == 201));
    let mut served = 0;
    for order in &placed {
        let order = ends(&shop, &order.text_at("/orderId"), &["DELIVERED", "CANCELLED"]).await;
        served += i32::from(order["status"] == "DELIVERED");
    }
    assert_eq!(served, 100);
    shop.platform.drained().await.unwrap();
    assert_eq!(stock(&shop, 1).await, json!([0, 0, 0]));
    let (captured, refunded) = books(&shop).await;
    assert_eq!((captured, refunded), (100 * 250, 0));
    no_dead_letters(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_order_that_is_called_off_gives_back_its_money_and_its_goods() {
    let shop = open_and_ship_oneself().await;
    receive(&shop, 1, 10).await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    assert_eq!(shop.cancel(&id, 2).await.status, 200);
    let order = refunded(&shop, &id).await;
    assert_eq!(order["status"], "CANCELLED");
    shop.platform.drained().await.unwrap();
    assert_eq!(stock(&shop, 1).await, json!([10, 0, 10]));
    assert_eq!(books(&shop).await, (500, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_before_the_answer_confirms_the_order_once() {
    once_and_delivered("pm_penstock_webhookFirst").await;
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
async fn a_shop_sends_its_parcels_itself_and_takes_some_back() {
    let shop = open_and_ship_oneself().await;
    receive(&shop, 1, 10).await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    let one = json!({"parts": [{"line": 0, "quantity": 1}], "carrier": "own van"});
    let first = shop.command("POST", &format!("/v1/orders/{id}/shipments"), 2, &one).await;
    assert_eq!(
        (first.status, first.text_at("/status"), first.text_at("/fulfilment")),
        (201, "SHIPPED".into(), "PARTLY".into())
    );
    let rest = shop.command("POST", &format!("/v1/orders/{id}/shipments"), 3, &json!({})).await;
    assert_eq!(rest.text_at("/fulfilment"), "FULFILLED", "{}", rest.text);
    let parcels: Vec<String> = [0, 1].map(|at| rest.text_at(&format!("/shipments/{at}/shipmentId"))).to_vec();
    track(&shop, &id, &parcels[0], 4, "IN_TRANSIT").await;
    assert_eq!(status(&shop, &id).await, "IN_TRANSIT");
    track(&shop, &id, &parcels[0], 5, "DELIVERED").await;
    assert_eq!(status(&shop, &id).await, "IN_TRANSIT");
    track(&shop, &id, &parcels[1], 6, "DELIVERED").await;
    assert_eq!(status(&shop, &id).await, "DELIVERED");
    let part = json!({"parts": [{"line": 0, "quantity": 1}], "reason": "too small"});
    let asked = shop.command("POST", &format!("/v1/orders/{id}/returns"), 7, &part).await;
    assert_eq!((asked.status, asked.text_at("/status")), (201, "RETURN_REQUESTED".into()));
    let receipt = format!("/v1/orders/{id}/returns/{}/receipt", asked.text_at("/return/returnId"));
    let came = shop.command("POST", &receipt, 8, &json!({})).await;
    assert_eq!((came.status, came.text_at("/status")), (200, "RETURNED".into()), "{}", came.text);
    let order = becomes(&shop, &id, "REFUNDED").await;
    assert_eq!(order["payments"]["kept"], json!({"amount": 2.5, "currency": "GBP"}));
    shop.platform.drained().await.unwrap();
    assert_eq!(stock(&shop, 1).await, json!([9, 0, 9]));
    assert_eq!(books(&shop).await, (500, 250));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_order_is_paid_back() {
    let shop = open_and_ship_oneself().await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    let sent = shop.command("POST", &format!("/v1/orders/{id}/shipments"), 2, &json!({})).await;
    let lost = track(&shop, &id, &sent.text_at("/shipments/0/shipmentId"), 3, "LOST").await;
    assert_eq!(lost.text_at("/status"), "LOST", "{}", lost.text);
    becomes(&shop, &id, "REFUNDED").await;
    assert_eq!(books(&shop).await, (500, 500));
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
async fn an_order_of_300_lines_is_delivered() {
    let shop = open().await;
    shop.limits(5_000, 1_000).await;
    let items: Vec<Value> =
        (1..=300).map(|number| json!({"productId": product(number), "quantity": 1})).collect();
    futures::future::join_all((1..=300).map(|number| shop.put_product(number, "1.00", "GBP"))).await;
    for number in 1..=300 {
        receive(&shop, number, 5).await;
    }
    let body = json!({"customerId": uuid(9), "items": items, "payment": {"method": "pm_card_visa"}});
    let id = shop.command("POST", "/v1/orders", 1, &body).await.text_at("/orderId");
    becomes(&shop, &id, "DELIVERED").await;
    shop.platform.drained().await.unwrap();
    assert_eq!([stock(&shop, 1).await, stock(&shop, 300).await], [json!([4, 0, 4]), json!([4, 0, 4])]);
    no_dead_letters(&shop).await;
}

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
async fn while_the_carrier_is_down_parcels_wait_and_are_sent_after() {
    let shop = open().await;
    switch(&shop, "shipments", "down").await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    switch(&shop, "shipments", "up").await;
    becomes(&shop, &id, "DELIVERED").await;
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

/// A step of an order of the shop's, in its envelope.
fn step(order: &str, name: &str, data: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "id": format!("shop/{order}/{name}/1"),
        "source": "urn:penstock:steps",
        "type": format!("penstock.step.{name}"),
        "subject": order,
        "time": "2026-11-20T12:00:00Z",
        "datacontenttype": "application/json",
        "tenant": "shop",
        "correlationid": "c",
        "data": data,
    })
}

/// What a consumer answers to a message with that letter.
async fn take(shop: &Shop, function: &str, letter: &Value) -> Value {
    let message = json!({"Records": [{
        "messageId": "m",
        "body": json!([letter]).to_string(),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795176000100", "MessageGroupId": "shop"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }]});
    let payload = serde_json::to_vec(&message).unwrap();
    let answered = shop.platform.functions().invoke(function, payload, uuid(1)).await;
    serde_json::from_slice(&answered.unwrap()).unwrap()
}

// What a test says to a shop, and reads of it.

async fn open() -> Shop {
    Shop::open_on(runtime::checked_out()).await
}

async fn open_and_ship_oneself() -> Shop {
    let shop = open().await;
    let settings = send(shop.bare("PUT", "/dev/tenants/shop").json(&json!({"shipsItself": true}))).await;
    assert_eq!(settings.status, 200, "{}", settings.text);
    shop
}

/// An order that is paid with that: two of product 1, for 5.00 GBP.
async fn pay(shop: &Shop, key: u128, method: &str) -> String {
    let mut body = basket();
    body["payment"] = json!({"method": method});
    let placed = shop.command("POST", "/v1/orders", key, &body).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    placed.text_at("/orderId")
}

async fn once_and_delivered(method: &str) {
    let shop = open().await;
    let id = pay(&shop, 1, method).await;
    becomes(&shop, &id, "DELIVERED").await;
    shop.platform.drained().await.unwrap();
    let confirmed = types(&shop, &id).await.into_iter().filter(|it| it == "paymentConfirmed").count();
    assert_eq!((confirmed, books(&shop).await), (1, (500, 0)));
}

async fn give_method(shop: &Shop, id: &str, key: u128, method: &str) -> Answer {
    shop.command("POST", &format!("/v1/orders/{id}/payments"), key, &json!({"method": method})).await
}

async fn track(shop: &Shop, id: &str, parcel: &str, key: u128, status: &str) -> Answer {
    let path = format!("/v1/orders/{id}/shipments/{parcel}/tracking");
    let tracked = shop.command("POST", &path, key, &json!({"status": status})).await;
    assert_eq!(tracked.status, 200, "{}", tracked.text);
    tracked
}

async fn receive(shop: &Shop, number: u128, quantity: u32) {
    let path = format!("/v1/stock/{}/adjustments", product(number));
    let received = shop
        .command("POST", &path, 0x9000 + number, &json!({"quantity": quantity, "reason": "delivery"}))
        .await;
    assert_eq!(received.status, 201, "{}", received.text);
}

/// On hand, reserved, available.
async fn stock(shop: &Shop, number: u128) -> Value {
    let stock = shop.get(&format!("/v1/stock/{}", product(number))).await.json();
    json!([stock["onHand"], stock["reserved"], stock["available"]])
}

async fn status(shop: &Shop, id: &str) -> String {
    shop.get(&format!("/v1/orders/{id}")).await.text_at("/status")
}

async fn types(shop: &Shop, id: &str) -> Vec<String> {
    let history = shop.get(&format!("/v1/orders/{id}/events")).await.json();
    let events = history["events"].as_array().unwrap().iter();
    events.map(|it| it["type"].as_str().unwrap().to_owned()).collect()
}

/// The order once it is there.
async fn becomes(shop: &Shop, id: &str, status: &str) -> Value {
    ends(shop, id, &[status]).await
}

async fn ends(shop: &Shop, id: &str, statuses: &[&str]) -> Value {
    until(shop, id, |order| statuses.iter().any(|status| order["status"] == *status)).await
}

async fn refunded(shop: &Shop, id: &str) -> Value {
    until(shop, id, |order| order["payments"]["refunds"][0]["paid"] == true).await
}

async fn until(shop: &Shop, id: &str, there: impl Fn(&Value) -> bool) -> Value {
    let started = std::time::Instant::now();
    loop {
        let order = shop.get(&format!("/v1/orders/{id}")).await.json();
        if there(&order) {
            return order;
        }
        assert!(started.elapsed() < PATIENCE, "{order:#}\n{:?}", types(shop, id).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the provider's books say was captured and refunded, in minor units.
async fn books(shop: &Shop) -> (i64, i64) {
    let books = send(shop.bare("GET", "/dev/payments").header("accept", "application/json")).await.json();
    let total = |name: &str| -> i64 {
        let totals = books["totals"].as_array().cloned().unwrap_or_default();
        totals.iter().filter_map(|it| it[name].as_i64()).sum()
    };
    (total("captured"), total("refunded"))
}

async fn switch(shop: &Shop, service: &str, to: &str) {
    let switched = send(shop.bare("POST", &format!("/dev/{service}/{to}"))).await;
    assert!(switched.status < 300, "{}", switched.text);
}

async fn no_dead_letters(shop: &Shop) {
    let letters =
        send(shop.bare("GET", "/v1/dead-letters").bearer_auth(shop.token_with(&["operator"]))).await;
    let queues = letters.json()["queues"].as_array().cloned().unwrap();
    assert!(!queues.is_empty());
    assert!(queues.iter().all(|it| it["deadLetters"] == 0), "{}", letters.text);
}

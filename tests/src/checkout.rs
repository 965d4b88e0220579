//! What a test says to a shop that checks its orders out, and what it reads of it and of the world outside.

use std::time::{Duration, Instant};

use penstock_local::Options;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::runtime;
use crate::shop::{Answer, Shop, basket, product, send, uuid};

/// How long an order may take to get somewhere. On a machine that has nothing else to do it takes a second.
const PATIENCE: Duration = Duration::from_secs(240);

/// A shop whose orders are checked out.
pub async fn open() -> Shop {
    Shop::open_on(runtime::checked_out()).await
}

/// The same, for a shop that sends its parcels itself.
pub async fn open_and_ship_oneself() -> Shop {
    let shop = open().await;
    settle(&shop, &json!({"shipsItself": true})).await;
    shop
}

/// A shop whose orders are checked out, with a carrier whose parcels stay where they are.
pub async fn open_with_a_slow_carrier() -> Shop {
    let mut options: Options = runtime::checked_out();
    options.outside.timing.in_transit = None;
    options.outside.timing.delivered = None;
    Shop::open_on(options).await
}

/// Settles the tenant's terms.
///
/// # Panics
/// When they are refused.
pub async fn settle(shop: &Shop, terms: &Value) {
    let settled = send(shop.bare("PUT", "/dev/tenants/shop").json(terms)).await;
    assert_eq!(settled.status, 200, "{}", settled.text);
}

/// An order that is paid with that, for somebody with an address of e-mail: two of product 1, for 5.00 GBP. Its id.
///
/// # Panics
/// When it is not taken.
pub async fn pay(shop: &Shop, key: u128, method: &str) -> String {
    let mut body = basket();
    body["payment"] = json!({"method": method});
    body["contact"] = json!({"email": "ann@example.com", "name": "Ann"});
    buy(shop, key, &body).await
}

/// An order with that body; its id.
///
/// # Panics
/// When it is not taken.
pub async fn buy(shop: &Shop, key: u128, body: &Value) -> String {
    let placed = shop.command("POST", "/v1/orders", key, body).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    placed.text_at("/orderId")
}

/// Says what an order is paid with.
pub async fn give_method(shop: &Shop, id: &str, key: u128, method: &str) -> Answer {
    shop.command("POST", &format!("/v1/orders/{id}/payments"), key, &json!({"method": method})).await
}

/// Sends all that is left of an order; the parcel's id.
///
/// # Panics
/// When there is nothing to send.
pub async fn ship(shop: &Shop, id: &str, key: u128) -> String {
    let sent = shop.command("POST", &format!("/v1/orders/{id}/shipments"), key, &json!({})).await;
    assert_eq!(sent.status, 201, "{}", sent.text);
    sent.text_at("/shipments/0/shipmentId")
}

/// Says where a parcel is.
///
/// # Panics
/// When that is refused.
pub async fn track(shop: &Shop, id: &str, parcel: &str, key: u128, status: &str) -> Answer {
    let path = format!("/v1/orders/{id}/shipments/{parcel}/tracking");
    let tracked = shop.command("POST", &path, key, &json!({"status": status})).await;
    assert_eq!(tracked.status, 200, "{}", tracked.text);
    tracked
}

/// Goods come in.
///
/// # Panics
/// When they are not booked in.
pub async fn receive(shop: &Shop, number: u128, quantity: u32) {
    let path = format!("/v1/stock/{}/adjustments", product(number));
    let body = json!({"quantity": quantity, "reason": "delivery"});
    let received = shop.command("POST", &path, 0x9000 + number, &body).await;
    assert_eq!(received.status, 201, "{}", received.text);
}

/// All that arrived goes back, and comes in; the return's id.
///
/// # Panics
/// When it is refused.
pub async fn give_back(shop: &Shop, id: &str, key: u128) -> String {
    let path = format!("/v1/orders/{id}/returns");
    let asked = shop.command("POST", &path, key, &json!({"reason": "too small"})).await;
    assert_eq!((asked.status, asked.text_at("/status")), (201, "RETURN_REQUESTED".into()), "{}", asked.text);
    let returned = asked.text_at("/return/returnId");
    let came = shop.command("POST", &format!("{path}/{returned}/receipt"), key + 1, &json!({})).await;
    assert_eq!((came.status, came.text_at("/status")), (200, "RETURNED".into()), "{}", came.text);
    returned
}

/// On hand, reserved, available.
pub async fn stock(shop: &Shop, number: u128) -> Value {
    let stock = shop.get(&format!("/v1/stock/{}", product(number))).await.json();
    json!([stock["onHand"], stock["reserved"], stock["available"]])
}

/// Waits until on hand, reserved and available are so.
///
/// # Panics
/// When they do not come to that.
pub async fn stock_becomes(shop: &Shop, number: u128, wanted: &Value) {
    let started = Instant::now();
    while stock(shop, number).await != *wanted {
        assert!(started.elapsed() < PATIENCE, "{}", stock(shop, number).await);
        sleep(Duration::from_millis(20)).await;
    }
}

/// The order's state.
pub async fn status(shop: &Shop, id: &str) -> String {
    shop.get(&format!("/v1/orders/{id}")).await.text_at("/status")
}

/// What happened to the order, by name.
///
/// # Panics
/// When it has no history.
pub async fn types(shop: &Shop, id: &str) -> Vec<String> {
    let history = shop.get(&format!("/v1/orders/{id}/events")).await.json();
    let events = history["events"].as_array().expect("an order has events").iter();
    events.map(|it| it["type"].as_str().expect("an event has a type").to_owned()).collect()
}

/// The order, once it is in that state.
pub async fn becomes(shop: &Shop, id: &str, status: &str) -> Value {
    ends(shop, id, &[status]).await
}

/// The order, once it is in one of those states.
pub async fn ends(shop: &Shop, id: &str, statuses: &[&str]) -> Value {
    until(shop, id, |order| statuses.iter().any(|status| order["status"] == *status)).await
}

/// The order, once its first refund is paid.
pub async fn refunded(shop: &Shop, id: &str) -> Value {
    until(shop, id, |order| order["payments"]["refunds"][0]["paid"] == true).await
}

/// The order, once it is as it should be.
///
/// # Panics
/// When it does not come to that.
pub async fn until(shop: &Shop, id: &str, there: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let order = shop.get(&format!("/v1/orders/{id}")).await.json();
        if there(&order) {
            return order;
        }
        assert!(started.elapsed() < PATIENCE, "{order:#}\n{:?}", types(shop, id).await);
        sleep(Duration::from_millis(20)).await;
    }
}

/// What the provider's books say was captured and refunded, in minor units.
pub async fn books(shop: &Shop) -> (i64, i64) {
    let books = outside(shop, "payments").await;
    let total = |name: &str| -> i64 {
        let totals = books["totals"].as_array().cloned().unwrap_or_default();
        totals.iter().filter_map(|it| it[name].as_i64()).sum()
    };
    (total("captured"), total("refunded"))
}

/// A book of the world outside: `payments`, `shipments` or `mail`.
pub async fn outside(shop: &Shop, book: &str) -> Value {
    send(shop.bare("GET", &format!("/dev/{book}")).header("accept", "application/json")).await.json()
}

/// Switches a service of the world outside `down` or `up`.
///
/// # Panics
/// When there is no such switch.
pub async fn switch(shop: &Shop, service: &str, to: &str) {
    let switched = send(shop.bare("POST", &format!("/dev/{service}/{to}"))).await;
    assert!(switched.status < 300, "{}", switched.text);
}

/// Nobody gave anything up.
///
/// # Panics
/// When somebody did.
pub async fn no_dead_letters(shop: &Shop) {
    let operator = shop.token_with(&["operator"]);
    let letters = send(shop.bare("GET", "/v1/dead-letters").bearer_auth(operator)).await;
    let queues = letters.json()["queues"].as_array().cloned().unwrap_or_default();
    assert!(!queues.is_empty(), "{}", letters.text);
    assert!(queues.iter().all(|it| it["deadLetters"] == 0), "{}", letters.text);
}

/// A step of an order of the shop's, in its envelope.
#[must_use]
pub fn step(order: &str, name: &str, data: &Value) -> Value {
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
///
/// # Panics
/// When it fails as a whole.
pub async fn take(shop: &Shop, function: &str, letter: &Value) -> Value {
    let message = json!({"Records": [{
        "messageId": "m",
        "body": json!([letter]).to_string(),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795176000100", "MessageGroupId": "shop"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }]});
    let payload = message.to_string().into_bytes();
    let answered = shop.platform.functions().invoke(function, payload, uuid(1)).await;
    serde_json::from_slice(&answered.expect("it answers")).expect("it answers in JSON")
}

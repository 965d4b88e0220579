//! Telling others: tenants' webhooks and customers' e-mail, from an order over HTTP to a server that gets it.

use std::time::Duration;

use penstock_sandbox::{Page, Service};
use penstock_tests::checkout;
use penstock_tests::receiver::Receiver;
use penstock_tests::shop::{Answer, Shop, basket, send, uuid};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_told_to_who_listens_signed_and_once() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    let secret = put(&shop, 1, &receiver, &["*"]).await.text_at("/secret");
    let order = shop.order(1).await.text_at("/orderId");
    let delivered = receiver.delivered_at_least(2).await;
    let mut types: Vec<_> = delivered.iter().map(|it| it.event()["type"].clone()).collect();
    types.sort_by_key(Value::to_string);
    assert_eq!(types, ["penstock.order.created", "penstock.order.placed"]);
    for delivery in &delivered {
        assert!(delivery.is_signed_with(&secret));
        assert_eq!(delivery.event()["subject"], order.as_str());
        assert_eq!(delivery.header("webhook-id"), delivery.event()["id"]);
    }
    let listed = deliveries(&shop, 1, |all| all.len() == 2).await;
    assert!(listed.iter().all(|it| it["status"] == "delivered" && it["attempts"] == 1), "{listed:?}");
    assert_eq!(receiver.delivered().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_hears_what_it_asked_for_and_nothing_of_other_tenants() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.cancelled"]).await;
    let other = shop.token_of("other");
    let theirs = shop.bare("PUT", &webhook(2)).bearer_auth(&other);
    let theirs = send(theirs.json(&json!({"url": receiver.url, "eventTypes": ["*"]}))).await;
    assert_eq!(theirs.status, 201);
    let order = shop.order(1).await.text_at("/orderId");
    shop.cancel(&order, 2).await;
    receiver.delivered_at_least(1).await;
    shop.platform.drained().await.unwrap();
    let types: Vec<_> = receiver.delivered().iter().map(|it| it.event()["type"].clone()).collect();
    assert_eq!(types, ["penstock.order.cancelled"]);
    assert_eq!(shop.get(&webhook(2)).await.code(), "webhook-not-found");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_after_a_rotation() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    let old = put(&shop, 1, &receiver, &["*"]).await.text_at("/secret");
    let rotated = post(&shop, 1, "secret").await;
    let new = rotated.text_at("/secret");
    assert!(new != old && new.starts_with("whsec_"), "{}", rotated.text);
    assert_eq!(post(&shop, 1, "test").await.status, 202);
    let delivered = receiver.delivered_at_least(1).await;
    assert!(delivered[0].is_signed_with(&old) && delivered[0].is_signed_with(&new));
    assert_eq!(delivered[0].event()["type"], "penstock.webhook.test");
    assert!(!shop.get(&webhook(1)).await.text.contains("whsec_"), "a secret is told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_delivered_again_by_hand_is_the_same_to_the_byte() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.created"]).await;
    shop.order(1).await;
    let first = receiver.delivered_at_least(1).await.remove(0);
    let listed = deliveries(&shop, 1, |all| all.len() == 1).await;
    let id = listed[0]["deliveryId"].as_str().unwrap();
    let sent = post(&shop, 1, &format!("deliveries/{id}/redelivery")).await;
    assert_eq!(sent.status, 202, "{}", sent.text);
    let again = receiver.delivered_at_least(2).await.remove(1);
    assert_eq!(
        (again.body.clone(), again.header("webhook-id")),
        (first.body.clone(), first.header("webhook-id"))
    );
    assert_eq!(again.header("penstock-delivery-id"), sent.text_at("/deliveryId"));
    let listed = deliveries(&shop, 1, |all| all.len() == 2).await;
    assert_eq!(listed[0]["deliveryId"], sent.text_at("/deliveryId"), "the newest is first");
    let page = shop.get(&format!("{}/deliveries?limit=1", webhook(1))).await.json();
    let rest = format!("{}/deliveries?cursor={}", webhook(1), page["nextCursor"].as_str().unwrap());
    assert_eq!(shop.get(&rest).await.json()["deliveries"][0]["deliveryId"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_tried_again_after_some_seconds_and_shown_until_then() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.created"]).await;
    receiver.answer(503, Duration::ZERO);
    shop.order(1).await;
    receiver.delivered_at_least(1).await;
    let listed = deliveries(&shop, 1, |all| all.len() == 1).await;
    assert_eq!((&listed[0]["status"], &listed[0]["lastAttempt"]["status"]), (&json!("pending"), &json!(503)));
    assert!(listed[0]["nextAttemptAt"].is_string());
    assert!(shop.get(&webhook(1)).await.json()["failingSince"].is_string());
    receiver.answer(200, Duration::ZERO);
    let delivered = receiver.delivered_at_least(2).await;
    assert_eq!(delivered[0].body, delivered[1].body);
    let listed = deliveries(&shop, 1, |all| all[0]["status"] == "delivered").await;
    assert_eq!(listed[0]["attempts"], 2);
    until(|| async { shop.get(&webhook(1)).await.json()["failingSince"].is_null() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_disables_a_webhook_and_putting_it_enables_it_again() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.created"]).await;
    receiver.answer(410, Duration::ZERO);
    shop.order(1).await;
    until(|| async { shop.get(&webhook(1)).await.json()["enabled"] == false }).await;
    assert_eq!(shop.get(&webhook(1)).await.json()["disabledBecause"], "gone");
    shop.order(2).await;
    shop.platform.drained().await.unwrap();
    assert_eq!(receiver.delivered().len(), 1);
    receiver.answer(200, Duration::ZERO);
    let enabled = put(&shop, 1, &receiver, &["penstock.order.created"]).await;
    assert_eq!((enabled.status, &enabled.json()["enabled"]), (200, &json!(true)));
    shop.order(3).await;
    receiver.delivered_at_least(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_receiver_holds_nobody_else_up() {
    let (shop, slow, quick) = (Shop::open().await, Receiver::open().await, Receiver::open().await);
    put(&shop, 1, &slow, &["penstock.order.created"]).await;
    put(&shop, 2, &quick, &["penstock.order.created"]).await;
    slow.answer(200, Duration::from_secs(10));
    for key in 1..=12 {
        shop.order(key).await;
    }
    quick.delivered_at_least(12).await;
    assert!(slow.answered() < 6, "{} of 12 slow ones were waited for", slow.answered());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_without_webhooks_costs_no_call_for_its_events() {
    let shop = Shop::open().await;
    shop.order(1).await;
    shop.platform.drained().await.unwrap();
    shop.platform.calls().reset();
    for key in 2..=11 {
        shop.order(key).await;
    }
    shop.platform.drained().await.unwrap();
    assert_eq!(shop.platform.calls().of("send-notifications"), []);
    assert_eq!(shop.platform.calls().of("deliver-webhooks"), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_to_a_webhook_costs_one_message_one_read_and_one_unit_written() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.created"]).await;
    shop.order(1).await;
    deliveries(&shop, 1, |all| all.len() == 1).await;
    shop.platform.drained().await.unwrap();
    shop.platform.calls().reset();
    shop.order(2).await;
    deliveries(&shop, 1, |all| all.len() == 2).await;
    shop.platform.drained().await.unwrap();
    let made = |function| {
        let calls = shop.platform.calls().of(function).into_iter();
        calls.map(|it| (it.operation, it.read_units, it.write_units)).collect::<Vec<_>>()
    };
    assert_eq!(made("send-notifications"), [("SendMessageBatch".to_owned(), 0.0, 0.0)]);
    let delivered = made("deliver-webhooks");
    assert_eq!(delivered, [("GetItem".to_owned(), 1.0, 0.0), ("PutItem".to_owned(), 0.0, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_written_to_when_an_order_is_cancelled() {
    let shop = Shop::open().await;
    let mut order = basket();
    order["contact"] = json!({"email": "ann@example.com", "name": "Ann"});
    let id = shop.command("POST", "/v1/orders", 1, &order).await.text_at("/orderId");
    let reason = json!({"reason": "ordered twice"});
    shop.command("POST", &format!("/v1/orders/{id}/cancellation"), 2, &reason).await;
    until(|| async { !mail(&shop).is_empty() }).await;
    shop.platform.drained().await.unwrap();
    let letters = mail(&shop);
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter["recipients"], json!(["ann@example.com"]));
    assert_eq!(letter["subject"], format!("Cancelled: your order {id}"));
    assert!(letter["text"].as_str().unwrap().contains("ordered twice"), "{letter}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_written_to_when_an_order_is_paid_and_when_it_is_sent() {
    let shop = checkout::open().await;
    let id = checkout::pay(&shop, 1, "pm_card_visa").await;
    checkout::becomes(&shop, &id, "DELIVERED").await;
    shop.platform.drained().await.unwrap();
    let letters = mail(&shop);
    let [sent, paid] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(paid["subject"], format!("We have received your payment for order {id}"));
    assert_eq!(sent["subject"], format!("On its way: your order {id}"));
    assert!(letters.iter().all(|it| it["recipients"] == json!(["ann@example.com"])));
    let number = &checkout::outside(&shop, "shipments").await["shipments"][0]["trackingNumber"];
    for (letter, says) in [(paid, "5.00"), (paid, "2 x Product 1"), (sent, number.as_str().unwrap())] {
        assert!(letter["text"].as_str().unwrap().contains(says), "{says}: {letter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_written_to_when_a_payment_fails_and_when_money_goes_back() {
    let shop = checkout::open_and_ship_oneself().await;
    let failed = checkout::pay(&shop, 1, "pm_card_chargeDeclined").await;
    let paid = checkout::pay(&shop, 2, "pm_card_visa").await;
    checkout::becomes(&shop, &paid, "CONFIRMED").await;
    shop.cancel(&paid, 3).await;
    for (says, order) in [
        ("Your payment did not succeed for order", failed),
        ("Cancelled: your order", paid.clone()),
        ("Your money goes back for order", paid),
    ] {
        let subject = json!(format!("{says} {order}"));
        until(|| async { mail(&shop).iter().any(|it| it["subject"] == subject) }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_waits_for_a_mail_server_that_is_down_and_none_for_a_mailbox_that_is_not_there() {
    let shop = Shop::open().await;
    shop.platform.outside().set_down(Service::Mail, true).unwrap();
    for (key, email) in [(1, "refused@example.com"), (3, "ann@example.com")] {
        let mut order = basket();
        order["contact"] = json!({"email": email});
        let id = shop.command("POST", "/v1/orders", key, &order).await.text_at("/orderId");
        shop.cancel(&id, key + 1).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert_eq!(mail(&shop), [Value::Null; 0]);
    shop.platform.outside().set_down(Service::Mail, false).unwrap();
    until(|| async { !mail(&shop).is_empty() }).await;
    shop.platform.drained().await.unwrap();
    let recipients: Vec<_> = mail(&shop).iter().map(|it| it["recipients"].clone()).collect();
    assert_eq!(recipients, [json!(["ann@example.com"])]);
}

/// A function that ends after its effect and before its acknowledgement gets the same message again.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_comes_again_tells_nobody_twice() {
    let (shop, receiver) = (Shop::open().await, Receiver::open().await);
    put(&shop, 1, &receiver, &["penstock.order.placed"]).await;
    let order = shop.order(1).await.text_at("/orderId");
    let told = receiver.delivered_at_least(1).await.remove(0).event();
    shop.platform.drained().await.unwrap();
    for _ in 0..2 {
        take(&shop, "send-notifications", &told).await;
    }
    shop.platform.drained().await.unwrap();
    let delivery = &deliveries(&shop, 1, |all| all.len() == 1).await[0];
    let id = delivery["deliveryId"].as_str().unwrap();
    let errand = json!({
        "webhook": uuid(1),
        "delivery": id,
        "eventId": format!("shop/{order}/2"),
        "eventType": "penstock.order.placed",
        "beganAt": "2026-01-01T00:00:00Z",
        "attempts": 0,
        "due": "2026-01-01T00:00:00Z",
        "byHand": false,
        "body": told.to_string(),
    });
    let letter = json!({
        "specversion": "1.0",
        "id": format!("shop/{}/{id}/deliver-webhook/0", uuid(1)),
        "type": "penstock.step.deliver-webhook",
        "subject": format!("{}/{id}", uuid(1)),
        "time": "2026-01-01T00:00:00Z",
        "tenant": "shop",
        "data": errand,
    });
    take(&shop, "deliver-webhooks", &letter).await;
    assert_eq!(receiver.delivered().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_written_again_has_the_same_name() {
    let shop = Shop::open().await;
    let mut order = basket();
    order["contact"] = json!({"email": "ann@example.com"});
    let id = shop.command("POST", "/v1/orders", 1, &order).await.text_at("/orderId");
    shop.cancel(&id, 2).await;
    until(|| async { !mail(&shop).is_empty() }).await;
    let cancelled = json!({
        "specversion": "1.0",
        "id": format!("shop/{id}/3"),
        "type": "penstock.order.cancelled",
        "subject": id,
        "time": "2026-01-01T00:00:00Z",
        "tenant": "shop",
        "sequence": "0000000003",
        "data": {},
    });
    take(&shop, "send-notifications", &cancelled).await;
    let letters = mail(&shop);
    assert_eq!(letters.len(), 2);
    let named = |letter: &Value| {
        let headers = letter["headers"].as_array().unwrap().iter();
        headers.filter(|it| it[0] == "Message-ID").map(|it| it[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(named(&letters[0]), [json!(format!("<shop.{id}.3@shop.example.com>"))]);
    assert_eq!(named(&letters[0]), named(&letters[1]));
}

/// Hands a function one letter, as its queue does.
async fn take(shop: &Shop, function: &str, letter: &Value) {
    let record = json!({
        "messageId": uuid(99),
        "body": json!([letter]).to_string(),
        "attributes": {"ApproximateReceiveCount": "2", "MessageGroupId": "shop", "SentTimestamp": "1767225600000"},
        "messageAttributes": {},
    });
    let event = json!({"Records": [record]}).to_string().into_bytes();
    let answer = shop.platform.functions().invoke(function, event, uuid(98)).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

async fn put(shop: &Shop, number: u128, receiver: &Receiver, types: &[&str]) -> Answer {
    let body = json!({"url": receiver.url, "eventTypes": types});
    let answer = send(shop.request("PUT", &webhook(number)).json(&body)).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text);
    answer
}

async fn post(shop: &Shop, number: u128, what: &str) -> Answer {
    send(shop.request("POST", &format!("{}/{what}", webhook(number)))).await
}

/// A webhook's deliveries, once they are as they should be.
async fn deliveries(shop: &Shop, number: u128, ready: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let end = Instant::now() + PATIENCE;
    loop {
        let listed = shop.get(&format!("{}/deliveries", webhook(number))).await.json();
        let listed = listed["deliveries"].as_array().cloned().unwrap_or_default();
        if ready(&listed) {
            return listed;
        }
        assert!(Instant::now() < end, "{listed:?}");
        sleep(Duration::from_millis(50)).await;
    }
}

async fn until<Asking: Future<Output = bool>>(ask: impl Fn() -> Asking) {
    let end = Instant::now() + PATIENCE;
    while !ask().await {
        assert!(Instant::now() < end, "it does not come");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The mailbox, newest first.
fn mail(shop: &Shop) -> Vec<Value> {
    let books = shop.platform.outside().mail(&Page::default()).unwrap();
    serde_json::to_value(books.mail).unwrap().as_array().cloned().unwrap_or_default()
}

fn webhook(number: u128) -> String {
    format!("/v1/webhooks/{}", uuid(number))
}

//! Orders from their placement to their delivery and back, by the real functions, over HTTP and queues, against a payment provider
//! and a carrier that are servers of their own.

mod desks;
mod outage;
mod parcels;
mod payments;
mod stray;

use penstock_tests::checkout::{
    becomes, books, ends, give_method, no_dead_letters, open, open_and_ship_oneself, pay, receive, refunded,
    status, stock, stock_becomes, types, until,
};
use penstock_tests::shop::{basket, product, uuid};
use serde_json::{Value, json};

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
async fn a_draft_and_an_order_that_is_not_paid_are_called_off() {
    let shop = open().await;
    receive(&shop, 1, 10).await;
    let (draft, unpaid) = (shop.draft(1).await, shop.order(2).await.text_at("/orderId"));
    until(&shop, &unpaid, |order| order["waitsUntil"].is_string()).await;
    for (key, id, from) in [(3, &draft, "DRAFT"), (4, &unpaid, "PENDING")] {
        assert_eq!(status(&shop, id).await, from);
        assert_eq!(shop.cancel(id, key).await.text_at("/status"), "CANCELLED");
    }
    stock_becomes(&shop, 1, &json!([10, 0, 10])).await;
    no_dead_letters(&shop).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_payment_failed_can_be_called_off_and_keeps_nothing() {
    let shop = open().await;
    receive(&shop, 1, 10).await;
    let id = pay(&shop, 1, "pm_card_chargeDeclined").await;
    becomes(&shop, &id, "PAYMENT_FAILED").await;
    let called_off = shop.cancel(&id, 2).await;
    assert_eq!((called_off.status, called_off.text_at("/status")), (200, "CANCELLED".into()));
    stock_becomes(&shop, 1, &json!([10, 0, 10])).await;
    assert_eq!((status(&shop, &id).await, books(&shop).await), ("CANCELLED".to_owned(), (0, 0)));
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

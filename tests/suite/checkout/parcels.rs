//! Parcels of the carrier's and of shops that send them themselves, and what comes back.

use std::time::Duration;

use penstock_tests::checkout::{
    becomes, books, buy, open, open_and_ship_oneself, outside, pay, receive, settle, ship, status, stock,
    switch, track,
};
use penstock_tests::shop::{product, uuid};
use serde_json::{Value, json};

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
async fn a_parcel_that_nobody_saw_on_its_way_is_delivered() {
    let shop = open_and_ship_oneself().await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    let parcel = ship(&shop, &id, 2).await;
    assert_eq!(status(&shop, &id).await, "SHIPPED");
    let delivered = track(&shop, &id, &parcel, 3, "DELIVERED").await;
    assert_eq!(delivered.text_at("/status"), "DELIVERED", "{}", delivered.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_in_as_many_parcels_as_it_needs() {
    let shop = open().await;
    settle(&shop, &json!({"parcelUnits": 3})).await;
    shop.put_product(2, "1.00", "GBP").await;
    receive(&shop, 1, 10).await;
    let items = json!([{"productId": product(1), "quantity": 4}, {"productId": product(2), "quantity": 3}]);
    let body = json!({"customerId": uuid(9), "items": items, "payment": {"method": "pm_card_visa"}});
    let id = buy(&shop, 1, &body).await;
    let order = becomes(&shop, &id, "DELIVERED").await;
    let part = |line: u32, quantity: u32| json!({"line": line, "quantity": quantity});
    let parts: Vec<_> = (0..3).map(|at| order["shipments"][at]["parts"].clone()).collect();
    assert_eq!(parts, [json!([part(0, 3)]), json!([part(0, 1), part(1, 2)]), json!([part(1, 1)])]);
    assert_eq!((order["fulfilment"].as_str(), &order["shipments"][3]), (Some("FULFILLED"), &Value::Null));
    shop.platform.drained().await.unwrap();
    assert_eq!(stock(&shop, 1).await, json!([6, 0, 6]));
    assert_eq!(outside(&shop, "shipments").await["shipments"].as_array().unwrap().len(), 3);
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
async fn while_the_carrier_is_down_parcels_wait_and_are_sent_after() {
    let shop = open().await;
    switch(&shop, "shipments", "down").await;
    let id = pay(&shop, 1, "pm_card_visa").await;
    becomes(&shop, &id, "CONFIRMED").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    switch(&shop, "shipments", "up").await;
    becomes(&shop, &id, "DELIVERED").await;
}

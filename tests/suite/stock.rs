//! Stock over HTTP, and its use cases over the real store.

mod budgets;
mod hot_product;
mod house;
mod ledger;

use penstock_tests::shop::{Shop, product, send, uuid};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_received_corrected_and_shown_with_its_movements() {
    let shop = Shop::open().await;
    let path = format!("/v1/stock/{}", product(1));
    assert_eq!(shop.get(&path).await.json(), json!({"productId": product(1), "tracked": false}));
    assert_eq!(shop.get(&format!("{path}/movements")).await.json(), json!({"movements": []}));
    let received = adjust(&shop, 1, 1, 144, "delivery note 4711").await;
    assert_eq!((received.status, &received.json()), (201, &stock(1, 144)), "{}", received.text);
    let corrected = adjust(&shop, 1, 2, -4, "counted").await;
    assert_eq!((corrected.status, &corrected.json()), (201, &stock(1, 140)), "{}", corrected.text);
    assert_eq!(shop.get(&path).await.json(), stock(1, 140));
    let movements = shop.get(&format!("{path}/movements")).await.json()["movements"].clone();
    let shown = |at: usize| {
        ["kind", "quantity", "reason", "onHand", "available"].map(|name| movements[at][name].clone())
    };
    assert_eq!(shown(0), [json!("corrected"), json!(-4), json!("counted"), json!(140), json!(140)]);
    assert_eq!(
        shown(1),
        [json!("received"), json!(144), json!("delivery note 4711"), json!(144), json!(144)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_adjustment_is_answered_as_the_first_time() {
    let shop = Shop::open().await;
    adjust(&shop, 1, 1, 5, "delivery").await;
    adjust(&shop, 1, 2, 7, "delivery").await;
    let again = adjust(&shop, 1, 1, 5, "delivery").await;
    assert_eq!((again.status, again.json()), (200, stock(1, 5)), "{}", again.text);
    assert_eq!(shop.get(&format!("/v1/stock/{}", product(1))).await.json(), stock(1, 12));
    for other in [adjust(&shop, 1, 1, 6, "delivery").await, adjust(&shop, 2, 1, 5, "delivery").await] {
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency-key-reused"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_equal_adjustments_at_once_are_one_and_sixteen_others_are_sixteen() {
    let shop = Shop::open().await;
    let same = futures::future::join_all((0..16).map(|_| adjust(&shop, 1, 1, 5, "delivery"))).await;
    assert_eq!(same.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(same.iter().filter(|answer| answer.status == 200).count(), 15);
    let others = futures::future::join_all((2..18).map(|key| adjust(&shop, 1, key, 1, "delivery"))).await;
    assert!(others.iter().all(|answer| answer.status == 201), "{others:?}");
    assert_eq!(shop.get(&format!("/v1/stock/{}", product(1))).await.json(), stock(1, 21));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_cannot_be_taken_away_unless_it_may_be_owed() {
    let shop = Shop::open().await;
    adjust(&shop, 1, 1, 5, "delivery").await;
    let refused = adjust(&shop, 1, 2, -6, "counted").await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "not-enough-stock"), "{}", refused.text);
    let owed = json!({"quantity": -6, "reason": "counted", "backorderThreshold": 1});
    let path = format!("/v1/stock/{}/adjustments", product(1));
    let allowed = shop.command("POST", &path, 3, &owed).await;
    assert_eq!((allowed.status, &allowed.json()["available"]), (201, &json!(-1)), "{}", allowed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn movements_are_listed_page_by_page_across_filed_sheets() {
    let shop = Shop::open().await;
    for number in 1..=30 {
        assert_eq!(adjust(&shop, 1, number, 1, &format!("delivery {number}")).await.status, 201);
    }
    for limit in [1, 7, 11, 29, 30, 100] {
        let mut seen = Vec::new();
        let mut query = format!("limit={limit}");
        loop {
            let page = shop.get(&format!("/v1/stock/{}/movements?{query}", product(1))).await.json();
            let movements = page["movements"].as_array().unwrap().clone();
            assert!(movements.len() == limit || page["nextCursor"].is_null(), "{limit}: {page}");
            seen.extend(
                movements.iter().map(|it| (it["number"].as_i64().unwrap(), it["onHand"].as_i64().unwrap())),
            );
            let Some(next) = page["nextCursor"].as_str() else { break };
            query = format!("limit={limit}&cursor={next}");
        }
        assert_eq!(seen, (1..=30).rev().map(|number| (number, number)).collect::<Vec<_>>(), "{limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_one_products_movements() {
    let shop = Shop::open().await;
    adjust(&shop, 1, 1, 1, "delivery").await;
    adjust(&shop, 1, 2, 1, "delivery").await;
    let page = shop.get(&format!("/v1/stock/{}/movements?limit=1", product(1))).await;
    let next = page.text_at("/nextCursor");
    let other = shop.get(&format!("/v1/stock/{}/movements?cursor={next}", product(2))).await;
    assert_eq!((other.status, other.code().as_str()), (400, "bad-cursor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_stock_is_not_tracked_here() {
    let shop = Shop::open().await;
    adjust(&shop, 1, 1, 5, "delivery").await;
    let token = shop.token_of("stranger");
    let path = format!("/v1/stock/{}", product(1));
    let theirs = send(shop.bare("GET", &path).bearer_auth(&token)).await;
    assert_eq!(theirs.json(), json!({"productId": product(1), "tracked": false}));
    let body = json!({"quantity": 1, "reason": "delivery"});
    let same_key = shop.bare("POST", &format!("{path}/adjustments")).bearer_auth(&token).json(&body);
    let adjusted = send(same_key.header("idempotency-key", uuid(1))).await;
    assert_eq!((adjusted.status, &adjusted.json()["onHand"]), (201, &json!(1)), "{}", adjusted.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_an_adjustment_is_told_at_once() {
    let shop = Shop::open().await;
    let path = format!("/v1/stock/{}/adjustments", product(1));
    let body = json!({"quantity": "5", "reason": "a\nb", "backorderThreshold": -1, "unit": "box"});
    let refused = shop.command("POST", &path, 1, &body).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert_eq!(refused.pointers(), ["/quantity", "/backorderThreshold", "/unit", "/reason"]);
    let no_key = send(shop.request("POST", &path).json(&json!({"quantity": 5, "reason": "delivery"}))).await;
    assert_eq!(no_key.code(), "idempotency-key-missing");
    let query = shop.get(&format!("/v1/stock/{}/movements?limit=0&x=1", product(1))).await;
    assert_eq!(query.pointers(), ["query/limit", "query/x"]);
}

async fn adjust(
    shop: &Shop,
    number: u128,
    key: u128,
    quantity: i64,
    reason: &str,
) -> penstock_tests::shop::Answer {
    let body = json!({"quantity": quantity, "reason": reason});
    shop.command("POST", &format!("/v1/stock/{}/adjustments", product(number)), key, &body).await
}

/// A product's stock, nothing of it reserved.
fn stock(number: u128, on_hand: i64) -> Value {
    json!({
        "productId": product(number), "tracked": true, "onHand": on_hand, "reserved": 0, "available": on_hand,
        "backorderThreshold": 0,
    })
}

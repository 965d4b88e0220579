//! Products over HTTP.

use penstock_tests::shop::{Shop, product, send};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_put_got_replaced_and_deleted() {
    let shop = Shop::open().await;
    let path = format!("/v1/products/{}", product(2));
    assert_eq!(shop.get(&path).await.code(), "product-not-found");
    assert_eq!(shop.put_product(2, "1250", "JPY").await.status, 201);
    assert_eq!(shop.put_product(2, "1.5", "KWD").await.status, 200);
    let shown = shop.get(&path).await;
    let price = r#""price":{"amount":1.500,"currency":"KWD"}"#;
    assert!(shown.text.contains(price), "{}", shown.text);
    assert_eq!(shown.json()["productId"], product(2));
    for _ in 0..2 {
        assert_eq!(send(shop.request("DELETE", &path)).await.status, 204);
    }
    assert_eq!(shop.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_keeps_the_price_it_was_made_at() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.put_product(1, "9.99", "GBP").await;
    let order = shop.get(&format!("/v1/orders/{id}")).await;
    assert!(order.text.contains(r#""unitPrice":{"amount":2.50,"currency":"GBP"}"#), "{}", order.text);
    let next = shop.order(2).await;
    assert!(next.text.contains(r#""unitPrice":{"amount":9.99,"currency":"GBP"}"#), "{}", next.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_can_be_ordered_as_soon_as_it_is_put() {
    let shop = Shop::open().await;
    let order = json!({"customerId": product(9), "items": [{"productId": product(3), "quantity": 1}]});
    assert_eq!(shop.command("POST", "/v1/orders", 1, &order).await.code(), "unknown-product");
    shop.put_product(3, "1", "GBP").await;
    assert_eq!(shop.command("POST", "/v1/orders", 1, &order).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_listed_by_category_page_by_page() {
    let shop = Shop::open().await;
    for number in 2..7 {
        shop.put_product(number, "1", "GBP").await;
    }
    let odd = json!({"sku": "a", "name": "b", "category": "Home, Garden & more", "price": {"amount": 1, "currency": "GBP"}});
    send(shop.request("PUT", &format!("/v1/products/{}", product(7))).json(&odd)).await;
    let mut seen = Vec::new();
    let mut query = "category=goods&limit=2".to_owned();
    loop {
        let page = shop.get(&format!("/v1/products?{query}")).await.json();
        let products = page["products"].as_array().unwrap().clone();
        seen.extend(products.into_iter().map(|product| product["productId"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        query = format!("category=goods&limit=2&cursor={next}");
    }
    assert_eq!(seen, (1..7).map(product).collect::<Vec<_>>());
    let one = shop.get("/v1/products?category=Home%2C+Garden+%26+more").await.json();
    assert_eq!(one["products"].as_array().unwrap().len(), 1);
    let all = shop.get("/v1/products?limit=100").await.json();
    assert_eq!(all["products"].as_array().unwrap().len(), 7);
}

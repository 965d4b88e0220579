//! What clients look at besides their order: lists, which may be behind.

use super::client::Client;
use super::lives::customer;
use super::shops::Shop;

/// Looks at one of them.
pub(super) async fn around(client: &Client, shop: &Shop) {
    let (product, customer) = (client.dice.pick(&shop.products), customer(client));
    let mut paths = vec![
        "/v1/orders?limit=20".to_owned(),
        "/v1/orders?status=PENDING".to_owned(),
        "/v1/orders?status=DELIVERED&limit=50".to_owned(),
        format!("/v1/orders?customerId={customer}"),
        "/v1/products?limit=50".to_owned(),
        "/v1/products?category=goods".to_owned(),
        format!("/v1/stock/{product}"),
        format!("/v1/stock/{product}/movements"),
        "/v1/webhooks".to_owned(),
    ];
    paths.extend(shop.webhook.map(|it| format!("/v1/webhooks/{it}/deliveries")));
    let path: &String = client.dice.pick(&paths);
    client.get(path).await;
}

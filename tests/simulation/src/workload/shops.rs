//! The tenants of a run: their settings, their catalogues, and what is in their houses at first.

use std::sync::Arc;

use http::Method;
use penstock_api::webhooks::EVENT_TYPES;
use penstock_local::Platform;
use serde_json::json;
use uuid::Uuid;

use super::client::Client;
use super::promises::Promises;
use crate::faults::Storm;

/// A tenant.
#[derive(Debug, Clone)]
pub struct Shop {
    /// Its name.
    pub tenant: String,
    /// What it sells. The last one's stock is not tracked.
    pub products: Vec<Uuid>,
    /// Whether it sends its parcels itself.
    pub ships_itself: bool,
    /// Where its own server listens for webhooks.
    pub webhook: Option<Uuid>,
    /// The types of events that it listens for.
    pub listens: &'static [&'static str],
}

impl Shop {
    /// What it sells and counts.
    #[must_use]
    pub fn tracked(&self) -> &[Uuid] {
        &self.products[..self.products.len() - 1]
    }
}

/// How long an order waits for its payment, in each shop.
pub const PAYMENT_MINUTES: u32 = 30;
/// How long an order waits for goods, in the shop that waits.
pub const STOCK_MINUTES: u32 = 10;
const PRODUCTS: usize = 12;
/// What a shop listens for that tells its buyers how far their orders are, and leaves the rest.
const NEWS: &[&str] = &[
    "penstock.order.placed",
    "penstock.order.shipped",
    "penstock.order.delivered",
    "penstock.order.cancelled",
    "penstock.order.refunded",
];

/// How many units go into a parcel, in the shop that sends several.
const PARCEL_UNITS: u32 = 10;

/// The shops of a run, open and stocked: one that does what is usual, one that sends its parcels itself, and one that waits for goods and
/// sends large orders in several parcels.
pub async fn open(
    platform: &Arc<Platform>,
    storm: &Arc<Storm>,
    promises: &Arc<Promises>,
    webhooks: &str,
) -> Vec<Shop> {
    let mut shops = vec![];
    let terms =
        [("alder", false, 0, 0), ("birch", true, 0, 0), ("cedar", false, STOCK_MINUTES, PARCEL_UNITS)];
    for (at, (tenant, ships_itself, stock_minutes, parcel_units)) in terms.into_iter().enumerate() {
        let client = Client::new(&format!("{tenant}'s owner"), tenant, platform, storm, promises);
        let terms = json!({
            "paymentMinutes": PAYMENT_MINUTES, "stockMinutes": stock_minutes,
            "shipsItself": ships_itself, "parcelUnits": parcel_units,
        });
        settle(platform, tenant, &terms).await;
        let products: Vec<Uuid> =
            (0..PRODUCTS).map(|it| Uuid::from_u128((0xa0 + at as u128) << 64 | it as u128)).collect();
        for (number, product) in products.iter().enumerate() {
            stock(&client, number, *product).await;
        }
        let listens = if at == 0 { &EVENT_TYPES } else { NEWS };
        let webhook = listen(&client, webhooks, listens).await;
        shops.push(Shop { tenant: tenant.to_owned(), products, ships_itself, webhook, listens });
    }
    shops
}

async fn settle(platform: &Platform, tenant: &str, terms: &serde_json::Value) {
    let url = format!("{}/dev/tenants/{tenant}", platform.url());
    let settled = reqwest::Client::new().put(url).json(terms).send().await.expect("the platform answers");
    assert!(settled.status().is_success(), "{tenant} has settings");
}

/// Lists a product, with some of it in the house unless it is the last one.
async fn stock(client: &Client, number: usize, product: Uuid) {
    let price = client.dice.of(100..5_000);
    let amount = serde_json::Number::from_f64(price as f64 / 100.0).expect("it is finite");
    let body = json!({
        "sku": format!("{}-{number}", client.tenant), "name": format!("Product {number}"), "category": "goods",
        "price": {"amount": amount, "currency": "GBP"},
    });
    let listed = client.command(Method::PUT, &format!("/v1/products/{product}"), None, &body).await;
    assert!(listed.is_accepted(), "a product is listed before the storm: {listed:?}");
    if number + 1 < PRODUCTS {
        receive(client, product, client.dice.of(20..200)).await;
    }
}

/// Goods come in.
pub async fn receive(client: &Client, product: Uuid, quantity: u64) {
    let body = json!({"quantity": quantity, "reason": "receipt"});
    client.command(Method::POST, &format!("/v1/stock/{product}/adjustments"), None, &body).await;
}

/// Fewer are found than were thought to be there.
pub async fn count_fewer(client: &Client, product: Uuid, missing: u64) {
    let body = json!({"quantity": -i64::try_from(missing).expect("it is a few"), "reason": "counted"});
    client.command(Method::POST, &format!("/v1/stock/{product}/adjustments"), None, &body).await;
}

/// A product that nobody knew before is listed; whether it was, as far as the shop was told.
pub async fn list_novelty(client: &Client, product: Uuid) -> bool {
    let body = json!({
        "sku": "NEW", "name": "Novelty", "category": "goods", "price": {"amount": 9.99, "currency": "GBP"},
    });
    client.command(Method::PUT, &format!("/v1/products/{product}"), None, &body).await.is_accepted()
}

async fn listen(client: &Client, webhooks: &str, types: &[&str]) -> Option<Uuid> {
    let webhook = client.key();
    let types = if types.len() == EVENT_TYPES.len() { &["*"] } else { types };
    let body = json!({"url": format!("{webhooks}/{}", client.tenant), "eventTypes": types});
    let told = client.command(Method::PUT, &format!("/v1/webhooks/{webhook}"), None, &body).await;
    assert!(told.is_accepted(), "a webhook is put before the storm: {told:?}");
    Some(webhook)
}

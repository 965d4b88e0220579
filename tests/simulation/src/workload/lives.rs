//! One order's life, as its buyer and its shop see to it.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Told};
use super::shops::{self, Shop};
use super::{looks, races, sizes};

/// What a life is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plot {
    /// Ordered, and waited for.
    Usual,
    /// A draft that is edited, and placed.
    Draft,
    /// A draft that is forgotten.
    Forgotten,
    /// Paid later.
    PaidLater,
    /// Never paid.
    NeverPaid,
    /// Called off at some time.
    CalledOff,
    /// Declined, then paid otherwise.
    Declined,
    /// Sent back.
    SentBack,
    /// Ordered by two clients with one key, and called off by two with different ones.
    Raced,
    /// Lost on its way.
    Lost,
    /// Ordered, and ordered again with the same key by who went away meanwhile.
    CameBack,
    /// Of a product that was listed a moment ago.
    Novelty,
}

const PLOTS: [(u32, Plot); 12] = [
    (40, Plot::Usual),
    (8, Plot::Draft),
    (2, Plot::Forgotten),
    (7, Plot::PaidLater),
    (3, Plot::NeverPaid),
    (14, Plot::CalledOff),
    (8, Plot::Declined),
    (10, Plot::SentBack),
    (6, Plot::Raced),
    (2, Plot::Lost),
    (4, Plot::CameBack),
    (4, Plot::Novelty),
];

const METHODS: [(u32, &str); 12] = [
    (50, "pm_card_visa"),
    (10, "pm_card_mastercard"),
    (5, "pm_penstock_slow"),
    (5, "pm_penstock_timeout"),
    (5, "pm_penstock_flaky"),
    (4, "pm_penstock_rateLimited"),
    (5, "pm_penstock_webhookFirst"),
    (4, "pm_penstock_webhookLate"),
    (4, "pm_penstock_webhookTwice"),
    (4, "pm_penstock_webhookOutOfOrder"),
    (4, "pm_penstock_refundFails"),
    (3, "pm_card_chargeDeclined"),
];

/// How often an order is looked at until it is where it should be.
const LOOKS_MAX: u32 = 12;
/// The longest time between two looks; the first is a second, and each is the double of the one before.
const LOOK_MAX: Duration = Duration::from_secs(30);

/// Lives it.
pub async fn live(client: &Client, shop: &Shop) {
    let plot = client.dice.weighed(&PLOTS);
    match plot {
        Plot::Forgotten => drop(order(client, shop, None, true).await),
        Plot::NeverPaid => drop(order(client, shop, None, false).await),
        Plot::Usual | Plot::Lost => usual(client, shop, plot == Plot::Lost).await,
        Plot::Draft => draft(client, shop).await,
        Plot::PaidLater => paid_later(client, shop).await,
        Plot::CalledOff => called_off(client, shop).await,
        Plot::Declined => declined(client, shop).await,
        Plot::SentBack => sent_back(client, shop).await,
        Plot::Raced => raced(client, shop).await,
        Plot::CameBack => came_back(client, shop).await,
        Plot::Novelty => novelty(client, shop).await,
    }
    if client.dice.chance(0.1) {
        races::adjustments(client, *client.dice.pick(shop.tracked())).await;
    }
    if client.dice.chance(0.4) {
        looks::around(client, shop).await;
    }
}

async fn usual(client: &Client, shop: &Shop, lost: bool) {
    let Some(order) = order(client, shop, Some(method(client)), false).await else { return };
    see_to_it(client, shop, order, lost).await;
}

async fn draft(client: &Client, shop: &Shop) {
    let Some(order) = order(client, shop, Some(method(client)), true).await else { return };
    for _ in 0..client.dice.below(3) {
        races::edit(client, order, &json!({"items": items(client, shop)})).await;
    }
    if client.dice.chance(0.5) {
        races::edits(client, shop, order).await;
    }
    races::place(client, order).await;
    see_to_it(client, shop, order, false).await;
}

async fn paid_later(client: &Client, shop: &Shop) {
    let Some(order) = order(client, shop, None, false).await else { return };
    tokio::time::sleep(client.dice.span(0..5_000)).await;
    pay(client, order, method(client)).await;
    see_to_it(client, shop, order, false).await;
}

async fn called_off(client: &Client, shop: &Shop) {
    let Some(order) = order(client, shop, Some(method(client)), false).await else { return };
    tokio::time::sleep(client.dice.span(0..4_000)).await;
    cancel(client, order).await;
}

async fn declined(client: &Client, shop: &Shop) {
    let Some(order) = order(client, shop, Some("pm_card_chargeDeclinedInsufficientFunds"), false).await
    else {
        return;
    };
    if until(client, shop, order, &["PAYMENT_FAILED"]).await {
        if client.dice.chance(0.2) {
            cancel(client, order).await;
            return;
        }
        pay(client, order, method(client)).await;
    }
    see_to_it(client, shop, order, false).await;
}

async fn sent_back(client: &Client, shop: &Shop) {
    let Some(order) = order(client, shop, Some(method(client)), false).await else { return };
    see_to_it(client, shop, order, false).await;
    if !until(client, shop, order, &["DELIVERED"]).await {
        return;
    }
    let body =
        if client.dice.chance(0.5) { json!({}) } else { json!({"parts": [{"line": 0, "quantity": 1}]}) };
    let asked = match client.dice.chance(0.3) {
        true => races::returns(client, order, &body).await,
        false => Some(races::send_back(client, order, &body).await),
    };
    let Some(back) = asked.and_then(|it| it.id("/return/returnId")) else { return };
    match client.dice.below(10) {
        0 => {}
        1..=3 => races::receipts(client, order, back).await,
        _ => {
            let restock = json!({"restock": client.dice.chance(0.7)});
            races::take_in(client, order, back, &restock).await;
        }
    }
}

/// Who went away does not know what became of it, and gives the same command again.
async fn came_back(client: &Client, shop: &Shop) {
    let (key, body) = (client.key(), wanted(client, shop, Some(method(client)), false));
    let first = client.command_with(key, Method::POST, "/v1/orders", None, &body).await;
    tokio::time::sleep(client.dice.span(1_000..120_000)).await;
    let again = client.command_with(key, Method::POST, "/v1/orders", None, &body).await;
    let Some(order) = again.id("/orderId").or_else(|| first.id("/orderId")) else { return };
    see_to_it(client, shop, order, false).await;
}

async fn novelty(client: &Client, shop: &Shop) {
    let product = client.key();
    if !shops::list_novelty(client, product).await {
        return;
    }
    let mut body = wanted(client, shop, Some(method(client)), false);
    body["items"] = json!([{"productId": product, "quantity": 1}]);
    let ordered = client.command(Method::POST, "/v1/orders", None, &body).await;
    let Some(order) = ordered.id("/orderId") else { return };
    see_to_it(client, shop, order, false).await;
}

/// Two clients with one key, then two callers-off.
async fn raced(client: &Client, shop: &Shop) {
    let (key, body) = (client.key(), wanted(client, shop, Some(method(client)), false));
    let one = client.command_with(key, Method::POST, "/v1/orders", None, &body);
    let other = client.command_with(key, Method::POST, "/v1/orders", None, &body);
    let (one, other) = tokio::join!(one, other);
    let Some(order) = one.id("/orderId").or_else(|| other.id("/orderId")) else { return };
    tokio::time::sleep(client.dice.span(0..3_000)).await;
    tokio::join!(cancel(client, order), cancel(client, order));
}

/// Waits, and for a shop that sends its parcels itself, sends them.
async fn see_to_it(client: &Client, shop: &Shop, order: Uuid, lost: bool) {
    if shop.ships_itself && until(client, shop, order, &["CONFIRMED"]).await {
        send(client, order, lost).await;
    }
    if client.dice.chance(0.5) {
        until(client, shop, order, &["DELIVERED", "CANCELLED", "REFUNDED"]).await;
    }
}

async fn send(client: &Client, order: Uuid, lost: bool) {
    let path = format!("/v1/orders/{order}/shipments");
    let sent = client.command(Method::POST, &path, Some(order), &json!({"carrier": "own van"})).await;
    let Some(parcel) = sent.id("/shipments/0/shipmentId") else { return };
    for status in ["IN_TRANSIT", if lost { "LOST" } else { "DELIVERED" }] {
        tokio::time::sleep(client.dice.span(0..5_000)).await;
        let path = format!("{path}/{parcel}/tracking");
        client.command(Method::POST, &path, Some(order), &json!({"status": status})).await;
    }
}

async fn order(client: &Client, shop: &Shop, method: Option<&str>, draft: bool) -> Option<Uuid> {
    let body = wanted(client, shop, method, draft);
    let order = client.command(Method::POST, "/v1/orders", None, &body).await.id("/orderId");
    if client.dice.chance(0.4) {
        looks::around(client, shop).await;
    }
    order
}

async fn pay(client: &Client, order: Uuid, method: &str) -> Told {
    client
        .command(
            Method::POST,
            &format!("/v1/orders/{order}/payments"),
            Some(order),
            &json!({"method": method}),
        )
        .await
}

async fn cancel(client: &Client, order: Uuid) -> Told {
    client.command(Method::POST, &format!("/v1/orders/{order}/cancellation"), Some(order), &json!({})).await
}

/// Looks at an order now and then, and at a list in between, until it is somewhere; whether it came there.
async fn until(client: &Client, shop: &Shop, order: Uuid, wanted: &[&str]) -> bool {
    for look in 0..LOOKS_MAX {
        let told = client.get(&format!("/v1/orders/{order}")).await;
        let status = told.body["status"].as_str().unwrap_or_default();
        if wanted.contains(&status) {
            return true;
        }
        if ["CANCELLED", "REFUNDED"].contains(&status) {
            return false;
        }
        tokio::time::sleep(Duration::from_secs(1 << look).min(LOOK_MAX)).await;
        if client.dice.chance(0.5) {
            looks::around(client, shop).await;
        }
    }
    false
}

fn wanted(client: &Client, shop: &Shop, method: Option<&str>, draft: bool) -> Value {
    let mut body = json!({"customerId": customer(client), "items": items(client, shop), "draft": draft});
    if let Some(method) = method {
        body["payment"] = json!({"method": method});
    }
    if client.dice.chance(0.3) {
        body["contact"] =
            json!({"email": format!("buyer-{}@{}.example", client.dice.below(50), shop.tenant)});
    }
    body
}

/// One of a shop's fifty customers.
pub(super) fn customer(client: &Client) -> Uuid {
    Uuid::from_u128(u128::from(client.dice.of(0..50)))
}

pub(super) fn items(client: &Client, shop: &Shop) -> Value {
    let mut products = shop.products.clone();
    client.dice.shuffle(&mut products);
    products.truncate(sizes::lines(&client.dice, shop.products.len()));
    products.iter().map(|it| json!({"productId": it, "quantity": sizes::units(&client.dice)})).collect()
}

fn method(client: &Client) -> &'static str {
    client.dice.weighed(&METHODS)
}

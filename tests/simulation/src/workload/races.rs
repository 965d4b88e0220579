//! Commands that are given at once by several people, each with a key of its own: of what cannot both be true, one is refused.

use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Told};
use super::lives::items;
use super::shops::{self, Shop};

/// Two edit a draft while a third places it.
pub(super) async fn edits(client: &Client, shop: &Shop, order: Uuid) {
    let [one, other] = [(); 2].map(|()| json!({"items": items(client, shop)}));
    tokio::join!(edit(client, order, &one), edit(client, order, &other), place(client, order));
}

/// A draft's lines are others.
pub(super) async fn edit(client: &Client, order: Uuid, lines: &Value) -> Told {
    client.command(Method::PUT, &format!("/v1/orders/{order}/lines"), Some(order), lines).await
}

/// A draft is placed.
pub(super) async fn place(client: &Client, order: Uuid) -> Told {
    client.command(Method::POST, &format!("/v1/orders/{order}/placement"), Some(order), &json!({})).await
}

/// Two ask for a return; what was answered to one that was accepted, if any was.
pub(super) async fn returns(client: &Client, order: Uuid, body: &Value) -> Option<Told> {
    let whole = json!({});
    let (one, other) = tokio::join!(send_back(client, order, body), send_back(client, order, &whole));
    [one, other].into_iter().find(Told::is_accepted)
}

/// A return is asked for.
pub(super) async fn send_back(client: &Client, order: Uuid, body: &Value) -> Told {
    client.command(Method::POST, &format!("/v1/orders/{order}/returns"), Some(order), body).await
}

/// Two take what came back in, one of whom finds it of no use.
pub(super) async fn receipts(client: &Client, order: Uuid, back: Uuid) {
    let (sound, broken) = (json!({"restock": true}), json!({"restock": false}));
    tokio::join!(take_in(client, order, back, &sound), take_in(client, order, back, &broken));
}

/// What came back is taken in.
pub(super) async fn take_in(client: &Client, order: Uuid, back: Uuid, body: &Value) -> Told {
    let path = format!("/v1/orders/{order}/returns/{back}/receipt");
    client.command(Method::POST, &path, Some(order), body).await
}

/// Goods come in, while somebody counts fewer of them.
pub(super) async fn adjustments(client: &Client, product: Uuid) {
    let (came, missing) = (client.dice.of(20..300), client.dice.of(1..20));
    tokio::join!(shops::receive(client, product, came), shops::count_fewer(client, product, missing));
}

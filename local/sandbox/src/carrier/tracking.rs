//! Where a shipment is: for the shop, and for whoever follows a tracking link.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::refusal::{Refusal, admit, answer};
use super::shipment::{self, Shipment, find, time};
use crate::page::Page;
use crate::world::World;

type Shared = State<Arc<World>>;

pub(super) async fn one(world: Shared, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let found = admit(&world, &headers).and_then(|()| {
        let found = world.store.read(|db| find(db, &id))?;
        found.ok_or_else(|| Refusal::not_found(&id))
    });
    found.map_or_else(|refusal| refusal.response(), |it| answer(200, &it.object(&world)))
}

/// What a shop asks with when it does not know whether it handed a parcel over.
#[derive(Deserialize)]
pub(super) struct Wanted {
    reference: String,
}

pub(super) async fn of_reference(
    world: Shared,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let found = admit(&world, &headers).and_then(|()| {
        world.store.read(|db| shipment::of_reference(db, &wanted.reference)).map_err(Refusal::from)
    });
    let shown = |found: Vec<Shipment>| {
        let shipments: Vec<_> = found.iter().map(|it| it.object(&world)).collect();
        answer(200, &json!({ "shipments": shipments }))
    };
    found.map_or_else(|refusal| refusal.response(), shown)
}

/// Anybody who has the number may look, as with a real carrier; it shows no address.
pub(super) async fn page(world: Shared, Path(number): Path<String>) -> Response {
    match world.store.read(|db| find(db, &number)) {
        Ok(Some(shipment)) => {
            let now_ms = world.now_ms();
            let happened = shipment.course.iter().filter(|it| it.at_ms <= now_ms);
            let rows = happened.map(|it| vec![time(it.at_ms), word(&it.status)]);
            let created = vec![time(shipment.created_ms), "created".to_owned()];
            let title = format!("Parcel {}", shipment.tracking);
            Page { title, note: word(&shipment.status(now_ms)), columns: &["when", "what"] }
                .of(&std::iter::once(created).chain(rows).collect::<Vec<_>>())
        }
        Ok(None) => (StatusCode::NOT_FOUND, "There is no parcel of this number.").into_response(),
        Err(error) => Refusal::from(error).response(),
    }
}

fn word<T: serde::Serialize>(status: &T) -> String {
    crate::page::text(&serde_json::to_value(status).unwrap_or_default())
}

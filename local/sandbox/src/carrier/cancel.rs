//! `POST /v1/shipments/{id}/cancellation`: calls a parcel back, as long as it has not left.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use rusqlite::Connection;
use serde_json::Value;

use super::course::Status;
use super::refusal::{Refusal, admit, answer};
use super::shipment::{find, update};
use crate::outbox::{self, Sender};
use crate::world::World;

pub(super) async fn cancel(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let cancelled = admit(&world, &headers).and_then(|()| world.store.write(|db| call_back(&world, db, &id)));
    cancelled.map_or_else(|refusal| refusal.response(), |object| answer(200, &object))
}

/// A parcel that has not left was not told of either: what waits to be told is forgotten.
fn call_back(world: &World, db: &Connection, id: &str) -> Result<Value, Refusal> {
    let mut shipment = find(db, id)?.ok_or_else(|| Refusal::not_found(id))?;
    match shipment.status(world.now_ms()) {
        Status::Cancelled => {}
        Status::Created => {
            shipment.cancelled = true;
            shipment.course.clear();
            update(db, &shipment)?;
            outbox::forget(db, Sender::Carrier, &shipment.id)?;
        }
        Status::InTransit | Status::Delivered | Status::Lost => return Err(Refusal::on_its_way()),
    }
    Ok(shipment.object(world))
}

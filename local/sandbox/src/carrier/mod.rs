//! The carrier: takes parcels, and tells with webhooks how they get on.
//!
//! A shipment's whole course is laid down when it is created: its status follows from the clock, and its webhooks wait in
//! the outbox for their time. So nothing ticks, and a restart forgets nothing. One that is called back has no course any more.

pub(crate) mod books;
mod cancel;
mod course;
mod create;
mod refusal;
mod shipment;
mod tracking;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::world::World;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS shipments (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tracking TEXT NOT NULL UNIQUE, shipment TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS shipments_by_reference ON shipments (json_extract(shipment, '$.reference'));
";

const BODY_MAX_BYTES: usize = 1024 * 1024;

/// The API, and the page that tracking links lead to.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/shipments", post(create::create).get(tracking::of_reference))
        .route("/v1/shipments/{id}", get(tracking::one))
        .route("/v1/shipments/{id}/cancellation", post(cancel::cancel))
        .route("/track/{number}", get(tracking::page))
        .fallback(refusal::nothing)
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(world)
}

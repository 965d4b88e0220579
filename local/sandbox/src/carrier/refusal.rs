//! What the carrier refuses.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::outbox::Sender;
use crate::switches::Service;
use crate::world::World;

/// A refusal: its status, and why.
#[derive(Debug)]
pub(super) struct Refusal(u16, &'static str, String);

impl Refusal {
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self(400, "invalid_request", why.into())
    }

    pub(super) fn not_found(id: &str) -> Self {
        Self(404, "not_found", format!("there is no shipment {id:?}"))
    }

    pub(super) fn on_its_way() -> Self {
        Self(409, "on_its_way", "the parcel has left; it cannot be called back".to_owned())
    }

    pub(super) fn other_request() -> Self {
        Self(422, "idempotency_key_reused", "another request had this Idempotency-Key".to_owned())
    }

    pub(super) fn in_progress() -> Self {
        Self(
            409,
            "idempotency_key_in_use",
            "a request with this Idempotency-Key is not answered yet".to_owned(),
        )
    }

    pub(super) fn response(&self) -> Response {
        let Self(status, code, message) = self;
        answer(*status, &json!({"error": {"code": code, "message": message}}))
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(error = error.to_string(), "the carrier's file failed");
        Self(500, "internal", "the carrier failed; try again".to_owned())
    }
}

/// Refuses while the carrier is down, and whom it does not know.
pub(super) fn admit(world: &World, headers: &HeaderMap) -> Result<(), Refusal> {
    if world.is_down(Service::Carrier)? {
        return Err(Refusal(503, "down", "the carrier is down until /dev/shipments/up is called".to_owned()));
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    if !world.knows(Sender::Carrier, authorization) {
        let words = "send the carrier's key as `Authorization: Bearer <key>`";
        return Err(Refusal(401, "unauthorized", words.to_owned()));
    }
    Ok(())
}

pub(super) async fn nothing() -> Response {
    Refusal(404, "not_found", "there is nothing at this path".to_owned()).response()
}

pub(super) fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("every status here is one");
    (status, Json(body)).into_response()
}

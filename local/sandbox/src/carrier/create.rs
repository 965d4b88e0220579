//! `POST /v1/shipments`: the carrier takes parcels.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::Value;

use super::course::Behaviour;
use super::refusal::{Refusal, admit, answer};
use super::shipment::{KIND, Shipment, insert};
use crate::idempotency::{self, KEY_MAX, Keyed, Known};
use crate::outbox::{Hook, Sender, enqueue};
use crate::world::World;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    reference: String,
    #[serde(default = "standard")]
    service: String,
    to: Value,
    parcels: Vec<Parcel>,
}

/// What is in it is the shop's business, and given back as it came.
#[derive(Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Parcel {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weight_grams: Option<u64>,
    #[serde(default)]
    items: Value,
}

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotent-replayed";
const REFERENCE_MAX: usize = 255;

pub(super) async fn create(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> Response {
    let created = admit(&world, &headers).and_then(|()| once(&world, &headers, &body));
    world.outbox(Sender::Carrier).wake();
    match created {
        Err(refusal) => refusal.response(),
        Ok((object, replayed)) => {
            let mut response = answer(201, &object);
            if replayed {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
    }
}

/// The shipment of the key, and whether it was there before; without a key always a new one.
fn once(world: &World, headers: &HeaderMap, body: &Bytes) -> Result<(Value, bool), Refusal> {
    let Some(key) = headers.get(KEY) else {
        return Ok((world.store.write(|db| ship(world, db, body))?, false));
    };
    let key = key.to_str().ok().filter(|it| (1..=KEY_MAX).contains(&it.len()));
    let key = key.ok_or_else(|| Refusal::invalid("an Idempotency-Key has 1 to 255 visible characters"))?;
    let request = String::from_utf8_lossy(body);
    let keyed = Keyed { service: Sender::Carrier.name(), key, request: &request };
    let _claim = world.in_progress.claim(&keyed).ok_or_else(Refusal::in_progress)?;
    world.store.write(|db| match idempotency::look_up(db, &keyed, world.now_ms())? {
        Known::Answer(_, object) => Ok((object, true)),
        Known::Other => Err(Refusal::other_request()),
        Known::Nothing => {
            let object = ship(world, db, body)?;
            idempotency::keep(db, &keyed, (201, &object), world.now_ms())?;
            Ok((object, false))
        }
    })
}

/// Takes the parcels, and lays down how they will get on and when that is told.
fn ship(world: &World, db: &Connection, body: &Bytes) -> Result<Value, Refusal> {
    let wanted: Wanted = serde_json::from_slice(body).map_err(|it| Refusal::invalid(it.to_string()))?;
    let behaviour = check(&wanted)?;
    let shipment = laid_down(world, db, wanted, behaviour)?;
    insert(db, &shipment)?;
    tell_course(world, db, &shipment, behaviour)?;
    Ok(shipment.object(world))
}

fn laid_down(
    world: &World,
    db: &Connection,
    wanted: Wanted,
    behaviour: Behaviour,
) -> rusqlite::Result<Shipment> {
    let now_ms = world.now_ms();
    Ok(Shipment {
        id: world.next_id(db, "shp_")?,
        tracking: world.next_id(db, "SB")?.to_ascii_uppercase(),
        reference: wanted.reference,
        service: wanted.service,
        to: wanted.to,
        parcels: serde_json::to_value(wanted.parcels).expect("parcels have texts for keys"),
        created_ms: now_ms,
        course: behaviour.course(&world.timing, now_ms),
        cancelled: false,
    })
}

/// Lays down when each step is told.
fn tell_course(
    world: &World,
    db: &Connection,
    shipment: &Shipment,
    behaviour: Behaviour,
) -> rusqlite::Result<()> {
    for (step, due_ms) in shipment.course.iter().zip(behaviour.told(&shipment.course)) {
        let event = world.next_id(db, "evt_")?;
        let hook = Hook {
            sender: Sender::Carrier,
            subject: &shipment.id,
            event: &event,
            kind: KIND,
            body: &shipment.event(&event, *step),
            due_ms,
            copies: behaviour.copies(),
        };
        enqueue(db, &hook, shipment.created_ms)?;
    }
    Ok(())
}

fn check(wanted: &Wanted) -> Result<Behaviour, Refusal> {
    if wanted.reference.is_empty() || wanted.reference.len() > REFERENCE_MAX {
        return Err(Refusal::invalid("reference must have 1 to 255 characters"));
    }
    if !wanted.to.is_object() {
        return Err(Refusal::invalid("to must be an address, a JSON object"));
    }
    if wanted.parcels.is_empty() {
        return Err(Refusal::invalid("parcels must not be empty"));
    }
    Behaviour::of(&wanted.service, &wanted.reference).ok_or_else(|| {
        Refusal::invalid(format!(
            "there is no service {:?}; the sandbox has standard, lost, lossy-webhooks and never",
            wanted.service
        ))
    })
}

fn standard() -> String {
    "standard".to_owned()
}

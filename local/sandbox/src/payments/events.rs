//! The events that become webhooks.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::intent::{Intent, Status};
use super::refund::Refund;
use crate::outbox::{Hook, Sender, enqueue, events_about};
use crate::world::{World, millis};

/// The version of Stripe's API that objects look like.
const API_VERSION: &str = "2025-03-31.basil";

/// Says what became of an intent.
pub(super) fn of_intent(world: &World, db: &Connection, intent: &Intent, key: &str) -> rusqlite::Result<()> {
    let kind = match intent.status {
        Status::RequiresPaymentMethod if intent.last_payment_error.is_some() => {
            "payment_intent.payment_failed"
        }
        Status::RequiresPaymentMethod | Status::RequiresConfirmation => return Ok(()),
        Status::RequiresCapture => "payment_intent.amount_capturable_updated",
        Status::Succeeded => "payment_intent.succeeded",
        Status::Canceled => "payment_intent.canceled",
    };
    emit(world, db, intent, kind, &intent.object(), key)
}

/// Says what became of a refund of the intent.
pub(super) fn of_refund(
    world: &World,
    db: &Connection,
    intent: &Intent,
    refund: &Refund,
    key: &str,
) -> rusqlite::Result<()> {
    if !refund.failed {
        emit(world, db, intent, "charge.refunded", &intent.charge_object(), key)?;
    }
    emit(world, db, intent, "refund.updated", &refund.object(), key)
}

fn emit(
    world: &World,
    db: &Connection,
    intent: &Intent,
    kind: &str,
    object: &Value,
    key: &str,
) -> rusqlite::Result<()> {
    let (now, behaviour) = (world.now(), intent.behaviour());
    let event = world.next_id(db, "evt_")?;
    let body = json!({
        "id": event, "object": "event", "api_version": API_VERSION, "created": now.as_second(), "type": kind,
        "livemode": false, "pending_webhooks": 1, "data": {"object": object},
        "request": {"id": null, "idempotency_key": Some(key).filter(|it| !it.is_empty())},
    });
    let nth = events_about(db, Sender::Payments, &intent.id)? + 1;
    let late_ms = if behaviour.is_late(nth) { millis(world.timing.late) } else { 0 };
    let hook = Hook {
        sender: Sender::Payments,
        subject: &intent.id,
        event: &event,
        kind,
        body: &body,
        due_ms: now.as_millisecond() + late_ms,
        copies: behaviour.copies(),
    };
    enqueue(db, &hook, now.as_millisecond())
}

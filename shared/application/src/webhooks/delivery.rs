//! One event on its way to one webhook: the errand that travels through the queue, and what is known of it.

use jiff::Timestamp;
use penstock_domain::webhook::Webhook;
use penstock_domain::{DeliveryId, TenantId, WebhookId};
use serde::{Deserialize, Serialize};

/// What a message of the delivery queue says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Errand {
    /// To which webhook.
    pub webhook: WebhookId,
    /// Which delivery.
    pub delivery: DeliveryId,
    /// Of which event; what its receiver knows a repetition by.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// When the delivery began.
    pub began_at: Timestamp,
    /// Attempts before this one.
    pub attempts: u32,
    /// Not before that.
    pub due: Timestamp,
    /// Whether somebody asked for it and waits: it is tried once, even when the webhook is disabled.
    pub by_hand: bool,
    /// What is sent, to the byte: the event in its CloudEvents envelope.
    pub body: String,
}

impl Errand {
    /// The delivery of an event that happened at `at`, which is the same one however often the event comes.
    pub fn of_event(
        tenant: &TenantId,
        webhook: &Webhook,
        (event_id, event_type): (&str, &str),
        at: Timestamp,
        body: String,
    ) -> Self {
        Self {
            webhook: webhook.id,
            delivery: DeliveryId::derive(tenant, webhook.id, event_id, at),
            event_id: event_id.to_owned(),
            event_type: event_type.to_owned(),
            began_at: at,
            attempts: 0,
            due: at,
            by_hand: false,
            body,
        }
    }

    /// A delivery that somebody asks for, `unique` being a name for that they asked.
    pub fn by_hand(
        tenant: &TenantId,
        webhook: WebhookId,
        (event_id, event_type): (&str, &str),
        (unique, now): (&str, Timestamp),
        body: String,
    ) -> Self {
        Self {
            webhook,
            delivery: DeliveryId::derive(tenant, webhook, unique, now),
            event_id: event_id.to_owned(),
            event_type: event_type.to_owned(),
            began_at: now,
            attempts: 0,
            due: now,
            by_hand: true,
            body,
        }
    }
}

/// What is known of a delivery. It is kept for some weeks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Which.
    pub id: DeliveryId,
    /// To which webhook.
    pub webhook: WebhookId,
    /// Of which event.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// When it began.
    pub began_at: Timestamp,
    /// Where it is.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: u32,
    /// The newest attempt.
    pub last: Attempt,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryStatus {
    /// It is tried again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// The HTTP status that was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How the answer's body begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

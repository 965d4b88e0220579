//! Deliveries, and what became of them.
//!
//! They are told by their parts, for what knows them is a layer that this one does not know.

use jiff::Timestamp;
use penstock_domain::DeliveryId;
use serde::Serialize;
use utoipa::ToSchema;

/// A page of a webhook's deliveries, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryList)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryList {
    /// The deliveries of the page.
    pub deliveries: Vec<DeliveryView>,
    /// What asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_cursor: Option<String>,
}

/// One event on its way to one webhook. It is shown from its first attempt on, for 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryView {
    /// Which; sent along as `penstock-delivery-id`.
    #[schema(value_type = Uuid)]
    pub delivery_id: DeliveryId,
    /// The event's id; sent along as `webhook-id`, by which a receiver knows a repetition.
    pub event_id: String,
    /// The event's type.
    #[schema(example = "penstock.order.placed")]
    pub event_type: String,
    /// Where it is.
    pub status: DeliveryStatusView,
    /// Attempts so far.
    #[schema(minimum = 1)]
    pub attempts: u32,
    /// When it began.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Timestamp,
    /// The newest attempt.
    pub last_attempt: AttemptView,
    /// When the next attempt is due.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown_if_any")]
    #[schema(nullable = false, value_type = Option<String>, format = DateTime)]
    pub next_attempt_at: Option<Timestamp>,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryStatus)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryStatusView {
    /// It is tried again.
    Pending,
    /// It was taken.
    Delivered,
    /// It was given up.
    Failed,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
#[serde(rename_all = "camelCase")]
pub struct AttemptView {
    /// When.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took.
    pub duration_ms: u64,
    /// The HTTP status that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 100, maximum = 999)]
    pub status: Option<u16>,
    /// How the answer's body begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub answer: Option<String>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "no answer within 15 s")]
    pub error: Option<String>,
}

/// A delivery that was asked for is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDeliverySent)]
#[serde(rename_all = "camelCase")]
pub struct DeliverySent {
    /// What it is listed by, once it was tried.
    #[schema(value_type = Uuid)]
    pub delivery_id: DeliveryId,
}

impl DeliveryList {
    /// The page as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a page is text and numbers")
    }
}

impl DeliverySent {
    /// The answer as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an answer is text")
    }
}

fn shown<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    crate::time::shown(*at).serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn shown_if_any<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(crate::time::shown).serialize(serializer)
}

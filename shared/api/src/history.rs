//! An order's history on the wire: every event, with money as the wire has it and not as it is stored.

use penstock_domain::order::{Event, Line};
use penstock_domain::{Currency, CustomerId, Money, OrderId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::money::{self, WireMoney};
use crate::orders::ItemView;
use crate::time;

/// All events of an order, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderHistory<'a> {
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    events: Vec<HistoryEntry<'a>>,
}

impl<'a> OrderHistory<'a> {
    /// The history of one order.
    pub fn new(order_id: OrderId, events: Vec<HistoryEntry<'a>>) -> Self {
        Self { order_id, events }
    }

    /// The history as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a history is text and numbers")
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry<'a> {
    /// Counts the order's events from 1.
    #[schema(minimum = 1)]
    sequence: u32,
    /// The order's version that the event belongs to; one command may cause several events.
    #[schema(minimum = 1)]
    version: u32,
    r#type: EventType,
    #[schema(format = DateTime)]
    at: String,
    /// Who gave the command.
    actor: &'a str,
    data: EventData<'a>,
}

impl<'a> HistoryEntry<'a> {
    /// One event, as number `sequence` of its order, decided in commit `version` by a command of `actor`.
    pub fn new(sequence: u32, version: u32, actor: &'a str, event: &'a Event) -> Self {
        let (r#type, data) = (EventType::of(event), EventData::of(event));
        Self { sequence, version, r#type, at: time::shown(event.at()), actor, data }
    }

    /// What happened, by the name the wire has for it.
    pub(crate) fn type_name(&self) -> String {
        let name = serde_json::to_value(self.r#type).expect("a name is a text");
        name.as_str().expect("a name is a text").to_owned()
    }

    /// The event's number among the order's.
    pub(crate) fn sequence(&self) -> u32 {
        self.sequence
    }

    /// The order's version that the event belongs to.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// When it happened.
    pub(crate) fn at(&self) -> &str {
        &self.at
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum EventType {
    Created,
    LinesReplaced,
    Placed,
    PaymentStarted,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentRetried,
    Shipped,
    TrackingUpdated,
    Delivered,
    ReportedLost,
    ReturnRequested,
    Returned,
    Refunded,
    Cancelled,
    Archived,
}

impl EventType {
    fn of(event: &Event) -> Self {
        match event {
            Event::Created { .. } => Self::Created,
            Event::LinesReplaced { .. } => Self::LinesReplaced,
            Event::Placed { .. } => Self::Placed,
            Event::PaymentStarted { .. } => Self::PaymentStarted,
            Event::PaymentConfirmed { .. } => Self::PaymentConfirmed,
            Event::PaymentDeclined { .. } => Self::PaymentDeclined,
            Event::PaymentRetried { .. } => Self::PaymentRetried,
            Event::Shipped { .. } => Self::Shipped,
            Event::TrackingUpdated { .. } => Self::TrackingUpdated,
            Event::Delivered { .. } => Self::Delivered,
            Event::ReportedLost { .. } => Self::ReportedLost,
            Event::ReturnRequested { .. } => Self::ReturnRequested,
            Event::Returned { .. } => Self::Returned,
            Event::Refunded { .. } => Self::Refunded,
            Event::Cancelled { .. } => Self::Cancelled,
            Event::Archived { .. } => Self::Archived,
        }
    }
}

/// What an event says beside its type and time; which members there are follows from the type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EventData<'a> {
    /// Who buys (`created`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Uuid>)]
    customer_id: Option<CustomerId>,
    /// What all the order's money is in (`created`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, schema_with = money::currency_schema, required = false)]
    currency: Option<Currency>,
    /// All lines since then (`created`, `linesReplaced`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    items: Option<Vec<ItemView<'a>>>,
    /// What the order costs (`placed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total_amount: Option<WireMoney>,
    /// What was paid (`paymentConfirmed`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    captured: Option<WireMoney>,
    /// Why (`paymentDeclined`, `returnRequested`, `cancelled`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a str>,
    /// What goes back (`refunded`, `cancelled`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refund: Option<WireMoney>,
}

impl<'a> EventData<'a> {
    fn of(event: &'a Event) -> Self {
        let none = Self::default();
        match event {
            Event::Created { customer_id, currency, lines, .. } => Self {
                customer_id: Some(*customer_id),
                currency: Some(*currency),
                items: items(lines),
                ..none
            },
            Event::LinesReplaced { lines, .. } => Self { items: items(lines), ..none },
            Event::Placed { total, .. } => Self { total_amount: money(total), ..none },
            Event::PaymentConfirmed { captured, .. } => Self { captured: money(captured), ..none },
            Event::PaymentDeclined { reason, .. } | Event::ReturnRequested { reason, .. } => {
                Self { reason: reason.as_deref(), ..none }
            }
            Event::Refunded { amount, .. } => Self { refund: money(amount), ..none },
            Event::Cancelled { reason, refund, .. } => {
                Self { reason: reason.as_deref(), refund: refund.map(WireMoney), ..none }
            }
            Event::PaymentStarted { .. }
            | Event::PaymentRetried { .. }
            | Event::Shipped { .. }
            | Event::TrackingUpdated { .. }
            | Event::Delivered { .. }
            | Event::ReportedLost { .. }
            | Event::Returned { .. }
            | Event::Archived { .. } => none,
        }
    }
}

fn items(lines: &[Line]) -> Option<Vec<ItemView<'_>>> {
    Some(lines.iter().map(ItemView::new).collect())
}

fn money(money: &Money) -> Option<WireMoney> {
    Some(WireMoney(*money))
}

#[cfg(test)]
mod tests;

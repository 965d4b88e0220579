//! An order's history on the wire: every event, with money as the wire has it and not as it is stored.

use penstock_domain::order::{Event, Line, Part, Units};
use penstock_domain::{Currency, CustomerId, Money, OrderId, ReturnId, ShipmentId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::fulfilment::{ConsignmentView, PartView, TrackingStatus, UnitsView};
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
    PaymentMethodGiven,
    StockReserved,
    StockShort,
    PaymentStarted,
    PaymentConfirmed,
    PaymentDeclined,
    PaymentRetried,
    StrayPaymentFound,
    CancellationRequested,
    RefundRequested,
    RefundPaid,
    ShipmentCreated,
    ShipmentTracked,
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
            Event::PaymentMethodGiven { .. } => Self::PaymentMethodGiven,
            Event::StockReserved { .. } => Self::StockReserved,
            Event::StockShort { .. } => Self::StockShort,
            Event::PaymentStarted { .. } => Self::PaymentStarted,
            Event::PaymentConfirmed { .. } => Self::PaymentConfirmed,
            Event::PaymentDeclined { .. } => Self::PaymentDeclined,
            Event::PaymentRetried { .. } => Self::PaymentRetried,
            Event::StrayPaymentFound { .. } => Self::StrayPaymentFound,
            Event::CancellationRequested { .. } => Self::CancellationRequested,
            Event::RefundRequested { .. } => Self::RefundRequested,
            Event::RefundPaid { .. } => Self::RefundPaid,
            Event::ShipmentCreated { .. } => Self::ShipmentCreated,
            Event::ShipmentTracked { .. } => Self::ShipmentTracked,
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
    /// Which attempt to pay, counted from 1 (`paymentStarted`, `paymentConfirmed`, `paymentDeclined`, `strayPaymentFound`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    attempt: Option<u32>,
    /// What was asked for (`paymentStarted`), or goes back (`refundRequested`, `refundPaid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amount: Option<WireMoney>,
    /// The payment provider's name for the payment or the refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<&'a str>,
    /// The payment provider's word for why (`paymentDeclined`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<&'a str>,
    /// Until when the order waits for a payment or for goods (`stockReserved`, `stockShort`, `paymentDeclined`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    waits_until: Option<String>,
    /// What the warehouse keeps (`stockReserved`) or lacks (`stockShort`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    units: Option<Vec<UnitsView>>,
    /// Which refund of the order, counted from 1 (`refundRequested`, `refundPaid`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    refund_number: Option<u32>,
    /// Which parcel (`shipmentCreated`, `shipmentTracked`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Uuid>)]
    shipment_id: Option<ShipmentId>,
    /// Where the parcel is (`shipmentTracked`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shipment_status: Option<TrackingStatus>,
    /// Who carries the parcel (`shipmentCreated`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    consignment: Option<ConsignmentView<'a>>,
    /// Which return (`returnRequested`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Uuid>)]
    return_id: Option<ReturnId>,
    /// Which units of which lines (`shipmentCreated`, `returnRequested`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parts: Option<Vec<PartView>>,
    /// Whether what came back can be sold again (`returned`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    restock: Option<bool>,
    /// What was paid (`paymentConfirmed`, `strayPaymentFound`).
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
            Event::Refunded { amount, .. } => Self { refund: money(amount), ..none },
            Event::Cancelled { reason, refund, .. } => {
                Self { reason: reason.as_deref(), refund: refund.map(WireMoney), ..none }
            }
            Event::CancellationRequested { reason, .. } => Self { reason: reason.as_deref(), ..none },
            Event::StockReserved { .. } | Event::StockShort { .. } => Self::of_stock(event),
            Event::PaymentStarted { .. }
            | Event::PaymentConfirmed { .. }
            | Event::PaymentDeclined { .. }
            | Event::StrayPaymentFound { .. }
            | Event::RefundRequested { .. }
            | Event::RefundPaid { .. } => Self::of_money(event),
            Event::ShipmentCreated { .. }
            | Event::ShipmentTracked { .. }
            | Event::ReturnRequested { .. }
            | Event::Returned { .. } => Self::of_parcels(event),
            Event::PaymentMethodGiven { .. }
            | Event::PaymentRetried { .. }
            | Event::Shipped { .. }
            | Event::TrackingUpdated { .. }
            | Event::Delivered { .. }
            | Event::ReportedLost { .. }
            | Event::Archived { .. } => none,
        }
    }

    fn of_stock(event: &'a Event) -> Self {
        let none = Self::default();
        match event {
            Event::StockReserved { units, pay_by, .. } => {
                Self { units: shown_units(units), waits_until: pay_by.map(time::shown), ..none }
            }
            Event::StockShort { missing, wait_until, .. } => {
                Self { units: shown_units(missing), waits_until: wait_until.map(time::shown), ..none }
            }
            _ => none,
        }
    }

    fn of_money(event: &'a Event) -> Self {
        let none = Self::default();
        match event {
            Event::PaymentStarted { attempt, amount, .. } => {
                Self { attempt: counted(*attempt), amount: amount.map(WireMoney), ..none }
            }
            Event::PaymentConfirmed { captured, attempt, reference, .. } => Self {
                captured: money(captured),
                attempt: counted(*attempt),
                reference: reference.as_deref(),
                ..none
            },
            Event::PaymentDeclined { reason, attempt, code, pay_by, .. } => Self {
                reason: reason.as_deref(),
                attempt: counted(*attempt),
                code: code.as_deref(),
                waits_until: pay_by.map(time::shown),
                ..none
            },
            Event::StrayPaymentFound { attempt, captured, reference, .. } => Self {
                attempt: counted(*attempt),
                captured: money(captured),
                reference: Some(reference),
                ..none
            },
            Event::RefundRequested { refund, amount, reference, .. }
            | Event::RefundPaid { refund, amount, reference, .. } => Self {
                refund_number: Some(*refund),
                amount: money(amount),
                reference: reference.as_deref(),
                ..none
            },
            _ => none,
        }
    }

    fn of_parcels(event: &'a Event) -> Self {
        let none = Self::default();
        match event {
            Event::ShipmentCreated { shipment, parts, consignment, .. } => Self {
                shipment_id: Some(*shipment),
                parts: shown_parts(parts),
                consignment: consignment.as_ref().map(ConsignmentView::new),
                ..none
            },
            Event::ShipmentTracked { shipment, status, .. } => {
                Self { shipment_id: Some(*shipment), shipment_status: Some((*status).into()), ..none }
            }
            Event::ReturnRequested { reason, return_id, parts, .. } => Self {
                reason: reason.as_deref(),
                return_id: *return_id,
                parts: shown_parts(parts).filter(|parts| !parts.is_empty()),
                ..none
            },
            Event::Returned { restock, .. } => Self { restock: *restock, ..none },
            _ => none,
        }
    }
}

/// Attempts are counted from 1; events stored before they were counted say 0.
fn counted(attempt: u32) -> Option<u32> {
    (attempt > 0).then_some(attempt)
}

fn shown_units(units: &[Units]) -> Option<Vec<UnitsView>> {
    Some(units.iter().map(UnitsView::new).collect())
}

fn shown_parts(parts: &[Part]) -> Option<Vec<PartView>> {
    Some(parts.iter().map(PartView::new).collect())
}

fn items(lines: &[Line]) -> Option<Vec<ItemView<'_>>> {
    Some(lines.iter().map(ItemView::new).collect())
}

fn money(money: &Money) -> Option<WireMoney> {
    Some(WireMoney(*money))
}

#[cfg(test)]
mod tests;

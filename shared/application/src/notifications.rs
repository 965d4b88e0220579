//! What customers are told by e-mail: which events a letter is written for, and what it says.

use penstock_domain::TenantId;
use penstock_domain::order::{Consignment, Event, Line, Order, Part, Status};

use crate::history::History;
use crate::orders::OrderError;
use crate::ports::mail::{Mail, Message, Recipient};

/// The types of events that a letter may be written for: of all others nothing needs to be read.
const TYPES: [&str; 5] = [
    "penstock.order.paymentConfirmed",
    "penstock.order.paymentDeclined",
    "penstock.order.shipmentCreated",
    "penstock.order.cancelled",
    "penstock.order.refundPaid",
];

/// Whether a letter may be written for events of that type.
pub fn may_be_written_for(event_type: &str) -> bool {
    TYPES.contains(&event_type)
}

/// The letter for an order's event number `sequence`; nothing when none is written, or nobody can be written to.
///
/// # Errors
/// [`OrderError::Corrupt`] when the history does not begin with a creation.
pub fn letter(tenant: &TenantId, history: &History, sequence: u32) -> Result<Option<Mail>, OrderError> {
    let order = history.now()?.order;
    let Some(email) = order.contact.email.clone() else { return Ok(None) };
    let events: Vec<&Event> = history.commits().iter().flat_map(|commit| &commit.events).collect();
    // Nobody is written to about a draft: the customer may not even know of it.
    let placed = events.iter().any(|it| matches!(it, Event::Placed { .. }));
    let event = (sequence as usize).checked_sub(1).and_then(|before| events.get(before)).filter(|_| placed);
    let to = Recipient { email, name: order.contact.name.clone() };
    let message = event.and_then(|event| message(event, &order));
    let (tenant, order) = (tenant.clone(), history.id());
    Ok(message.map(|message| Mail { tenant, order, sequence, to, message }))
}

/// What is said of an event, as the order is by now.
fn message(event: &Event, order: &Order) -> Option<Message> {
    match event {
        Event::PaymentConfirmed { .. } => {
            Some(Message::Confirmed { lines: order.lines.clone(), total: order.total })
        }
        // The letter may come late: who has paid since must not read that the payment failed.
        Event::PaymentDeclined { pay_by, .. } if order.status == Status::PaymentFailed => {
            Some(Message::PaymentFailed { total: order.total, pay_by: pay_by.map(|it| it.to_string()) })
        }
        // One that strays, though its order was called off, is to come back.
        Event::ShipmentCreated { parts, consignment, .. } if order.status != Status::Cancelled => {
            Some(shipped(parts, consignment.as_ref(), &order.lines))
        }
        Event::Cancelled { reason, refund, .. } => {
            Some(Message::Cancelled { reason: reason.clone(), refund: *refund })
        }
        Event::RefundPaid { amount, .. } => Some(Message::Refunded { amount: *amount }),
        _ => None,
    }
}

fn shipped(parts: &[Part], consignment: Option<&Consignment>, lines: &[Line]) -> Message {
    let sent = |part: &Part| {
        let line = lines.get(part.line as usize)?;
        Some(Line { quantity: part.quantity, ..line.clone() })
    };
    Message::Shipped {
        lines: parts.iter().filter_map(sent).collect(),
        tracking_number: consignment.and_then(|it| it.tracking_number.clone()),
        tracking_url: consignment.and_then(|it| it.tracking_url.clone()),
    }
}

#[cfg(test)]
mod tests;

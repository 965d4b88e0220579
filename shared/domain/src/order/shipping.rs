//! Decisions about parcels.

use crate::ShipmentId;
use crate::planted::{self, Bug};

use super::decide::Decision;
use super::fulfilment::value;
use super::{Action, Consignment, Event, Parcel, ParcelStatus, Part, Refusal, Status};

/// Sends a parcel: the first one ships the order.
pub(super) fn create(
    decision: &mut Decision,
    shipment: ShipmentId,
    parts: Vec<Part>,
    consignment: Option<Consignment>,
) -> Result<(), Refusal> {
    if decision.order.fulfilment.parcel(shipment).is_some() {
        return Ok(());
    }
    if !matches!(decision.order.status, Status::Confirmed | Status::Shipped | Status::InTransit) {
        return Err(decision.refuse(Action::Ship));
    }
    let open = decision.order.fulfilment.open(&decision.order.lines);
    let parts = chosen(parts, open, "sent")?;
    let at = decision.at;
    decision.push(Event::ShipmentCreated { at, shipment, parts, consignment });
    if decision.may(Action::Ship) {
        decision.push(Event::Shipped { at });
    }
    Ok(())
}

/// Notes a parcel that left though its order was called off. It is on its way whatever the order says; the state stays.
pub(super) fn note_stray(
    decision: &mut Decision,
    shipment: ShipmentId,
    consignment: Consignment,
) -> Result<(), Refusal> {
    if decision.order.fulfilment.parcel(shipment).is_some() {
        return Ok(());
    }
    if decision.order.status != Status::Cancelled {
        return create(decision, shipment, vec![], Some(consignment));
    }
    let parts = decision.order.fulfilment.open(&decision.order.lines);
    let (at, consignment) = (decision.at, Some(consignment));
    decision.push(Event::ShipmentCreated { at, shipment, parts, consignment });
    Ok(())
}

/// Notes where a parcel is. What comes late, or was said before, is nothing new.
pub(super) fn track(decision: &mut Decision, id: ShipmentId, status: ParcelStatus) -> Result<(), Refusal> {
    let parcel = match decision.order.fulfilment.parcel(id) {
        Some(parcel) => parcel.clone(),
        None if decision.order.fulfilment.parcels.is_empty() => return Err(decision.refuse(action(status))),
        None => return Err(Refusal::NoShipment(id)),
    };
    let ended = matches!(parcel.status, Some(ParcelStatus::Delivered | ParcelStatus::Lost));
    if (ended && !planted::is(Bug::NewsAsTheyCome)) || parcel.status == Some(status) {
        return Ok(());
    }
    let at = decision.at;
    decision.push(Event::ShipmentTracked { at, shipment: id, status });
    match status {
        // It strays: its money and its goods were given back when the order was called off.
        _ if matches!(decision.order.status, Status::Cancelled | Status::Archived) => {}
        ParcelStatus::InTransit => seen(decision),
        ParcelStatus::Delivered => conclude(decision),
        ParcelStatus::Lost => lose(decision, &parcel),
    }
    Ok(())
}

/// What a parcel's news mean for its order.
pub(super) fn action(status: ParcelStatus) -> Action {
    match status {
        ParcelStatus::InTransit => Action::UpdateTracking,
        ParcelStatus::Delivered => Action::ConfirmDelivery,
        ParcelStatus::Lost => Action::ReportLost,
    }
}

fn seen(decision: &mut Decision) {
    if decision.may(Action::UpdateTracking) {
        decision.push(Event::TrackingUpdated { at: decision.at });
    }
}

/// With its last parcel the order is delivered; if all of them are lost, the order is.
fn conclude(decision: &mut Decision) {
    let order = &decision.order;
    if !order.fulfilment.over(&order.lines) {
        seen(decision);
        return;
    }
    let arrived = |parcel: &Parcel| parcel.status == Some(ParcelStatus::Delivered);
    if order.fulfilment.parcels.iter().any(arrived) {
        decision.push(Event::Delivered { at: decision.at });
    } else {
        seen(decision);
        decision.push(Event::ReportedLost { at: decision.at });
    }
}

fn lose(decision: &mut Decision, parcel: &Parcel) {
    let order = &decision.order;
    let amount = value(&parcel.parts, &order.lines, order.currency);
    conclude(decision);
    decision.refund_kept(amount);
    decision.close_refunded();
}

/// The parts that were asked for, or all there are; refused when one is not there.
pub(super) fn chosen(wanted: Vec<Part>, there: Vec<Part>, what: &'static str) -> Result<Vec<Part>, Refusal> {
    if there.is_empty() {
        return Err(Refusal::NothingLeft(what));
    }
    if wanted.is_empty() {
        return Ok(there);
    }
    let mut merged: Vec<Part> = Vec::new();
    for part in wanted {
        match merged.iter_mut().find(|known| known.line == part.line) {
            Some(known) => known.quantity = known.quantity.saturating_add(part.quantity),
            None => merged.push(part),
        }
    }
    for part in &merged {
        let left = there.iter().find(|it| it.line == part.line).map_or(0, |it| it.quantity);
        if part.quantity == 0 || part.quantity > left {
            return Err(Refusal::Parts { part: *part, left, what });
        }
    }
    Ok(merged)
}

//! Decisions about what comes back.

use crate::ReturnId;
use crate::planted::{self, Bug};

use super::decide::Decision;
use super::fulfilment::value;
use super::shipping::chosen;
use super::{Action, Event, Part, Refusal};

/// The customer wants to send something back.
pub(super) fn request(
    decision: &mut Decision,
    id: ReturnId,
    reason: Option<String>,
    parts: Vec<Part>,
) -> Result<(), Refusal> {
    if decision.said(Action::RequestReturn) {
        return Ok(());
    }
    decision.require(Action::RequestReturn)?;
    let at = decision.at;
    let closed = decision.order.returnable_until().filter(|until| at > *until);
    if let Some(until) = closed.filter(|_| !planted::is(Bug::ReturnedLate)) {
        return Err(Refusal::ReturnWindowClosed(until));
    }
    let arrived = decision.order.fulfilment.arrived(&decision.order.lines);
    let parts = chosen(parts, arrived, "returned")?;
    decision.push(Event::ReturnRequested { at, reason, return_id: Some(id), parts });
    Ok(())
}

/// It came back: its price goes back too.
pub(super) fn receive(decision: &mut Decision, id: ReturnId, restock: bool) -> Result<(), Refusal> {
    let Some(returned) = decision.order.fulfilment.returned.clone() else {
        return Err(decision.refuse(Action::ProcessReturn));
    };
    if returned.id.is_some_and(|known| known != id) {
        return Err(Refusal::NoReturn(id));
    }
    if returned.received {
        return Ok(());
    }
    decision.require(Action::ProcessReturn)?;
    let order = &decision.order;
    let amount = value(&returned.parts, &order.lines, order.currency);
    decision.push(Event::Returned { at: decision.at, restock: Some(restock) });
    decision.refund_kept(amount);
    decision.close_refunded();
    Ok(())
}

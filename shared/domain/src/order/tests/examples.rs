//! An order of ten hearts, what happens to it, and what is said to it.

use super::*;

pub(super) fn created() -> Event {
    Event::Created {
        at: now(),
        customer_id: Uuid::from_u128(1).into(),
        currency: gbp(0).currency(),
        lines: vec![line(10, 250)],
        payment: None,
        contact: None,
    }
}

/// The same order, which knows what to pay with.
pub(super) fn created_to_pay() -> Event {
    let Event::Created { at, customer_id, currency, lines, contact, .. } = created() else {
        panic!("a creation")
    };
    Event::Created { at, customer_id, currency, lines, payment: Some(visa()), contact }
}

pub(super) fn placed() -> Event {
    Event::Placed { at: now(), total: gbp(2_500) }
}

pub(super) fn reserved() -> Event {
    Event::StockReserved { at: now(), units: kept(), pay_by: None }
}

pub(super) fn started() -> Event {
    started_as(1)
}

pub(super) fn started_as(attempt: u32) -> Event {
    Event::PaymentStarted { at: now(), attempt, amount: Some(gbp(2_500)), method: Some(visa()) }
}

pub(super) fn paid() -> Event {
    let reference = Some("pi_1".to_owned());
    Event::PaymentConfirmed { at: now(), captured: gbp(2_500), attempt: 1, reference }
}

pub(super) fn declined() -> Event {
    declined_as(1)
}

pub(super) fn declined_as(attempt: u32) -> Event {
    let (reason, code) = (Some("no".to_owned()), Some("generic_decline".to_owned()));
    Event::PaymentDeclined { at: now(), reason, attempt, code, pay_by: Some(tomorrow()) }
}

pub(super) fn retried() -> Event {
    Event::PaymentRetried { at: now() }
}

/// All of the order in one parcel.
pub(super) fn packed() -> Event {
    let parts = vec![Part { line: 0, quantity: 10 }];
    Event::ShipmentCreated { at: now(), shipment: shipment(), parts, consignment: None }
}

pub(super) fn tracked(status: ParcelStatus) -> Event {
    Event::ShipmentTracked { at: now(), shipment: shipment(), status }
}

pub(super) fn shipped() -> Event {
    Event::Shipped { at: now() }
}

pub(super) fn cancelled() -> Event {
    Event::Cancelled { at: now(), reason: None, refund: None }
}

pub(super) fn refund_requested(pence: i64) -> Event {
    let reference = Some("pi_1".to_owned());
    Event::RefundRequested { at: now(), refund: 1, amount: gbp(pence), reference }
}

pub(super) fn refund_paid(pence: i64) -> Event {
    let reference = Some("re_1".to_owned());
    Event::RefundPaid { at: now(), refund: 1, amount: gbp(pence), reference }
}

pub(super) fn on_its_way() -> Vec<Event> {
    vec![created_to_pay(), placed(), reserved(), started(), paid(), packed(), shipped()]
}

pub(super) fn delivered() -> Vec<Event> {
    let arrived = [tracked(ParcelStatus::Delivered), Event::Delivered { at: now() }];
    [on_its_way(), arrived.to_vec()].concat()
}

pub(super) fn pay() -> Command {
    Command::GivePaymentMethod { method: visa() }
}

pub(super) fn confirm_stock() -> Command {
    Command::ConfirmStock { units: kept(), pay_by: tomorrow() }
}

pub(super) fn confirm() -> Command {
    Command::ConfirmPayment { attempt: 1, captured: gbp(2_500), reference: "pi_1".into() }
}

pub(super) fn decline(attempt: u32) -> Command {
    let (code, reason) = (Some("generic_decline".to_owned()), Some("no".to_owned()));
    Command::DeclinePayment { attempt, code, reason, pay_by: tomorrow() }
}

pub(super) fn ship(id: ShipmentId) -> Command {
    Command::CreateShipment { id, parts: vec![], consignment: None }
}

pub(super) fn stray(id: ShipmentId) -> Command {
    let (carrier, tracking_number, tracking_url) = ("carrier".to_owned(), None, None);
    Command::NoteStrayParcel { id, consignment: Consignment { carrier, tracking_number, tracking_url } }
}

pub(super) fn track(status: ParcelStatus) -> Command {
    Command::TrackShipment { id: shipment(), status }
}

pub(super) fn cancel() -> Command {
    Command::CancelOrder { reason: None }
}

pub(super) fn request_return() -> Command {
    Command::RequestReturn { id: return_id(), reason: None, parts: vec![] }
}

pub(super) fn kept() -> Vec<Units> {
    vec![Units { product_id: line(1, 1).product_id, quantity: 10 }]
}

pub(super) fn missing() -> Vec<Units> {
    vec![Units { product_id: line(1, 1).product_id, quantity: 2 }]
}

pub(super) fn shipment() -> ShipmentId {
    Uuid::from_u128(77).into()
}

pub(super) fn return_id() -> ReturnId {
    Uuid::from_u128(88).into()
}

pub(super) fn visa() -> PaymentMethod {
    "pm_card_visa".parse().unwrap()
}

pub(super) fn line(quantity: u32, pence: i64) -> Line {
    Line {
        product_id: Uuid::from_u128(2).into(),
        sku: "85123A".into(),
        name: "WHITE HANGING HEART T-LIGHT HOLDER".into(),
        quantity,
        unit_price: gbp(pence),
    }
}

pub(super) fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

pub(super) fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

pub(super) fn tomorrow() -> Timestamp {
    "2010-12-02T08:26:00Z".parse().unwrap()
}

pub(super) fn much_later() -> Timestamp {
    "2011-12-01T08:26:00Z".parse().unwrap()
}

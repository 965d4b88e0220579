use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::Contact;
use penstock_domain::{Currency, CustomerId, IdempotencyKey, Money, OrderId, ProductId, ShipmentId};
use uuid::Uuid;

use super::*;
use crate::ledger::Commit;

#[test]
fn a_paid_order_is_confirmed_with_its_lines_and_its_total() {
    let mail = letter_for(vec![created("ann@example.com"), placed(), started(), paid()]).unwrap();
    let to = Recipient { email: "ann@example.com".to_owned(), name: Some("Ann".to_owned()) };
    assert_eq!((mail.to, mail.sequence), (to, 4));
    assert_eq!(mail.message, Message::Confirmed { lines: vec![line()], total: pounds("25.00") });
}

#[test]
fn a_failed_payment_is_told_until_it_was_paid_after_all() {
    let declined = vec![created("a@b.c"), placed(), started(), declined()];
    let mail = letter_for(declined.clone()).unwrap();
    let pay_by = Some("1970-01-02T00:00:00Z".to_owned());
    assert_eq!(mail.message, Message::PaymentFailed { total: pounds("25.00"), pay_by });
    let later = [declined, vec![Event::PaymentRetried { at: at(5) }, started(), paid()]].concat();
    assert_eq!(letter_of(later, 4), None);
}

#[test]
fn a_parcel_is_told_with_what_is_in_it_and_where_to_look() {
    let mail = letter_for(vec![created("a@b.c"), placed(), started(), paid(), parcel()]).unwrap();
    let Message::Shipped { lines, tracking_number, .. } = mail.message else { panic!("{mail:?}") };
    assert_eq!((lines[0].quantity, tracking_number.as_deref()), (1, Some("T1")));
}

#[test]
fn a_parcel_of_a_cancelled_order_is_not_told() {
    let cancelled = Event::Cancelled { at: at(5), reason: None, refund: Some(pounds("25.00")) };
    assert_eq!(letter_for(vec![created("a@b.c"), placed(), started(), paid(), cancelled, parcel()]), None);
}

#[test]
fn a_cancellation_is_told_with_its_reason_but_not_that_of_a_draft() {
    let cancelled = || Event::Cancelled {
        at: at(5),
        reason: Some("out of stock".to_owned()),
        refund: Some(pounds("25.00")),
    };
    let mail = letter_for(vec![created("a@b.c"), placed(), cancelled()]).unwrap();
    let reason = Some("out of stock".to_owned());
    assert_eq!(mail.message, Message::Cancelled { reason, refund: Some(pounds("25.00")) });
    assert_eq!(letter_for(vec![created("a@b.c"), cancelled()]), None);
}

#[test]
fn money_that_went_back_is_told() {
    let refund_paid = Event::RefundPaid { at: at(6), refund: 1, amount: pounds("12.50"), reference: None };
    let mail = letter_for(vec![created("a@b.c"), placed(), started(), paid(), refund_paid]).unwrap();
    assert_eq!(mail.message, Message::Refunded { amount: pounds("12.50") });
}

#[test]
fn nobody_is_written_to_without_an_address_or_about_what_does_not_concern_them() {
    let Event::Created { at, customer_id, currency, lines, payment, .. } = created("a@b.c") else {
        panic!("it is a creation")
    };
    let nameless = Event::Created { at, customer_id, currency, lines, payment, contact: None };
    assert_eq!(letter_for(vec![nameless, placed(), started(), paid()]), None);
    assert_eq!(letter_for(vec![created("a@b.c"), placed()]), None);
    assert_eq!(letter_of(vec![created("a@b.c"), placed()], 0), None);
    assert_eq!(letter_of(vec![created("a@b.c"), placed()], 7), None);
}

#[test]
fn what_a_letter_is_written_for_is_read_and_nothing_else() {
    let events = vec![created("a@b.c"), placed(), started(), paid(), declined()];
    for event in events {
        let named = serde_json::to_value(&event).unwrap()["type"].as_str().unwrap().to_owned();
        let wanted = matches!(event, Event::PaymentConfirmed { .. } | Event::PaymentDeclined { .. });
        assert_eq!(may_be_written_for(&format!("penstock.order.{named}")), wanted, "{named}");
    }
}

fn letter_for(events: Vec<Event>) -> Option<Mail> {
    let last = u32::try_from(events.len()).unwrap();
    letter_of(events, last)
}

fn letter_of(events: Vec<Event>, sequence: u32) -> Option<Mail> {
    let id = OrderId::from(Uuid::from_u128(7));
    let commit = |(number, event): (usize, Event)| Commit {
        tenant: tenant(),
        order: id,
        number: u32::try_from(number + 1).unwrap(),
        at: event.at(),
        actor: "clerk".to_owned(),
        key: IdempotencyKey::from(Uuid::from_u128(number as u128)),
        digest: String::new(),
        request_id: String::new(),
        traceparent: None,
        correlation_id: String::new(),
        events: vec![event],
        head: None,
    };
    let history = History::new(id, events.into_iter().enumerate().map(commit).collect()).unwrap();
    letter(&tenant(), &history, sequence).unwrap()
}

fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

fn parcel() -> Event {
    Event::ShipmentCreated {
        at: at(5),
        shipment: ShipmentId::from(Uuid::from_u128(9)),
        parts: vec![Part { line: 0, quantity: 1 }],
        consignment: Some(Consignment {
            carrier: "carrier".to_owned(),
            tracking_number: Some("T1".to_owned()),
            tracking_url: Some("https://carrier.example/T1".to_owned()),
        }),
    }
}

fn created(email: &str) -> Event {
    let contact =
        Contact { email: Some(email.to_owned()), name: Some("Ann".to_owned()), ..Contact::default() };
    Event::Created {
        at: at(0),
        customer_id: CustomerId::from(Uuid::from_u128(1)),
        currency: gbp(),
        lines: vec![line()],
        payment: None,
        contact: Some(Box::new(contact)),
    }
}

fn placed() -> Event {
    Event::Placed { at: at(1), total: pounds("25.00") }
}

fn started() -> Event {
    Event::PaymentStarted { at: at(2), attempt: 1, amount: None, method: None }
}

fn paid() -> Event {
    Event::PaymentConfirmed { at: at(3), captured: pounds("25.00"), attempt: 1, reference: None }
}

fn declined() -> Event {
    Event::PaymentDeclined { at: at(3), reason: None, attempt: 1, code: None, pay_by: Some(at(24)) }
}

fn line() -> Line {
    let product_id = ProductId::from(Uuid::from_u128(2));
    let (sku, name) = ("MUG-1".to_owned(), "Mug".to_owned());
    Line { product_id, sku, name, quantity: 2, unit_price: pounds("12.50") }
}

fn pounds(amount: &str) -> Money {
    Money::parse(amount, gbp()).unwrap()
}

fn gbp() -> Currency {
    "GBP".parse().unwrap()
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

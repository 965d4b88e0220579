//! The form in which events are stored.

use super::*;

/// Stored events are read for as long as orders are kept: this text may gain variants, and nothing else may change.
#[test]
fn stored_events_keep_their_form() {
    let at = now();
    let reason = Some("why".to_owned());
    let units = vec![Units { product_id: line(1, 1).product_id, quantity: 3 }];
    let parts = vec![Part { line: 0, quantity: 2 }];
    let shipment = shipment();
    let address = Address {
        lines: vec!["1 High Street".into()],
        city: "Leeds".into(),
        postal_code: Some("LS1 1AA".into()),
        country: "GB".into(),
    };
    let contact =
        Contact { email: Some("a@example.com".into()), name: Some("A".into()), address: Some(address) };
    let Event::Created { customer_id, currency, lines, .. } = created() else { panic!("a creation") };
    let consignment = Consignment {
        carrier: "sandbox".into(),
        tracking_number: Some("T1".into()),
        tracking_url: Some("https://example.com/T1".into()),
    };
    let events = [
        created(),
        Event::LinesReplaced { at, lines: vec![line(1, 5)] },
        placed(),
        Event::PaymentStarted { at, attempt: 0, amount: None, method: None },
        Event::PaymentConfirmed { at, captured: gbp(2_500), attempt: 0, reference: None },
        Event::PaymentDeclined { at, reason: reason.clone(), attempt: 0, code: None, pay_by: None },
        retried(),
        shipped(),
        Event::TrackingUpdated { at },
        Event::Delivered { at },
        Event::ReportedLost { at },
        Event::ReturnRequested { at, reason: reason.clone(), return_id: None, parts: vec![] },
        Event::Returned { at, restock: None },
        Event::Refunded { at, amount: gbp(1) },
        Event::Cancelled { at, reason: reason.clone(), refund: Some(gbp(1)) },
        Event::Archived { at },
        Event::Created {
            at,
            customer_id,
            currency,
            lines,
            payment: Some(visa()),
            contact: Some(Box::new(contact)),
        },
        Event::PaymentMethodGiven { at, method: visa() },
        Event::StockReserved { at, units: units.clone(), pay_by: Some(at) },
        Event::StockShort { at, missing: units, wait_until: Some(at) },
        Event::PaymentStarted { at, attempt: 1, amount: Some(gbp(2_500)), method: Some(visa()) },
        Event::PaymentConfirmed { at, captured: gbp(2_500), attempt: 1, reference: Some("pi_1".into()) },
        Event::PaymentDeclined {
            at,
            reason: reason.clone(),
            attempt: 1,
            code: Some("generic_decline".into()),
            pay_by: Some(at),
        },
        Event::StrayPaymentFound { at, attempt: 1, captured: gbp(2_500), reference: "pi_0".into() },
        Event::CancellationRequested { at, reason: reason.clone() },
        Event::RefundRequested { at, refund: 1, amount: gbp(5), reference: Some("pi_1".into()) },
        Event::RefundPaid { at, refund: 1, amount: gbp(5), reference: Some("re_1".into()) },
        Event::ShipmentCreated { at, shipment, parts: parts.clone(), consignment: Some(consignment) },
        Event::ShipmentTracked { at, shipment, status: ParcelStatus::InTransit },
        Event::ReturnRequested { at, reason, return_id: Some(return_id()), parts },
        Event::Returned { at, restock: Some(true) },
    ];
    let stored: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let golden: Vec<&str> = include_str!("../events.golden.jsonl").lines().collect();
    assert_eq!(stored, golden);
    let read: Vec<Event> = golden.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, events);
}

#[test]
fn a_renamed_field_would_be_seen() {
    let renamed =
        include_str!("../events.golden.jsonl").lines().next().unwrap().replace("customerId", "customer");
    assert!(serde_json::from_str::<Event>(&renamed).is_err());
}

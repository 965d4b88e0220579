use super::*;
use serde_json::{Value, json};

/// The domain's own golden events: one of each type, and more.
const GOLDEN: &str = include_str!("../../../domain/src/order/events.golden.jsonl");

#[test]
fn an_event_has_the_type_that_the_domain_stores() {
    for (stored, event) in golden() {
        assert_eq!(json!(EventType::of(&event)), stored["type"], "{stored}");
    }
}

#[test]
fn nothing_that_an_event_says_is_left_out_and_minor_units_stay_inside() {
    // What is known of persons and of what they pay with stays with the order.
    let kept_private = ["contact", "payment", "method"];
    let other_names = [
        ("lines", "items"),
        ("total", "totalAmount"),
        ("shipment", "shipmentId"),
        ("payBy", "waitsUntil"),
        ("waitUntil", "waitsUntil"),
        ("missing", "units"),
    ];
    for (stored, event) in golden() {
        let shown = serde_json::to_string(&EventData::of(&event)).unwrap();
        assert!(!shown.contains("minor"), "{shown}");
        let shown: Value = serde_json::from_str(&shown).unwrap();
        for (name, value) in stored.as_object().unwrap() {
            let stored_name = name.as_str();
            let by_type = match (stored["type"].as_str().unwrap(), stored_name) {
                ("refunded", "amount") => Some("refund"),
                ("refundRequested" | "refundPaid", "refund") => Some("refundNumber"),
                ("shipmentTracked", "status") => Some("shipmentStatus"),
                _ => other_names.iter().find(|(from, _)| *from == stored_name).map(|(_, to)| *to),
            };
            let name = by_type.unwrap_or(stored_name);
            let is_elsewhere =
                matches!(name, "type" | "at") || value.is_null() || kept_private.contains(&name);
            assert!(is_elsewhere || shown.get(name).is_some(), "{name} of {stored} is not in {shown}");
        }
    }
}

#[test]
fn a_history_shows_who_did_what_when() {
    let event: Event = Event::Refunded {
        at: "2010-12-01T08:26:00Z".parse().unwrap(),
        amount: Money::from_minor(1250, "GBP".parse().unwrap()).unwrap(),
    };
    let id = "00000000-0000-0000-0000-000000000001".parse().unwrap();
    let history = OrderHistory::new(id, vec![HistoryEntry::new(7, 6, "clerk", &event)]);
    assert_eq!(
        String::from_utf8(history.to_json()).unwrap(),
        concat!(
            r#"{"orderId":"00000000-0000-0000-0000-000000000001","events":[{"sequence":7,"version":6,"#,
            r#""type":"refunded","at":"2010-12-01T08:26:00.000Z","actor":"clerk","#,
            r#""data":{"refund":{"amount":12.50,"currency":"GBP"}}}]}"#
        )
    );
}

fn golden() -> Vec<(Value, Event)> {
    let read = |line: &str| (serde_json::from_str(line).unwrap(), serde_json::from_str(line).unwrap());
    let events: Vec<_> = GOLDEN.lines().map(read).collect();
    assert!(events.len() >= 16);
    events
}

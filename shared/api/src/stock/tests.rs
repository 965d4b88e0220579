use super::*;
use jiff::Timestamp;
use penstock_domain::stock::{Balance, Movement};
use uuid::Uuid;

#[test]
fn an_adjustment_is_read_with_its_sign_in_any_notation() {
    for (text, quantity) in [("-3", -3), ("144", 144), ("1.5e1", 15), ("0", 0), ("-0", 0)] {
        let body = format!(r#"{{"quantity":{text},"reason":"counted","backorderThreshold":7}}"#);
        let adjustment = AdjustStock::parse(body.as_bytes()).unwrap().adjustment();
        let wanted = Adjustment { quantity, reason: "counted".to_owned(), backorder_threshold: Some(7) };
        assert_eq!(adjustment, wanted, "{text}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    for (body, places) in [
        (
            r#"{"quantity":0.5,"reason":"","x":1,"backorderThreshold":-1}"#,
            ["/quantity", "/backorderThreshold", "/x", "/reason"],
        ),
        (
            r#"{"quantity":1000000001,"reason":7,"x":1,"backorderThreshold":null}"#,
            ["/reason", "/backorderThreshold", "/x", "/quantity"],
        ),
        (
            r#"{"quantity":-1e30,"reason":"a\nb","x":1,"backorderThreshold":0.1}"#,
            ["/quantity", "/backorderThreshold", "/x", "/reason"],
        ),
    ] {
        let problem = AdjustStock::parse(body.as_bytes()).unwrap_err();
        let found: Vec<_> = problem.details.iter().map(|detail| detail.pointer.as_str()).collect();
        assert_eq!(found, places, "{body}");
    }
}

#[test]
fn the_schema_has_the_domains_limits() {
    let schema = crate::openapi::document()["components"]["schemas"]["AdjustStock"]["properties"].clone();
    assert_eq!(schema["quantity"]["maximum"], Adjustment::QUANTITY_MAX);
    assert_eq!(schema["quantity"]["minimum"], -Adjustment::QUANTITY_MAX);
    assert_eq!(schema["reason"]["maxLength"], Adjustment::REASON_LENGTH_MAX);
    assert_eq!(schema["backorderThreshold"]["maximum"], Adjustment::BACKORDER_THRESHOLD_MAX);
}

#[test]
fn stock_that_is_not_tracked_has_no_numbers() {
    let product = Uuid::from_u128(1).into();
    let untracked = r#"{"productId":"00000000-0000-0000-0000-000000000001","tracked":false}"#;
    assert_eq!(StockView::new(product, None).to_json(), untracked.as_bytes());
    let totals = Totals { received: 9, sold: 2, reserved: 8, backorder_threshold: 3, ..Totals::default() };
    let tracked = concat!(
        r#"{"productId":"00000000-0000-0000-0000-000000000001","tracked":true,"#,
        r#""onHand":7,"reserved":8,"available":-1,"backorderThreshold":3}"#
    );
    assert_eq!(StockView::new(product, Some(&totals)).to_json(), tracked.as_bytes());
}

#[test]
fn a_movement_is_shown_with_its_order_or_its_reason() {
    let (at, after) = (Timestamp::UNIX_EPOCH, Balance { on_hand: 7, reserved: 2 });
    let entry = |number, kind, quantity, cause| Entry {
        number,
        movement: Movement { kind, quantity, at, cause },
        after,
    };
    let written_off = Cause::Order(Uuid::from_u128(1).into());
    let list = MovementList::new(
        [
            entry(2, MovementKind::WrittenOff, 3, written_off),
            entry(1, MovementKind::Corrected, -4, Cause::Adjustment("counted".to_owned())),
        ],
        Some("next".to_owned()),
    );
    assert_eq!(
        String::from_utf8(list.to_json()).unwrap(),
        concat!(
            r#"{"movements":[{"number":2,"at":"1970-01-01T00:00:00.000Z","kind":"writtenOff","quantity":3,"#,
            r#""orderId":"00000000-0000-0000-0000-000000000001","onHand":7,"reserved":2,"available":5},"#,
            r#"{"number":1,"at":"1970-01-01T00:00:00.000Z","kind":"corrected","quantity":-4,"reason":"counted","#,
            r#""onHand":7,"reserved":2,"available":5}],"nextCursor":"next"}"#
        )
    );
}

use super::*;
use penstock_domain::Money;
use penstock_domain::order::{Creation, create};
use proptest::prelude::*;

use crate::problem::Code;

const ID: &str = "00000000-0000-0000-0000-000000000001";

#[test]
fn an_order_is_read_with_its_prices_exactly() {
    let body = format!(
        r#"{{"customerId":"{ID}","items":[{{"productId":"{ID}","quantity":2880,"unitPrice":{{"amount":0.18,"currency":"GBP"}}}},
            {{"productId":"{ID}","quantity":1}}],"draft":true,"currency":"GBP"}}"#
    );
    let gbp: Currency = "GBP".parse().unwrap();
    let line = |quantity, unit_price| WantedLine { product_id: ID.parse().unwrap(), quantity, unit_price };
    let expected = CreateOrder {
        customer_id: ID.parse().unwrap(),
        items: vec![line(2880, Some(Money::from_minor(18, gbp).unwrap())), line(1, None)],
        draft: true,
        currency: Some(gbp),
        payment: None,
        contact: None,
    };
    assert_eq!(CreateOrder::parse(body.as_bytes()), Ok(expected));
}

#[test]
fn an_order_that_says_nothing_of_it_is_no_draft() {
    let body = format!(r#"{{"customerId":"{ID}","items":[{{"productId":"{ID}","quantity":1}}]}}"#);
    let order = CreateOrder::parse(body.as_bytes()).unwrap();
    assert_eq!((order.draft, order.currency), (false, None));
}

#[test]
fn each_thing_that_is_wrong_is_refused_where_it_stands() {
    let item = |fields: &str| format!(r#"{{"customerId":"{ID}","items":[{{"productId":"{ID}",{fields}}}]}}"#);
    let price = |price: &str| item(&format!(r#""quantity":1,"unitPrice":{price}"#));
    for (body, pointers) in [
        ("[]".to_owned(), vec![""]),
        ("{}".to_owned(), vec!["/customerId", "/items"]),
        (format!(r#"{{"customerId":"{ID}","items":[]}}"#), vec!["/items"]),
        (format!(r#"{{"customerId":"{ID}","items":{{}}}}"#), vec!["/items"]),
        (format!(r#"{{"customerId":"{ID}","items":[1,null]}}"#), vec!["/items/0", "/items/1"]),
        (item(r#""quantity":0"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":-1"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":1.5"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":5001"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":1e400"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":"1""#), vec!["/items/0/quantity"]),
        (item(r#""quantity":null"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":1,"quantity":2"#), vec!["/items/0/quantity"]),
        (item(r#""quantity":1,"colour":"red""#), vec!["/items/0/colour"]),
        (price("2.5"), vec!["/items/0/unitPrice"]),
        (price("null"), vec!["/items/0/unitPrice"]),
        (price(r#"{"amount":-0.01,"currency":"GBP"}"#), vec!["/items/0/unitPrice"]),
        (price(r#"{"amount":"2.50","currency":"GBP"}"#), vec!["/items/0/unitPrice/amount"]),
        (price(r#"{"amount":2.505,"currency":"GBP"}"#), vec!["/items/0/unitPrice/amount"]),
        (price(r#"{"amount":1e400,"currency":"GBP"}"#), vec!["/items/0/unitPrice/amount"]),
        (price(r#"{"amount":1,"currency":"gbp"}"#), vec!["/items/0/unitPrice/currency"]),
        (price(r#"{"amount":1}"#), vec!["/items/0/unitPrice/currency"]),
        (
            r#"{"customerId":"{}","items":[{"productId":7}],"draft":"yes","currency":"XXX","total":1}"#
                .to_owned(),
            vec!["/customerId", "/items/0/productId", "/items/0/quantity", "/draft", "/currency", "/total"],
        ),
    ] {
        let problem = CreateOrder::parse(body.as_bytes()).unwrap_err();
        let found: Vec<_> = problem.details.iter().map(|detail| detail.pointer.as_str()).collect();
        assert_eq!((problem.code, found), (Code::ValidationFailed, pointers), "{body}");
    }
}

#[test]
fn every_line_is_read_before_the_first_bad_one_ends_it() {
    let body = r#"{"items":[{"productId":"a","quantity":0},{"productId":"b","quantity":0}]}"#;
    assert_eq!(EditLines::parse(body.as_bytes()).unwrap_err().details.len(), 4);
}

#[test]
fn a_thousand_lines_are_read_and_one_more_is_not() {
    let body = |lines: usize| {
        let line = format!(r#"{{"productId":"{ID}","quantity":1}}"#);
        format!(r#"{{"items":[{}]}}"#, vec![line; lines].join(","))
    };
    assert_eq!(EditLines::parse(body(1_000).as_bytes()).unwrap().items.len(), 1_000);
    let problem = EditLines::parse(body(1_001).as_bytes()).unwrap_err();
    assert_eq!(
        problem.details,
        [crate::problem::Detail::new("/items", "must have 1 to 1000 entries, not 1001")]
    );
}

#[test]
fn a_reason_is_optional_and_not_too_long() {
    assert_eq!(CancelOrder::parse(b""), Ok(CancelOrder { reason: None }));
    assert_eq!(CancelOrder::parse(b" \n"), Ok(CancelOrder { reason: None }));
    let reason = |length: usize| format!(r#"{{"reason":"{}"}}"#, "é".repeat(length));
    assert_eq!(CancelOrder::parse(reason(500).as_bytes()).unwrap().reason.unwrap().chars().count(), 500);
    for body in [reason(501), r#"{"reason":null}"#.to_owned(), r#"{"reason":1}"#.to_owned()] {
        assert_eq!(CancelOrder::parse(body.as_bytes()).unwrap_err().details[0].pointer, "/reason");
    }
}

#[test]
fn placing_takes_nothing() {
    assert_eq!(PlaceOrder::parse(b""), Ok(PlaceOrder {}));
    assert_eq!(PlaceOrder::parse(b"{}"), Ok(PlaceOrder {}));
    assert_eq!(PlaceOrder::parse(br#"{"draft":false}"#).unwrap_err().details[0].pointer, "/draft");
    assert!(PlaceOrder::parse(b"null").is_err());
}

#[test]
fn an_order_is_shown_with_exact_amounts_and_times() {
    assert_eq!(
        OrderView::new(ID.parse().unwrap(), 1, &order()).to_json(),
        concat!(
            r#"{"orderId":"00000000-0000-0000-0000-000000000001","customerId":"00000000-0000-0000-0000-000000000001","#,
            r#""status":"PENDING","items":[{"productId":"00000000-0000-0000-0000-000000000001","sku":"85123A","#,
            r#""name":"HOLDER","quantity":6,"unitPrice":{"amount":2.50,"currency":"GBP"},"#,
            r#""lineTotal":{"amount":15.00,"currency":"GBP"}}],"totalAmount":{"amount":15.00,"currency":"GBP"},"#,
            r#""version":1,"createdAt":"2010-12-01T08:26:00.000Z","updatedAt":"2010-12-01T08:26:00.000Z","fulfilment":"UNFULFILLED"}"#
        )
    );
}

#[test]
fn a_list_shows_orders_as_they_are_and_the_last_page_has_no_cursor() {
    let order = order();
    let shown = || OrderView::new(ID.parse().unwrap(), 1, &order);
    let page = |cursor| OrderList::new([shown(), shown()], cursor).to_json();
    let one = shown().to_json();
    assert_eq!(page(None), format!(r#"{{"orders":[{one},{one}]}}"#));
    assert_eq!(page(Some("c".to_owned())), format!(r#"{{"orders":[{one},{one}],"nextCursor":"c"}}"#));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = CreateOrder::parse(&body);
    }

    #[test]
    fn nothing_that_looks_like_json_makes_it_panic(body in r#"[\[\]{}",:0-9eE+.\\a-z -]{0,100}"#) {
        let _ = CreateOrder::parse(body.as_bytes());
    }

    #[test]
    fn a_body_broken_anywhere_is_read_or_refused(at in 0_usize..200, byte in any::<u8>()) {
        let body = format!(r#"{{"customerId":"{ID}","items":[{{"productId":"{ID}","quantity":1,"unitPrice":{{"amount":0.18,"currency":"GBP"}}}}],"draft":true}}"#);
        let mut bytes = body.into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Err(problem) = CreateOrder::parse(&bytes) {
            prop_assert_eq!(problem.status(), 400);
        }
    }
}

fn order() -> Order {
    let price = Money::from_minor(250, "GBP".parse().unwrap()).unwrap();
    let line = Line {
        product_id: ID.parse().unwrap(),
        sku: "85123A".into(),
        name: "HOLDER".into(),
        quantity: 6,
        unit_price: price,
    };
    let creation = Creation {
        customer_id: ID.parse().unwrap(),
        currency: price.currency(),
        lines: vec![line],
        limits: Limits::default(),
        draft: false,
        payment: None,
        contact: None,
    };
    Order::fold(&create("2010-12-01T08:26:00Z".parse().unwrap(), creation).unwrap()).unwrap()
}

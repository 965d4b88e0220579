//! Examples, made by the same types that make the replies. The bodies are read by the real parsers in a test.

use penstock_domain::order::{Creation, Line, Order, create};
use penstock_domain::stock::Totals;
use penstock_domain::{Limits, Money, Product, ProductDetails};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::OrderView;
use crate::products::ProductView;
use crate::stock::StockView;
use crate::time;

const ORDER: Uuid = Uuid::from_u128(0x6c0a_4a5e_8f1f_5b63_9a52_1a0c_7d1e_4b20);
const CUSTOMER: Uuid = Uuid::from_u128(0x0f8f_ad5b_d9cb_469f_a165_7086_7728_950e);
const PRODUCT: Uuid = Uuid::from_u128(0x7c9e_6679_7425_40de_944b_e07f_c1f9_0ae7);
const SKU: &str = "85123A";
const NAME: &str = "WHITE HANGING HEART T-LIGHT HOLDER";

/// The body that creates [`order`].
pub(super) fn create_order() -> Value {
    json!({ "customerId": CUSTOMER, "items": edit_lines()["items"] })
}

/// The body that replaces a draft's lines.
pub(super) fn edit_lines() -> Value {
    let price = json!({ "amount": 2.55, "currency": "GBP" });
    json!({ "items": [{ "productId": PRODUCT, "quantity": 6, "unitPrice": price }] })
}

/// The body that calls an order off.
pub(super) fn cancel_order() -> Value {
    json!({ "reason": "ordered twice" })
}

/// The body that puts [`product`].
pub(super) fn put_product() -> Value {
    let price = json!({ "amount": 2.55, "currency": "GBP" });
    json!({ "sku": SKU, "name": NAME, "category": "lights", "price": price })
}

/// An order that was just placed.
pub(super) fn order() -> Value {
    let at = time::parse("2010-12-01T08:26:00Z").expect("a constant instant");
    let price = price();
    let line = Line {
        product_id: PRODUCT.into(),
        sku: SKU.to_owned(),
        name: NAME.to_owned(),
        quantity: 6,
        unit_price: price,
    };
    let creation = Creation {
        customer_id: CUSTOMER.into(),
        currency: price.currency(),
        lines: vec![line],
        limits: Limits::default(),
        payment: None,
        contact: None,
        draft: false,
    };
    let events = create(at, creation).expect("one line within the limits");
    let order = Order::fold(&events).expect("the events begin with a creation");
    parsed(OrderView::new(ORDER.into(), 1, &order).to_json().as_bytes())
}

/// A product of the catalogue.
pub(super) fn product() -> Value {
    let details = ProductDetails {
        sku: SKU.to_owned(),
        name: NAME.to_owned(),
        category: "lights".to_owned(),
        price: price(),
    };
    parsed(&ProductView::new(&Product { id: PRODUCT.into(), details }).to_json())
}

/// A product's stock after its first delivery and some orders.
pub(super) fn stock() -> Value {
    let totals = Totals { received: 144, reserved: 6, ..Totals::default() };
    parsed(&StockView::new(PRODUCT.into(), Some(&totals)).to_json())
}

fn price() -> Money {
    Money::from_minor(255, "GBP".parse().expect("pounds are a currency")).expect("a small amount")
}

fn parsed(json: &[u8]) -> Value {
    serde_json::from_slice(json).expect("a view is JSON")
}

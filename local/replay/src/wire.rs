//! The JSON that goes over the wire. Amounts are JSON numbers made from decimal text and read back as text.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::money::{CURRENCY, MoneyError, Pence};

/// `POST /v1/orders`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewOrder {
    pub(crate) customer_id: Uuid,
    pub(crate) currency: &'static str,
    pub(crate) items: Vec<NewItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<NewPayment>,
}

/// What a new order is paid with.
#[derive(Serialize)]
pub(crate) struct NewPayment {
    pub(crate) method: &'static str,
}

/// A line of a new order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewItem {
    pub(crate) product_id: Uuid,
    pub(crate) quantity: u32,
    pub(crate) unit_price: Pence,
}

/// `PUT /v1/products/{productId}`.
#[derive(Serialize)]
pub(crate) struct NewProduct<'a> {
    pub(crate) sku: &'a str,
    pub(crate) name: &'a str,
    pub(crate) category: &'a str,
    pub(crate) price: Pence,
}

/// `POST /v1/orders/{orderId}/cancellation`.
#[derive(Serialize)]
pub(crate) struct NewCancellation {
    pub(crate) reason: String,
}

impl Serialize for Pence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let amount = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        Money { amount, currency: CURRENCY.to_owned() }.serialize(serializer)
    }
}

/// An amount as the platform writes it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Money {
    amount: Box<RawValue>,
    currency: String,
}

impl Money {
    /// The amount in pence, or what it is instead.
    pub(crate) fn pence(&self) -> Result<Pence, String> {
        let in_other_words = |error: MoneyError| format!("{} {error}", self.amount.get());
        if self.currency == CURRENCY {
            Pence::from_pounds(self.amount.get()).map_err(in_other_words)
        } else {
            Err(format!("{} {}", self.amount.get(), self.currency))
        }
    }
}

/// An order as the platform shows it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) order_id: Uuid,
    pub(crate) customer_id: Uuid,
    pub(crate) status: String,
    pub(crate) items: Vec<Item>,
    pub(crate) total_amount: Money,
}

/// A line of an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) product_id: Uuid,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
    pub(crate) unit_price: Money,
    pub(crate) line_total: Money,
}

/// A page of `GET /v1/orders`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page {
    pub(crate) orders: Vec<Order>,
    pub(crate) next_cursor: Option<String>,
}

/// What a refusal says of itself.
#[derive(Deserialize)]
pub(crate) struct Problem {
    pub(crate) code: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) message: Option<String>,
}

/// `POST /dev/token`.
#[derive(Serialize)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) roles: &'a [&'a str],
}

/// What it answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenReply {
    pub(crate) token: String,
    pub(crate) expires_at: jiff::Timestamp,
}

/// `PUT /dev/tenants/{tenant}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub(crate) max_units_per_line: u32,
    pub(crate) max_lines_per_order: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_exactly() {
        let product = NewProduct { sku: "1", name: "X", category: "other", price: Pence(110) };
        let json = serde_json::to_string(&product).unwrap();
        assert!(json.contains(r#""price":{"amount":1.10,"currency":"GBP"}"#), "{json}");
    }

    #[test]
    fn amounts_are_read_exactly() {
        for (json, pence) in [
            (r#"{"amount":1.10,"currency":"GBP"}"#, Ok(Pence(110))),
            (r#"{"amount":90071992547409.93,"currency":"GBP"}"#, Ok(Pence(9_007_199_254_740_993))),
            (r#"{"amount":1.101,"currency":"GBP"}"#, Err("1.101 is finer than a penny".to_owned())),
            (r#"{"amount":1.10,"currency":"EUR"}"#, Err("1.10 EUR".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<Money>(json).unwrap().pence(), pence, "{json}");
        }
    }
}

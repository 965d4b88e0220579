//! The JSON of a checkout: stock, returns, payments, the provider's books, and dead letters.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::wire::Money;

/// `POST /v1/stock/{productId}/adjustments`.
#[derive(Serialize)]
pub(super) struct NewReceipt {
    pub(super) quantity: i64,
    pub(super) reason: String,
}

/// `POST /v1/orders/{orderId}/returns`.
#[derive(Serialize)]
pub(super) struct NewReturn {
    pub(super) reason: String,
    pub(super) parts: Vec<NewPart>,
}

/// Units of a line.
#[derive(Serialize)]
pub(super) struct NewPart {
    pub(super) line: u32,
    pub(super) quantity: u32,
}

/// `POST /v1/orders/{orderId}/returns/{returnId}/receipt`.
#[derive(Serialize)]
pub(super) struct NewArrival {
    pub(super) restock: bool,
}

/// What a return is answered: the order with it.
#[derive(Deserialize)]
pub(super) struct ReturnAnswer {
    #[serde(rename = "return")]
    pub(super) returned: ReturnName,
}

/// A return, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnName {
    pub(super) return_id: Uuid,
}

/// An order: where it is, and its money.
#[derive(Deserialize)]
pub(super) struct OrderNow {
    pub(super) status: String,
    pub(super) payments: Option<Payments>,
}

/// What an order was paid with, and what went back.
#[derive(Deserialize)]
pub(super) struct Payments {
    pub(super) kept: Money,
    pub(super) refunds: Vec<Refund>,
}

/// Money that goes back.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) amount: Money,
    pub(super) paid: bool,
}

/// `GET /v1/stock/{productId}`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockNow {
    #[serde(default)]
    pub(super) on_hand: i64,
    #[serde(default)]
    pub(super) reserved: i64,
}

/// A page of `GET /v1/stock/{productId}/movements`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Movements {
    pub(super) movements: Vec<Movement>,
    pub(super) next_cursor: Option<String>,
}

/// A movement of stock.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Movement {
    pub(super) kind: String,
    pub(super) quantity: i64,
    pub(super) order_id: Option<Uuid>,
    pub(super) reason: Option<String>,
}

/// A page of the provider's books, `GET /dev/payments`.
#[derive(Deserialize)]
pub(super) struct Books {
    pub(super) payments: Vec<BookedPayment>,
    pub(super) next: Option<i64>,
}

/// A payment in them, in pence.
#[derive(Deserialize)]
pub(super) struct BookedPayment {
    pub(super) currency: String,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// What the platform wrote on a payment.
#[derive(Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) tenant: Option<String>,
    pub(super) order: Option<Uuid>,
}

/// `GET /v1/dead-letters`.
#[derive(Deserialize)]
pub(super) struct Queues {
    pub(super) queues: Vec<Queue>,
}

/// A consumer's queue, and what lies beside it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Queue {
    pub(super) queue: String,
    pub(super) dead_letters: u32,
    pub(super) complete: bool,
}

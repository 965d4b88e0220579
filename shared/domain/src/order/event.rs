//! What can happen to an order. Stored for ever.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Action, Consignment, Contact, Line, ParcelStatus, Part, Units};
use crate::{Currency, CustomerId, Money, PaymentMethod, ReturnId, ShipmentId};

use Action::*;

/// A fact about one order. Stored forever: add variants and optional fields, never rename or reuse one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A draft came to be.
    Created {
        /// When.
        at: Timestamp,
        /// For whom.
        customer_id: CustomerId,
        /// What all its money is in.
        currency: Currency,
        /// What is wanted, at the prices of that moment.
        lines: Vec<Line>,
        /// What it is to be paid with, when that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment: Option<PaymentMethod>,
        /// Who is told, and where it goes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contact: Option<Box<Contact>>,
    },
    /// A draft's lines were edited.
    LinesReplaced {
        /// When.
        at: Timestamp,
        /// All lines there are now.
        lines: Vec<Line>,
    },
    /// The customer ordered.
    Placed {
        /// When.
        at: Timestamp,
        /// What it costs.
        total: Money,
    },
    /// The customer said what to pay with. The state stays.
    PaymentMethodGiven {
        /// When.
        at: Timestamp,
        /// What with.
        method: PaymentMethod,
    },
    /// The warehouse keeps the goods for this order. The state stays.
    StockReserved {
        /// When.
        at: Timestamp,
        /// What is kept: products whose stock is not tracked are not among them.
        units: Vec<Units>,
        /// Until when it must be paid, if nothing is known to pay with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_by: Option<Timestamp>,
    },
    /// The warehouse does not have the goods. The state stays.
    StockShort {
        /// When.
        at: Timestamp,
        /// What is missing.
        missing: Vec<Units>,
        /// Until when the order waits for them; it is cancelled at once when nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wait_until: Option<Timestamp>,
    },
    /// The payment provider was asked for the money.
    PaymentStarted {
        /// When.
        at: Timestamp,
        /// Which attempt, counted from 1.
        #[serde(default, skip_serializing_if = "unknown")]
        attempt: u32,
        /// How much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amount: Option<Money>,
        /// What with; nothing where there is nothing to pay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<PaymentMethod>,
    },
    /// The money was captured.
    PaymentConfirmed {
        /// When.
        at: Timestamp,
        /// How much.
        captured: Money,
        /// By which attempt.
        #[serde(default, skip_serializing_if = "unknown")]
        attempt: u32,
        /// The provider's name for it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// The payment provider said no.
    PaymentDeclined {
        /// When.
        at: Timestamp,
        /// Why, in the provider's words.
        reason: Option<String>,
        /// Which attempt.
        #[serde(default, skip_serializing_if = "unknown")]
        attempt: u32,
        /// The provider's word for the reason, e.g. `insufficient_funds`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Until when another attempt may be made before the order is cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pay_by: Option<Timestamp>,
    },
    /// A failed payment is to be tried once more.
    PaymentRetried {
        /// When.
        at: Timestamp,
    },
    /// Money was captured that the order has no use for: it was given up meanwhile, or paid by another attempt. The state stays.
    StrayPaymentFound {
        /// When.
        at: Timestamp,
        /// By which attempt.
        attempt: u32,
        /// How much.
        captured: Money,
        /// The provider's name for it.
        reference: String,
    },
    /// The customer called it off while the payment was under way: it is cancelled when that is settled. The state stays.
    CancellationRequested {
        /// When.
        at: Timestamp,
        /// Why, in the caller's words.
        reason: Option<String>,
    },
    /// Money goes back. The state stays.
    RefundRequested {
        /// When.
        at: Timestamp,
        /// Which refund of the order, counted from 1.
        refund: u32,
        /// How much.
        amount: Money,
        /// The provider's name for the payment it comes from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// Money went back. The state stays.
    RefundPaid {
        /// When.
        at: Timestamp,
        /// Which refund of the order.
        refund: u32,
        /// How much.
        amount: Money,
        /// The provider's name for the refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A parcel was packed and given to a carrier. The state stays.
    ShipmentCreated {
        /// When.
        at: Timestamp,
        /// Which parcel.
        shipment: ShipmentId,
        /// What is in it.
        parts: Vec<Part>,
        /// Who carries it; nothing when the shop does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        consignment: Option<Consignment>,
    },
    /// A parcel was seen. The state stays.
    ShipmentTracked {
        /// When.
        at: Timestamp,
        /// Which parcel.
        shipment: ShipmentId,
        /// Where it is.
        status: ParcelStatus,
    },
    /// It left the warehouse: the first parcel did.
    Shipped {
        /// When.
        at: Timestamp,
    },
    /// The carrier scanned it for the first time.
    TrackingUpdated {
        /// When.
        at: Timestamp,
    },
    /// It arrived: the last parcel did.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// The carrier lost it.
    ReportedLost {
        /// When.
        at: Timestamp,
    },
    /// The customer wants to send it back.
    ReturnRequested {
        /// When.
        at: Timestamp,
        /// Why, in the customer's words.
        reason: Option<String>,
        /// Which return.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        return_id: Option<ReturnId>,
        /// What comes back.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        parts: Vec<Part>,
    },
    /// It came back.
    Returned {
        /// When.
        at: Timestamp,
        /// Whether it can be sold again; otherwise it is written off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        restock: Option<bool>,
    },
    /// The money went back.
    Refunded {
        /// When.
        at: Timestamp,
        /// How much.
        amount: Money,
    },
    /// It will not happen.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why, in the caller's words.
        reason: Option<String>,
        /// What was captured and now goes back.
        refund: Option<Money>,
    },
    /// It is over and only kept.
    Archived {
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Created { at, .. }
            | Self::LinesReplaced { at, .. }
            | Self::Placed { at, .. }
            | Self::PaymentMethodGiven { at, .. }
            | Self::StockReserved { at, .. }
            | Self::StockShort { at, .. }
            | Self::PaymentStarted { at, .. }
            | Self::PaymentConfirmed { at, .. }
            | Self::PaymentDeclined { at, .. }
            | Self::PaymentRetried { at }
            | Self::StrayPaymentFound { at, .. }
            | Self::CancellationRequested { at, .. }
            | Self::RefundRequested { at, .. }
            | Self::RefundPaid { at, .. }
            | Self::ShipmentCreated { at, .. }
            | Self::ShipmentTracked { at, .. }
            | Self::Shipped { at }
            | Self::TrackingUpdated { at }
            | Self::Delivered { at }
            | Self::ReportedLost { at }
            | Self::ReturnRequested { at, .. }
            | Self::Returned { at, .. }
            | Self::Refunded { at, .. }
            | Self::Cancelled { at, .. }
            | Self::Archived { at } => *at,
        }
    }

    /// The step of the order's life that it is; nothing for facts that leave the state as it is.
    pub fn action(&self) -> Option<Action> {
        Some(match self {
            Self::Created { .. } => CreateOrder,
            Self::LinesReplaced { .. } => EditDraft,
            Self::Placed { .. } => PlaceOrder,
            Self::PaymentStarted { .. } => AuthorizePayment,
            Self::PaymentConfirmed { .. } => PaymentConfirmed,
            Self::PaymentDeclined { .. } => PaymentDeclined,
            Self::PaymentRetried { .. } => RetryPayment,
            Self::Shipped { .. } => Ship,
            Self::TrackingUpdated { .. } => UpdateTracking,
            Self::Delivered { .. } => ConfirmDelivery,
            Self::ReportedLost { .. } => ReportLost,
            Self::ReturnRequested { .. } => RequestReturn,
            Self::Returned { .. } => ProcessReturn,
            Self::Refunded { .. } => IssueRefund,
            Self::Cancelled { .. } => CancelOrder,
            Self::Archived { .. } => ArchiveOrder,
            Self::PaymentMethodGiven { .. }
            | Self::StockReserved { .. }
            | Self::StockShort { .. }
            | Self::StrayPaymentFound { .. }
            | Self::CancellationRequested { .. }
            | Self::RefundRequested { .. }
            | Self::RefundPaid { .. }
            | Self::ShipmentCreated { .. }
            | Self::ShipmentTracked { .. } => return None,
        })
    }
}

/// Attempts are counted from 1; events stored before they were counted have none.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn unknown(attempt: &u32) -> bool {
    *attempt == 0
}

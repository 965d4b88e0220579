//! The order's life as data: its states, what can be done, and what leads where.

use serde::{Deserialize, Serialize};

use Action::*;
use Status::*;

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Being put together.
    Draft,
    /// Ordered, not yet paid.
    Pending,
    /// The payment provider was asked.
    PaymentProcessing,
    /// The payment provider said no.
    PaymentFailed,
    /// Paid.
    Confirmed,
    /// Left the warehouse.
    Shipped,
    /// Seen by the carrier.
    InTransit,
    /// Arrived.
    Delivered,
    /// Lost by the carrier.
    Lost,
    /// To be sent back.
    ReturnRequested,
    /// Came back.
    Returned,
    /// Paid back.
    Refunded,
    /// Called off.
    Cancelled,
    /// Over.
    Archived,
}

/// What can be done to an order, by its name on the wire and in refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Make a draft.
    CreateOrder,
    /// Replace a draft's lines.
    EditDraft,
    /// Order what the draft says.
    PlaceOrder,
    /// Ask the payment provider.
    AuthorizePayment,
    /// The provider captured the money.
    PaymentConfirmed,
    /// The provider said no.
    PaymentDeclined,
    /// Try the payment once more.
    RetryPayment,
    /// Call it off.
    CancelOrder,
    /// Send it.
    Ship,
    /// The carrier has it.
    UpdateTracking,
    /// It arrived.
    ConfirmDelivery,
    /// The carrier lost it.
    ReportLost,
    /// The customer wants to send it back.
    RequestReturn,
    /// It came back.
    ProcessReturn,
    /// Pay back.
    IssueRefund,
    /// Put it away.
    ArchiveOrder,
}

/// The order's life: from, by, to. Anything else is refused.
pub const TRANSITIONS: [(Status, Action, Status); 22] = [
    (Draft, PlaceOrder, Pending),
    (Draft, CancelOrder, Cancelled),
    (Draft, EditDraft, Draft),
    (Pending, AuthorizePayment, PaymentProcessing),
    (Pending, CancelOrder, Cancelled),
    (PaymentProcessing, PaymentConfirmed, Confirmed),
    (PaymentProcessing, PaymentDeclined, PaymentFailed),
    (PaymentFailed, RetryPayment, Pending),
    (PaymentFailed, CancelOrder, Cancelled),
    (Confirmed, Ship, Shipped),
    (Confirmed, CancelOrder, Cancelled),
    (Shipped, UpdateTracking, InTransit),
    (Shipped, ConfirmDelivery, Delivered),
    (InTransit, ConfirmDelivery, Delivered),
    (InTransit, ReportLost, Lost),
    (Delivered, RequestReturn, ReturnRequested),
    (Delivered, ArchiveOrder, Archived),
    (Lost, IssueRefund, Refunded),
    (ReturnRequested, ProcessReturn, Returned),
    (Returned, IssueRefund, Refunded),
    (Refunded, ArchiveOrder, Archived),
    (Cancelled, ArchiveOrder, Archived),
];

/// What may be done to an order in `status`, in the table's order.
pub fn allowed(status: Status) -> Vec<Action> {
    TRANSITIONS.iter().filter(|(from, ..)| *from == status).map(|&(_, by, _)| by).collect()
}

macro_rules! named_by_serde {
    ($($name:ty),*) => {$(
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.serialize(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = serde::de::value::Error;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                Self::deserialize(serde::de::value::StrDeserializer::new(name))
            }
        }
    )*};
}

named_by_serde!(Status, Action);

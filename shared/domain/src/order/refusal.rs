//! Why the business says no.

use jiff::Timestamp;

use crate::{Currency, Money, ProductId, ReturnId, ShipmentId};

use super::{Action, Part, Status};

/// Why the business says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state does not allow it.
    #[error("an order that is {status} does not allow {action}; allowed from there: {}", list(allowed))]
    NotAllowed {
        /// Where the order is.
        status: Status,
        /// What was asked.
        action: Action,
        /// What can be asked instead.
        allowed: Vec<Action>,
    },
    /// Lines that cannot be ordered, all of them.
    #[error("{} of the order's lines cannot be ordered", .0.len())]
    Lines(Vec<LineProblem>),
    /// No lines at all.
    #[error("an order has at least one line")]
    NoLines,
    /// More lines than the tenant allows.
    #[error("the order has {lines} lines; this tenant allows {max}")]
    TooManyLines {
        /// How many there are.
        lines: usize,
        /// How many there may be.
        max: u32,
    },
    /// More edits of a draft than its history holds.
    #[error("the draft was edited too often; create a new order with the lines you want")]
    TooManyEdits,
    /// A sum beyond what is counted here.
    #[error("the order's total is beyond {} minor units", Money::MINOR_MAX)]
    TotalTooLarge,
    /// A return that comes too late.
    #[error("returns were possible until {0}")]
    ReturnWindowClosed(Timestamp),
    /// Parts that the order does not have, or has not left.
    #[error("line {} has {left} units that can be {what}; {} were asked for", .part.line, .part.quantity)]
    Parts {
        /// What was asked.
        part: Part,
        /// What would be possible.
        left: u32,
        /// What was to be done with them.
        what: &'static str,
    },
    /// Nothing is left of what was to be done.
    #[error("no units are left that can be {0}")]
    NothingLeft(&'static str),
    /// No such parcel.
    #[error("the order has no shipment {0}")]
    NoShipment(ShipmentId),
    /// No such return.
    #[error("the order has no return {0}")]
    NoReturn(ReturnId),
    /// No such refund.
    #[error("the order has no refund {0}")]
    NoRefund(u32),
    /// More attempts to pay than an order's history holds.
    #[error("payment was tried {0} times, as often as may be; cancel the order and create a new one")]
    TooManyAttempts(u32),
    /// An archiving that comes too early.
    #[error("returns are possible until {0}; the order can be archived after that")]
    ReturnWindowOpen(Timestamp),
}

/// Why one line cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// Which line, counted from 0.
    pub line: usize,
    /// What is wrong with it.
    pub kind: LineProblemKind,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblemKind {
    /// The catalogue does not have it.
    #[error("product {0} is not in the catalogue")]
    UnknownProduct(ProductId),
    /// The caller expected another price.
    #[error("the price is {0} now")]
    PriceChanged(Money),
    /// Priced in another currency than the order.
    #[error("the price is in {price}, the order in {order}")]
    OtherCurrency {
        /// The line's.
        price: Currency,
        /// The order's.
        order: Currency,
    },
    /// More units than the tenant allows.
    #[error("{quantity} units; this tenant allows 1 to {max} a line")]
    Units {
        /// How many were asked for.
        quantity: u32,
        /// How many there may be.
        max: u32,
    },
}

fn list(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "nothing".to_owned();
    }
    actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

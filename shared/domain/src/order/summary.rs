//! An order in a few words: what a list shows of it, and what keeps with each commit so that nobody has to read them all.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Money;

use super::{FulfilmentStatus, Order, Status};

/// What an order is like after a commit, without its lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Where it is in its life.
    pub status: Status,
    /// What it costs.
    pub total: Money,
    /// How much of it is on its way.
    pub fulfilment: FulfilmentStatus,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it can be put away, if it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archivable_at: Option<Timestamp>,
}

impl Summary {
    /// The order's summary.
    pub fn of(order: &Order) -> Self {
        Self {
            status: order.status,
            total: order.total,
            fulfilment: order.fulfilment.status(&order.lines),
            created_at: order.created_at,
            archivable_at: archivable_at(order),
        }
    }
}

fn archivable_at(order: &Order) -> Option<Timestamp> {
    match order.status {
        Status::Delivered => order.returnable_until(),
        // What is owed is paid first.
        Status::Refunded | Status::Cancelled => order.payments.settled().then_some(order.updated_at),
        _ => None,
    }
}

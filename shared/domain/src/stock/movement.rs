//! Movements, and the totals they add up to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::OrderId;

/// What a movement is. Stored forever: add variants, never rename or reuse one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MovementKind {
    /// Units came in.
    Received,
    /// Fewer units were found than counted, or what may be owed changed. Units found are [`Self::Received`].
    Corrected,
    /// Units are kept for an order.
    Reserved,
    /// Units are no longer kept for an order.
    Released,
    /// Units that were kept left the house.
    Sold,
    /// Units came back.
    Returned,
    /// Units are there no more, or of no use.
    WrittenOff,
}

/// Why something moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// For an order.
    Order(OrderId),
    /// By hand, for a reason in the caller's words.
    Adjustment(String),
}

/// One movement of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// What it is.
    pub kind: MovementKind,
    /// Units; negative only when [`MovementKind::Corrected`].
    pub quantity: i64,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
}

/// All movements of a product, added up.
///
/// An `i64` holds more units than any number of adjustments of [`super::Adjustment::QUANTITY_MAX`] brings together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Units that came in.
    pub received: i64,
    /// Units that left the house for orders.
    pub sold: i64,
    /// Units that came back.
    pub returned: i64,
    /// Units that are there no more, or of no use.
    pub written_off: i64,
    /// Units kept for orders.
    pub reserved: i64,
    /// How many units may be promised that are not there.
    pub backorder_threshold: u32,
}

impl Totals {
    /// Units in the house: received − sold + returned − written off.
    pub fn on_hand(&self) -> i64 {
        self.received - self.sold + self.returned - self.written_off
    }

    /// Units that are kept for nobody: on hand − reserved. Negative as far as the threshold allows.
    pub fn available(&self) -> i64 {
        self.on_hand() - self.reserved
    }

    /// Units that can still be promised. Never negative.
    pub fn free(&self) -> i64 {
        self.available() + i64::from(self.backorder_threshold)
    }

    /// The totals after one more movement.
    #[must_use]
    pub fn after(mut self, kind: MovementKind, quantity: i64) -> Self {
        match kind {
            MovementKind::Received => self.received += quantity,
            MovementKind::Corrected => self.written_off -= quantity,
            MovementKind::Reserved => self.reserved += quantity,
            MovementKind::Released => self.reserved -= quantity,
            MovementKind::Sold => {
                self.reserved -= quantity;
                self.sold += quantity;
            }
            MovementKind::Returned => self.returned += quantity,
            MovementKind::WrittenOff => self.written_off += quantity,
        }
        self
    }
}

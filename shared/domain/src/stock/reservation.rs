//! What is kept for one order, and how far each operation on it has come.

use std::collections::{BTreeMap, BTreeSet};

use super::{Operation, Units};
use crate::ProductId;

/// What was reserved for an order, and what became of it. An order that nothing is known of has the default one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reservation {
    /// How often it was written: its version.
    pub version: u32,
    /// Where it is.
    pub state: ReservationState,
    /// What is kept, product by product.
    pub lines: BTreeMap<ProductId, Held>,
    /// Sales and returns that are done, by their keys.
    pub done: BTreeSet<String>,
    /// Sales and returns that are done for some products only, by their keys.
    pub partly: BTreeMap<String, BTreeSet<ProductId>>,
}

/// Where a reservation is. Stored forever: add variants, never rename or reuse one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReservationState {
    /// Nothing is reserved yet.
    #[default]
    Open,
    /// Some products are reserved: the rest is to follow, or these are to be released.
    Reserving,
    /// Everything was reserved.
    Reserved,
    /// What was not sold was released, and nothing will be reserved again.
    Released,
}

/// Units of one product for one order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Whether the product's stock was tracked when it was reserved. If not, nothing ever moves for this order.
    pub tracked: bool,
    /// Units that were reserved.
    pub reserved: u32,
    /// Units of them that were released.
    pub released: u32,
    /// Units of them that were sold.
    pub sold: u32,
    /// Units of the sold that came back.
    pub returned: u32,
}

impl Reservation {
    /// What is kept now, product by product.
    pub fn kept(&self) -> Units {
        let kept = self.lines.iter().map(|(product, held)| (*product, held.kept()));
        kept.filter(|(_, units)| *units > 0).collect()
    }

    /// Whether the product's stock was tracked when it was reserved.
    pub fn is_tracked(&self, product: ProductId) -> bool {
        self.lines.get(&product).is_some_and(|held| held.tracked)
    }

    /// Units that can be sold, or that can come back. A part that may still be undone cannot be sold.
    pub(super) fn there_for(&self, operation: &Operation, product: ProductId) -> i64 {
        let held = self.lines.get(&product).copied().unwrap_or_default();
        match operation {
            Operation::Sell { .. } if self.state == ReservationState::Reserving => 0,
            Operation::Sell { .. } => held.kept().into(),
            _ => held.out().into(),
        }
    }

    /// Notes that a sale or a return is done, or done for these products so far.
    pub(super) fn note(&mut self, name: String, products: impl Iterator<Item = ProductId>, is_all: bool) {
        if is_all {
            self.partly.remove(&name);
            self.done.insert(name);
        } else {
            self.partly.entry(name).or_default().extend(products);
        }
    }
}

impl Held {
    /// Units that are kept now.
    pub fn kept(&self) -> u32 {
        self.reserved - self.released - self.sold
    }

    /// Units that can come back.
    pub fn out(&self) -> u32 {
        self.sold - self.returned
    }
}

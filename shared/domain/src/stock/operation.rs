//! What is to be done for an order.

use std::collections::BTreeMap;

use super::Reservation;
use crate::{OrderId, ProductId};

/// So many units of each product.
pub type Units = BTreeMap<ProductId, u32>;

/// What is to be done for an order. Whatever is repeated does nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Keep all of it, or nothing.
    Reserve {
        /// For whom.
        order: OrderId,
        /// What; several lines of a product count together.
        lines: Vec<(ProductId, u32)>,
    },
    /// Keep it no longer, and never again: what is still kept becomes available.
    Release {
        /// For whom.
        order: OrderId,
    },
    /// What was kept leaves the house.
    Sell {
        /// For whom.
        order: OrderId,
        /// Which sale, e.g. the shipment: the same key is the same sale.
        key: String,
        /// What.
        lines: Vec<(ProductId, u32)>,
    },
    /// What was sold comes back.
    TakeBack {
        /// From whom.
        order: OrderId,
        /// Which return: the same key is the same return.
        key: String,
        /// What.
        lines: Vec<(ProductId, u32)>,
        /// Whether it can be sold again; otherwise it is written off.
        restock: bool,
    },
}

impl Operation {
    /// Whose it is.
    pub fn order(&self) -> OrderId {
        match self {
            Self::Reserve { order, .. }
            | Self::Release { order }
            | Self::Sell { order, .. }
            | Self::TakeBack { order, .. } => *order,
        }
    }

    /// What it asks for, product by product. A release asks for nothing: it takes what there is.
    pub fn wanted(&self) -> Units {
        let (Self::Reserve { lines, .. } | Self::Sell { lines, .. } | Self::TakeBack { lines, .. }) = self
        else {
            return Units::new();
        };
        let mut wanted = Units::new();
        for (product, quantity) in lines.iter().filter(|(_, quantity)| *quantity > 0) {
            let units: &mut u32 = wanted.entry(*product).or_default();
            *units = units.saturating_add(*quantity);
        }
        wanted
    }

    /// What a sale or a return is remembered by.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Reserve { .. } | Self::Release { .. } => String::new(),
            Self::Sell { key, .. } => format!("sold:{key}"),
            Self::TakeBack { key, .. } => format!("returned:{key}"),
        }
    }

    /// What it has moved once it is done: units of tracked products only.
    pub fn moved(&self, reservation: &Reservation) -> Units {
        let tracked = reservation.lines.iter().filter(|(_, held)| held.tracked);
        match self {
            Self::Reserve { .. } => tracked.map(|(product, held)| (*product, held.reserved)).collect(),
            Self::Release { .. } => {
                let released = tracked.map(|(product, held)| (*product, held.released));
                released.filter(|(_, units)| *units > 0).collect()
            }
            Self::Sell { .. } | Self::TakeBack { .. } => {
                let mut wanted = self.wanted();
                wanted.retain(|product, _| reservation.lines.get(product).is_some_and(|held| held.tracked));
                wanted
            }
        }
    }
}

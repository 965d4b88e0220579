//! The process manager: which steps an event leads to.

use jiff::Timestamp;
use penstock_domain::ShipmentId;
use penstock_domain::order::Event;
use penstock_domain::planted::{self, Bug};
use serde::{Deserialize, Serialize};

/// Something to be done for an order in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Step {
    /// Keep the goods.
    ReserveStock,
    /// Keep the goods no longer.
    ReleaseStock,
    /// The goods of a parcel leave the house.
    SellStock {
        /// Which parcel.
        shipment: ShipmentId,
    },
    /// Goods came back.
    TakeBackStock,
    /// Have the money set aside, and take it.
    Pay {
        /// Which attempt.
        attempt: u32,
    },
    /// Ask the payment provider what became of a payment, since it said that something did.
    Inquire {
        /// The provider's name for the payment.
        reference: String,
    },
    /// Give money back.
    Refund {
        /// Which refund of the order.
        refund: u32,
    },
    /// Hand the goods to the carrier.
    Ship,
    /// Call it off, if it still waits.
    Expire {
        /// Not before then.
        at: Timestamp,
    },
}

/// Who does a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Desk {
    /// The process manager itself.
    Checkout,
    /// Who keeps the goods.
    Stock,
    /// Who asks for the money.
    Payments,
    /// Who sends the parcels.
    Shipping,
}

/// The steps an event leads to.
///
/// Reserve stock, authorise and capture the payment, ship; what was reserved or captured for an order that does not happen goes
/// back. The order itself decides what an outcome means: this knows only who is to act on it.
pub fn next(event: &Event) -> Vec<Step> {
    match event {
        Event::Placed { .. } => vec![Step::ReserveStock],
        Event::StockReserved { pay_by: Some(at), .. } if planted::is(Bug::PublishedBeside) => {
            vec![Step::Expire { at: *at }, Step::ReleaseStock]
        }
        Event::StockReserved { pay_by: Some(at), .. }
        | Event::StockShort { wait_until: Some(at), .. }
        | Event::PaymentDeclined { pay_by: Some(at), .. } => vec![Step::Expire { at: *at }],
        Event::PaymentStarted { attempt, method: Some(_), .. } => vec![Step::Pay { attempt: *attempt }],
        Event::PaymentConfirmed { .. } => vec![Step::Ship],
        Event::RefundRequested { refund, .. } => vec![Step::Refund { refund: *refund }],
        Event::Cancelled { .. } if planted::is(Bug::NothingReleased) => vec![],
        Event::Cancelled { .. } => vec![Step::ReleaseStock],
        Event::ShipmentCreated { shipment, .. } => vec![Step::SellStock { shipment: *shipment }],
        Event::Returned { .. } => vec![Step::TakeBackStock],
        _ => vec![],
    }
}

impl Step {
    /// Its name, as queues have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReserveStock => "reserve-stock",
            Self::ReleaseStock => "release-stock",
            Self::SellStock { .. } => "sell-stock",
            Self::TakeBackStock => "take-back-stock",
            Self::Pay { .. } => "pay",
            Self::Inquire { .. } => "inquire",
            Self::Refund { .. } => "refund",
            Self::Ship => "ship",
            Self::Expire { .. } => "expire",
        }
    }

    /// Who does it.
    pub fn desk(&self) -> Desk {
        match self {
            Self::ReserveStock | Self::ReleaseStock | Self::SellStock { .. } | Self::TakeBackStock => {
                Desk::Stock
            }
            Self::Pay { .. } | Self::Inquire { .. } | Self::Refund { .. } => Desk::Payments,
            Self::Ship => Desk::Shipping,
            Self::Expire { .. } => Desk::Checkout,
        }
    }
}

#[cfg(test)]
mod tests;

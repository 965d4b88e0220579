//! An order's parcels, and what came back: who has which units of which line.

use serde::{Deserialize, Serialize};

use crate::{Currency, Money, ProductId, ReturnId, ShipmentId};

use super::{Event, Line};

/// Units of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// Of the catalogue.
    pub product_id: ProductId,
    /// How many.
    pub quantity: u32,
}

/// Units of one line of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Which line, counted from 0.
    pub line: u32,
    /// How many.
    pub quantity: u32,
}

/// A parcel in a carrier's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consignment {
    /// Who carries it.
    pub carrier: String,
    /// The carrier's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<String>,
    /// Where the customer can look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_url: Option<String>,
}

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ParcelStatus {
    /// The carrier has it.
    InTransit,
    /// It arrived.
    Delivered,
    /// The carrier lost it.
    Lost,
}

/// A parcel of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Which.
    pub id: ShipmentId,
    /// What is in it.
    pub parts: Vec<Part>,
    /// Who carries it.
    pub consignment: Option<Consignment>,
    /// Where it is; nothing while nobody has seen it.
    pub status: Option<ParcelStatus>,
}

/// What a customer sends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Return {
    /// Which.
    pub id: Option<ReturnId>,
    /// What comes back.
    pub parts: Vec<Part>,
    /// Whether it came.
    pub received: bool,
}

/// How much of an order is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfilmentStatus {
    /// Nothing was sent.
    Unfulfilled,
    /// Some of it was.
    Partly,
    /// All of it was.
    Fulfilled,
}

/// An order's parcels, and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fulfilment {
    /// Oldest first.
    pub parcels: Vec<Parcel>,
    /// What is to come back, or came.
    pub returned: Option<Return>,
}

impl Fulfilment {
    /// The parcel with that id.
    pub fn parcel(&self, id: ShipmentId) -> Option<&Parcel> {
        self.parcels.iter().find(|parcel| parcel.id == id)
    }

    /// What was not sent yet.
    pub fn open(&self, lines: &[Line]) -> Vec<Part> {
        rest(&whole(lines), self.parcels.iter())
    }

    /// How much is on its way.
    pub fn status(&self, lines: &[Line]) -> FulfilmentStatus {
        match (self.parcels.is_empty(), self.open(lines).is_empty()) {
            (true, _) => FulfilmentStatus::Unfulfilled,
            (false, true) => FulfilmentStatus::Fulfilled,
            (false, false) => FulfilmentStatus::Partly,
        }
    }

    /// What arrived, line by line.
    pub fn arrived(&self, lines: &[Line]) -> Vec<Part> {
        let delivered = |parcel: &&Parcel| parcel.status == Some(ParcelStatus::Delivered);
        let elsewhere = rest(&whole(lines), self.parcels.iter().filter(delivered));
        minus(&whole(lines), &elsewhere)
    }

    /// Whether every unit was sent and every parcel arrived or was lost.
    pub(super) fn over(&self, lines: &[Line]) -> bool {
        let end =
            |parcel: &Parcel| matches!(parcel.status, Some(ParcelStatus::Delivered | ParcelStatus::Lost));
        self.open(lines).is_empty() && self.parcels.iter().all(end)
    }

    /// The state after one more event of the order.
    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::ShipmentCreated { shipment, parts, consignment, .. } => self.parcels.push(Parcel {
                id: *shipment,
                parts: parts.clone(),
                consignment: consignment.clone(),
                status: None,
            }),
            Event::ShipmentTracked { shipment, status, .. } => {
                let parcel = self.parcels.iter_mut().filter(|parcel| parcel.id == *shipment);
                parcel.for_each(|parcel| parcel.status = Some(*status));
            }
            Event::ReturnRequested { return_id, parts, .. } => {
                self.returned = Some(Return { id: *return_id, parts: parts.clone(), received: false });
            }
            Event::Returned { .. } => {
                self.returned.iter_mut().for_each(|it| it.received = true);
            }
            _ => {}
        }
    }
}

/// All units of all lines.
pub(super) fn whole(lines: &[Line]) -> Vec<Part> {
    (0..).zip(lines).map(|(line, of)| Part { line, quantity: of.quantity }).collect()
}

/// What parts of lines cost. Parts of lines that do not exist cost nothing.
pub(super) fn value(parts: &[Part], lines: &[Line], currency: Currency) -> Money {
    let price = |part: &Part| {
        let line = lines.get(part.line as usize)?;
        line.unit_price.times(part.quantity).ok()
    };
    let sum = parts.iter().filter_map(price).try_fold(Money::zero(currency), Money::plus);
    // The order's total was checked when it was placed, and parts of it are no more.
    sum.unwrap_or(Money::zero(currency))
}

fn rest<'a>(parts: &[Part], without: impl Iterator<Item = &'a Parcel>) -> Vec<Part> {
    without.fold(parts.to_vec(), |parts, parcel| minus(&parts, &parcel.parts))
}

fn minus(parts: &[Part], gone: &[Part]) -> Vec<Part> {
    let gone_of = |line| gone.iter().filter(|part| part.line == line).map(|part| part.quantity).sum();
    let left =
        parts.iter().map(|part| Part { quantity: part.quantity.saturating_sub(gone_of(part.line)), ..*part });
    left.filter(|part| part.quantity > 0).collect()
}

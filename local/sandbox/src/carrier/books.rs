//! What the carrier wrote down: every shipment, where it is, and what was told of it.

use serde::Serialize;
use serde_json::Value;

use super::shipment::page;
use crate::outbox::Sender;
use crate::outbox::book::{WebhookEntry, about};
use crate::store::Page;
use crate::switches::{Service, is_down};
use crate::world::World;

/// The carrier's books.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CarrierBooks {
    /// Whether it is down.
    pub down: bool,
    /// Newest first.
    pub shipments: Vec<ShipmentEntry>,
    /// Where the next page begins (`?before=`), if there may be one.
    pub next: Option<i64>,
}

/// One shipment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentEntry {
    /// The shipment as the API shows it.
    #[serde(flatten)]
    pub shipment: Value,
    /// Every webhook about it, those not due yet too.
    pub webhooks: Vec<WebhookEntry>,
}

pub(crate) fn books(world: &World, wanted: &Page) -> rusqlite::Result<CarrierBooks> {
    world.store.read(|db| {
        let found = page(db, wanted.before(), wanted.limit())?;
        let next = wanted.next(found.len(), found.last().map(|(n, _)| *n));
        let entry = |(_, it): &(i64, super::shipment::Shipment)| {
            let webhooks = about(db, Sender::Carrier, &it.id)?;
            Ok(ShipmentEntry { shipment: it.object(world), webhooks })
        };
        let shipments = found.iter().map(entry).collect::<rusqlite::Result<_>>()?;
        Ok(CarrierBooks { down: is_down(db, Service::Carrier)?, shipments, next })
    })
}

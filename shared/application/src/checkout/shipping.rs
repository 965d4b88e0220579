//! The shipping desk: packs what was paid for, and hands it to the carrier.

use std::future::Future;

use penstock_domain::order::{Address, Command, Consignment, Line, Order, Part, Refusal, Status};
use penstock_domain::{OrderId, ShipmentId, TenantId};

use super::desk::{Errand, Undone, tell};
use crate::Unavailable;
use crate::catalogue::Catalogue;
use crate::history::History;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::ports::carrier::{self, Carrier, CarrierError, Parcel, ParcelItem, Recall};
use crate::tenants::Tenants;

/// The carrier's name for how parcels are brought.
const SERVICE: &str = "standard";
/// The most parcels of an order: where the tenant's would be more, each holds more.
const PARCELS_MAX: u32 = 100;
/// How many parcels one errand sends: a function has to end in time.
const PARCELS_AT_ONCE: usize = 10;
/// What the carrier is called in an order.
const CARRIER: &str = "carrier";

/// What goes into one parcel, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed {
    /// Whose shop.
    pub tenant: TenantId,
    /// Which order.
    pub order: OrderId,
    /// Which parcel.
    pub shipment: ShipmentId,
    /// Who gets it.
    pub recipient: Option<String>,
    /// Where it goes.
    pub to: Option<Address>,
    /// What is in it: the line as ordered, with the units of this parcel.
    pub lines: Vec<Line>,
}

/// Where packing slips are kept.
pub trait PackingSlips: Send + Sync {
    /// Keeps the slip of a parcel. The same parcel has the same slip, however often it is kept.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn keep(&self, packed: &Packed) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Who sends the parcels.
pub struct ShippingDesk<L, C, T, K, S> {
    orders: Orders<L, C, T>,
    carrier: K,
    slips: S,
}

impl<L: Ledger, C: Catalogue, T: Tenants, K: Carrier, S: PackingSlips> ShippingDesk<L, C, T, K, S> {
    /// A desk for these orders with this carrier.
    pub fn new(orders: Orders<L, C, T>, carrier: K, slips: S) -> Self {
        Self { orders, carrier, slips }
    }

    /// Hands all that was not sent yet to the carrier, parcel by parcel; nothing where the tenant sends parcels itself.
    ///
    /// A parcel's id and its key at the carrier's are derived from the order, so that doing it again sends nothing twice. One
    /// that was handed over for an order that is called off meanwhile is called back; where it has left already, the order says so.
    ///
    /// # Errors
    /// [`Undone::Later`] when the carrier is not ready, or much is left to send; [`Undone::Failed`] when it does not take a parcel.
    pub async fn ship(&self, errand: &Errand) -> Result<(), Undone> {
        for _ in 0..PARCELS_AT_ONCE {
            if !self.ship_one(errand).await? {
                return Ok(());
            }
        }
        Err(Undone::later("more parcels are to be sent"))
    }

    /// Sends the order's next parcel. Whether there is more to do.
    async fn ship_one(&self, errand: &Errand) -> Result<bool, Undone> {
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let order = history.now()?.order;
        let sends = matches!(order.status, Status::Confirmed | Status::Shipped | Status::InTransit);
        if !sends && order.status != Status::Cancelled {
            return Ok(false);
        }
        let terms = self.orders.terms(errand.tenant()).await?;
        if terms.ships_itself {
            return Ok(false);
        }
        if sends {
            return self.send(errand, history, &order, terms.parcel_units).await;
        }
        self.call_back(errand, history, &order).await.map(|()| false)
    }

    async fn send(
        &self,
        errand: &Errand,
        history: History,
        order: &Order,
        units_max: u32,
    ) -> Result<bool, Undone> {
        let parts = next_parcel(order, units_max);
        if parts.is_empty() {
            return Ok(false);
        }
        let packed = packed(errand, order, &parts);
        self.slips.keep(&packed).await?;
        let consignment = Some(self.hand_over(&packed).await?);
        let command = Command::CreateShipment { id: packed.shipment, parts, consignment };
        match tell(&self.orders, errand, history, command).await? {
            Ok(record) => Ok(!record.order.fulfilment.open(&record.order.lines).is_empty()),
            // Called off in that very moment: the parcel is to be called back.
            Err(Refusal::NotAllowed { status: Status::Cancelled, .. }) => Ok(true),
            Err(refusal) => Err(Undone::Failed(format!("the carrier has the parcel, but {refusal}"))),
        }
    }

    /// Stops the parcel of an order that was called off, if there is one. Nobody may know of it but the carrier: whoever handed
    /// it over may have ended before it could tell. There is no other, as with its first parcel an order cannot be called off.
    async fn call_back(&self, errand: &Errand, history: History, order: &Order) -> Result<(), Undone> {
        let shipment = shipment_of(errand, 1);
        if order.fulfilment.parcel(shipment).is_some() {
            return Ok(());
        }
        let reference = reference(errand.tenant(), errand.order, shipment);
        let Some(taken) = self.carrier.find(&reference).await.map_err(undone)? else { return Ok(()) };
        if self.carrier.call_back(&taken.id).await.map_err(undone)? == Recall::Stopped {
            return Ok(());
        }
        // Somebody may still reach the carrier: an alarm tells of it.
        metrics::counter!("StrayParcels").increment(1);
        let command = Command::NoteStrayParcel { id: shipment, consignment: consignment(taken) };
        let told = tell(&self.orders, errand, history, command).await?;
        told.map(drop).map_err(|refusal| Undone::Failed(refusal.to_string()))
    }

    async fn hand_over(&self, packed: &Packed) -> Result<Consignment, Undone> {
        let Packed { tenant, order, shipment, recipient, to, lines } = packed;
        let item = |line: &Line| ParcelItem {
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
        };
        let parcel = Parcel {
            key: format!("{tenant}/{order}/ship/{shipment}"),
            reference: reference(tenant, *order, *shipment),
            tenant: tenant.clone(),
            service: SERVICE.to_owned(),
            recipient: recipient.clone(),
            to: to.clone().unwrap_or_default(),
            items: lines.iter().map(item).collect(),
        };
        Ok(consignment(self.carrier.ship(&parcel).await.map_err(undone)?))
    }
}

/// The id of an order's parcel by its number, counted from 1.
fn shipment_of(errand: &Errand, number: usize) -> ShipmentId {
    errand.order.within(errand.tenant(), &format!("shipment/{number}")).into()
}

/// What is still to be sent, or so much of it as goes into one parcel.
fn next_parcel(order: &Order, units_max: u32) -> Vec<Part> {
    let units: u32 = order.lines.iter().map(|line| line.quantity).fold(0, u32::saturating_add);
    let mut room = if units_max == 0 { u32::MAX } else { units_max.max(units.div_ceil(PARCELS_MAX)) };
    let filled = order.fulfilment.open(&order.lines).into_iter().map(|part| {
        let quantity = part.quantity.min(room);
        room -= quantity;
        Part { quantity, ..part }
    });
    filled.filter(|part| part.quantity > 0).collect()
}

fn packed(errand: &Errand, order: &Order, parts: &[Part]) -> Packed {
    let mut ids = (1..).map(|number| shipment_of(errand, number));
    let shipment = ids.find(|id| order.fulfilment.parcel(*id).is_none()).expect("numbers do not end");
    Packed {
        tenant: errand.tenant().clone(),
        order: errand.order,
        shipment,
        recipient: order.contact.name.clone(),
        to: order.contact.address.clone(),
        lines: packed_lines(parts, &order.lines),
    }
}

/// Our name for a parcel, which the carrier repeats.
fn reference(tenant: &TenantId, order: OrderId, shipment: ShipmentId) -> String {
    format!("{tenant}/{order}/{shipment}")
}

fn consignment(taken: carrier::Consignment) -> Consignment {
    Consignment {
        carrier: CARRIER.to_owned(),
        tracking_number: Some(taken.tracking_number),
        tracking_url: Some(taken.tracking_url),
    }
}

fn packed_lines(parts: &[Part], lines: &[Line]) -> Vec<Line> {
    let packed = |part: &Part| {
        let line = lines.get(part.line as usize)?;
        Some(Line { quantity: part.quantity, ..line.clone() })
    };
    parts.iter().filter_map(packed).collect()
}

fn undone(error: CarrierError) -> Undone {
    match error {
        CarrierError::Retry { after, cause } => {
            Undone::Later { after, reason: format!("the carrier did not answer as it should: {cause}") }
        }
        CarrierError::Never(cause) => {
            Undone::Failed(format!("the carrier does not take the parcel: {cause}"))
        }
    }
}

#[cfg(test)]
mod tests;

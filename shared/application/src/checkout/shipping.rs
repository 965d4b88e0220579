//! The shipping desk: packs what was paid for, and hands it to the carrier.

use std::future::Future;

use penstock_domain::order::{Address, Command, Consignment, Line, Part, Status};
use penstock_domain::{OrderId, ShipmentId, TenantId};

use super::desk::{Errand, Undone, tell};
use crate::Unavailable;
use crate::catalogue::Catalogue;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::ports::carrier::{Carrier, CarrierError, Parcel, ParcelItem};
use crate::tenants::Tenants;

/// The carrier's name for how parcels are brought.
const SERVICE: &str = "standard";
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

    /// Hands all that was not sent yet to the carrier, in one parcel; nothing where the tenant sends parcels itself.
    ///
    /// The parcel's id and its key at the carrier's are derived from the order, so that doing it again sends nothing twice.
    ///
    /// # Errors
    /// [`Undone::Later`] when the carrier is not ready, [`Undone::Failed`] when it does not take the parcel.
    pub async fn ship(&self, errand: &Errand) -> Result<(), Undone> {
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let order = history.now()?.order;
        if order.status != Status::Confirmed || self.orders.terms(errand.tenant()).await?.ships_itself {
            return Ok(());
        }
        let shipment = ShipmentId::from(errand.order.within(errand.tenant(), "shipment"));
        let parts = order.fulfilment.open(&order.lines);
        let packed = Packed {
            tenant: errand.tenant().clone(),
            order: errand.order,
            shipment,
            recipient: order.contact.name.clone(),
            to: order.contact.address.clone(),
            lines: packed_lines(&parts, &order.lines),
        };
        self.slips.keep(&packed).await?;
        let consignment = Some(self.hand_over(&packed).await?);
        let command = Command::CreateShipment { id: shipment, parts, consignment };
        match tell(&self.orders, errand, history, command).await? {
            Ok(_) => Ok(()),
            // Called off in that very moment: somebody has to stop the parcel.
            Err(refusal) => Err(Undone::Failed(format!("the carrier has the parcel, but {refusal}"))),
        }
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
            reference: format!("{tenant}/{order}/{shipment}"),
            tenant: tenant.clone(),
            service: SERVICE.to_owned(),
            recipient: recipient.clone(),
            to: to.clone().unwrap_or_default(),
            items: lines.iter().map(item).collect(),
        };
        let taken = self.carrier.ship(&parcel).await.map_err(undone)?;
        Ok(Consignment {
            carrier: CARRIER.to_owned(),
            tracking_number: Some(taken.tracking_number),
            tracking_url: Some(taken.tracking_url),
        })
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

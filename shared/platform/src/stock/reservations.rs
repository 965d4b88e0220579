//! Reservations as stored. Attributes are added, never renamed.

use std::collections::{BTreeMap, BTreeSet};

use penstock_application::Unavailable;
use penstock_domain::stock::{Held, Reservation, ReservationState};
use penstock_domain::{OrderId, ProductId, TenantId};
use serde::{Deserialize, Serialize};

use super::items::reservation_partition;
use super::{Condition, STOCK, Write};
use crate::store::{to_item, unavailable};

/// An order's reservation.
#[derive(Serialize, Deserialize)]
pub(super) struct ReservationItem {
    pk: String,
    sk: u64,
    version: u32,
    state: ReservationState,
    /// JSON.
    lines: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    done: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    partly: BTreeMap<String, BTreeSet<ProductId>>,
}

/// Whether the product is tracked, and the units reserved, released, sold, returned.
#[derive(Serialize, Deserialize)]
struct StoredHeld(bool, u32, u32, u32, u32);

impl ReservationItem {
    /// The write of a reservation that has the version after the one that was read.
    pub(super) fn write(
        tenant: &TenantId,
        order: OrderId,
        reservation: &Reservation,
    ) -> Result<Write, Unavailable> {
        let condition = match reservation.version {
            0 | 1 => Condition::Missing,
            next => Condition::Version(u64::from(next) - 1),
        };
        let lines: BTreeMap<_, _> =
            reservation.lines.iter().map(|(product, held)| (*product, StoredHeld::new(held))).collect();
        let item = Self {
            pk: reservation_partition(tenant, order),
            sk: 0,
            version: reservation.version,
            state: reservation.state,
            lines: serde_json::to_string(&lines).map_err(|error| unavailable(STOCK)(error.into()))?,
            done: reservation.done.clone(),
            partly: reservation.partly.clone(),
        };
        Ok(Write { item: to_item(STOCK, &item)?, condition })
    }

    pub(super) fn reservation(self) -> Result<Reservation, Unavailable> {
        let lines: BTreeMap<ProductId, StoredHeld> =
            serde_json::from_str(&self.lines).map_err(|error| unavailable(STOCK)(error.into()))?;
        Ok(Reservation {
            version: self.version,
            state: self.state,
            lines: lines.into_iter().map(|(product, held)| (product, held.held())).collect(),
            done: self.done,
            partly: self.partly,
        })
    }
}

impl StoredHeld {
    fn new(held: &Held) -> Self {
        let Held { tracked, reserved, released, sold, returned } = *held;
        Self(tracked, reserved, released, sold, returned)
    }

    fn held(self) -> Held {
        let Self(tracked, reserved, released, sold, returned) = self;
        Held { tracked, reserved, released, sold, returned }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::from_item;
    use uuid::Uuid;

    #[test]
    fn a_reservation_is_read_as_it_was_written() {
        let product: ProductId = Uuid::from_u128(7).into();
        let held = Held { tracked: true, reserved: 5, released: 1, sold: 3, returned: 2 };
        let reservation = Reservation {
            version: 4,
            state: ReservationState::Released,
            lines: [(product, held)].into(),
            done: ["sold:parcel".to_owned()].into(),
            partly: [("returned:late".to_owned(), [product].into())].into(),
        };
        for reservation in [reservation, Reservation { version: 1, ..Reservation::default() }] {
            let tenant = "acme".parse().unwrap();
            let write = ReservationItem::write(&tenant, Uuid::from_u128(1).into(), &reservation).unwrap();
            let read: ReservationItem = from_item(STOCK, write.item).unwrap();
            assert_eq!(read.reservation().unwrap(), reservation);
        }
    }

    #[test]
    fn a_reservation_stays_what_it_was_because_it_is_stored() {
        let stored = r#"{"pk":"acme#order#00000000-0000-0000-0000-000000000001","sk":0,"version":2,"state":"reserved",
            "lines":"{\"00000000-0000-0000-0000-000000000007\":[true,5,0,3,0]}","done":["sold:parcel"]}"#;
        let read: ReservationItem = serde_json::from_str(stored).unwrap();
        let held = Held { tracked: true, reserved: 5, sold: 3, ..Held::default() };
        let wanted = Reservation {
            version: 2,
            state: ReservationState::Reserved,
            lines: [(Uuid::from_u128(7).into(), held)].into(),
            done: ["sold:parcel".to_owned()].into(),
            ..Reservation::default()
        };
        assert_eq!(read.reservation().unwrap(), wanted);
    }
}

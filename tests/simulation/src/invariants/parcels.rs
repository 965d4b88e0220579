//! The carrier's books are ours: each parcel that it has is one of ours, and it was handed over once.

use std::collections::BTreeMap;

use penstock_domain::order::{Parcel, ParcelStatus, Status};
use penstock_sandbox::Page;
use serde_json::Value;

use super::{Ledger, Told, Violation};
use crate::run::World;

const BOOKS: &str = "the carrier's books are ours";
const ENDS: &str = "no order is stuck";
/// What the carrier says of a parcel that was called back.
const CALLED_BACK: &str = "cancelled";
/// What the carrier is called in an order; a shop that sends its parcels itself calls its own otherwise.
const CARRIER: &str = "carrier";

/// What is wrong with the parcels.
pub(super) fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut books = shipments(world);
    let mut found = vec![];
    for ((tenant, id), told) in ledger {
        for parcel in told.order.fulfilment.parcels.iter().filter(|it| is_the_carriers(it)) {
            let times = books.remove(&format!("{tenant}/{id}/{}", parcel.id)).unwrap_or_default();
            if times != 1 {
                found.push(Violation::of(
                    BOOKS,
                    *id,
                    format!("parcel {} was handed over {times} times", parcel.id),
                ));
            }
        }
        found.extend(arrived(told).map(|what| Violation::of(ENDS, *id, what)));
    }
    let strangers = books.into_keys();
    found.extend(
        strangers
            .map(|it| Violation::new(BOOKS, format!("the carrier has {it}, which is no parcel of ours"))),
    );
    found
}

/// How often the carrier has each parcel, by our name for it; those apart that were called back.
fn shipments(world: &World) -> BTreeMap<String, usize> {
    let mut by_reference = BTreeMap::new();
    let mut before = None;
    loop {
        let page = Page { limit: Some(10_000), before };
        let books = world.platform.outside().shipments(&page).expect("the sandbox's memory can be read");
        for shipment in books.shipments.into_iter().map(|it| it.shipment) {
            if shipment["status"] != CALLED_BACK {
                *by_reference.entry(reference(&shipment)).or_default() += 1;
            }
        }
        before = books.next;
        if before.is_none() {
            return by_reference;
        }
    }
}

fn reference(shipment: &Value) -> String {
    shipment["reference"].as_str().expect("a shipment has our name for it").to_owned()
}

fn is_the_carriers(parcel: &Parcel) -> bool {
    parcel.consignment.as_ref().is_some_and(|it| it.carrier == CARRIER)
}

/// Of an order that has arrived, every parcel has, or is lost.
fn arrived(told: &Told) -> Option<String> {
    let over = |it: &&Parcel| !matches!(it.status, Some(ParcelStatus::Delivered | ParcelStatus::Lost));
    let underway = told.order.fulfilment.parcels.iter().find(over)?;
    (told.ended().status == Status::Delivered)
        .then(|| format!("it is delivered, and parcel {} is not", underway.id))
}

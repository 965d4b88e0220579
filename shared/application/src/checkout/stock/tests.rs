//! The stock desk, at a warehouse that knows of nothing yet.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use penstock_domain::Money;
use penstock_domain::OrderId;
use penstock_domain::order::ParcelStatus;
use uuid::Uuid;

use super::*;
use crate::Unavailable;
use crate::orders::tests::{DefaultLimits, MemoryCatalogue, MemoryLedger, caller, request, wanted};
use crate::orders::{Created, WantedOrder};
use crate::stock::ledger::{Append, AppendError, Found, Keys};

/// Found by the simulation: a crash held up the sale of a parcel, and its return was given up after five attempts.
#[tokio::test]
async fn a_return_whose_sale_is_not_noted_yet_waits_for_it() {
    let done = taken_back_since(now() - SignedDuration::from_mins(59)).await;
    assert!(matches!(done[..], [Err(Undone::Later { .. })]), "{done:?}");
}

#[tokio::test]
async fn a_return_whose_sale_is_not_noted_for_an_hour_is_for_a_human_to_look_at() {
    let done = taken_back_since(now() - SignedDuration::from_hours(1)).await;
    assert!(matches!(done[..], [Err(Undone::Failed(_))]), "{done:?}");
}

/// What becomes of taking an order back that has to be since then, of which the warehouse sold nothing.
async fn taken_back_since(since: Timestamp) -> Vec<Result<(), Undone>> {
    let (desk, order) = returned().await;
    let request = request(order.within(&caller().tenant, "back").as_u128(), "back");
    let errand = Errand { order, caller: caller(), request, attempts: 0, since };
    desk.run(&caller().tenant, &[StockErrand { errand, step: Step::TakeBackStock }]).await
}

/// An order that came back before the warehouse heard that it left.
async fn returned() -> (StockDesk<Arc<MemoryLedger>, MemoryCatalogue, DefaultLimits, Unaware>, OrderId) {
    let (ledger, clock) = (Arc::new(MemoryLedger::default()), || -> Clock { Arc::new(now) });
    let orders = || Orders::new(Arc::clone(&ledger), MemoryCatalogue::new(), DefaultLimits, clock());
    let wanted = WantedOrder { payment: Some("pm_card_visa".parse().unwrap()), ..wanted() };
    let created = orders().create(&caller(), &request(1, "a"), wanted).await.unwrap();
    let Created::New(record) = created else { panic!("it is new") };
    let captured = Money::from_minor(500, record.order.currency).unwrap();
    let (parcel, back) = (Uuid::from_u128(7).into(), Uuid::from_u128(8).into());
    for command in [
        Command::ConfirmStock { units: vec![], pay_by: Timestamp::MAX },
        Command::ConfirmPayment { attempt: 1, captured, reference: "pi_1".to_owned() },
        Command::CreateShipment { id: parcel, parts: vec![], consignment: None },
        Command::TrackShipment { id: parcel, status: ParcelStatus::Delivered },
        Command::RequestReturn { id: back, reason: None, parts: vec![] },
        Command::ReceiveReturn { id: back, restock: true },
    ] {
        let history = orders().history(&caller(), record.id).await.unwrap();
        orders().step(&caller(), &request(2, "step"), history, command).await.unwrap();
    }
    (StockDesk::new(orders(), Stock::new(Unaware, clock()), clock()), record.id)
}

/// A warehouse that nobody told of anything.
struct Unaware;

impl StockLedger for Unaware {
    async fn read(&self, _: &TenantId, _: &Keys) -> Result<Found, Unavailable> {
        Ok(Found::default())
    }

    async fn append(&self, _: &TenantId, append: &Append) -> Result<(), AppendError> {
        panic!("there is nothing to write: {append:?}")
    }

    async fn pause(&self, _: u32) {}
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

//! The stock desk: what the warehouse keeps, lets go, sells and takes back for orders, many at a time.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::{Command, Event, Line, Order, Part, Refusal, Status, Units};
use penstock_domain::stock::{self, Operation};
use penstock_domain::{ProductId, ShipmentId, TenantId};

use super::desk::{Errand, Undone, tell};
use super::process::Step;
use crate::Clock;
use crate::catalogue::Catalogue;
use crate::history::History;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::stock::ledger::StockLedger;
use crate::stock::{Outcome, Stock};
use crate::tenants::Tenants;

/// How many orders are read or told at once.
const AT_ONCE: usize = 16;
/// How long to wait before looking again whether missing goods came in.
const RESTOCK: Duration = Duration::from_secs(15 * 60);
/// How long the sale of a parcel may take to be noted. After that a human has to look at its return.
const SOLD_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// An errand to the warehouse.
#[derive(Debug, Clone)]
pub struct StockErrand {
    /// For which order.
    pub errand: Errand,
    /// What is to be done.
    pub step: Step,
}

/// Who keeps the goods.
pub struct StockDesk<L, C, T, S> {
    orders: Orders<L, C, T>,
    stock: Stock<S>,
    clock: Clock,
}

/// What is to be asked of the warehouse for an errand; nothing when the order has moved on.
type Wanted = Result<Option<(History, Operation)>, Undone>;

impl<L: Ledger, C: Catalogue, T: Tenants, S: StockLedger> StockDesk<L, C, T, S> {
    /// A desk for these orders at this warehouse.
    pub fn new(orders: Orders<L, C, T>, stock: Stock<S>, clock: Clock) -> Self {
        Self { orders, stock, clock }
    }

    /// Does errands of one tenant, and says what became of each, in the given order.
    pub async fn run(&self, tenant: &TenantId, errands: &[StockErrand]) -> Vec<Result<(), Undone>> {
        // Boxed: the compiler cannot see that a stream of borrowing futures may be sent to another thread.
        let wanted: Vec<BoxFuture<'_, Wanted>> =
            errands.iter().map(|errand| self.wanted(errand).boxed()).collect();
        let wanted: Vec<Wanted> = stream::iter(wanted).buffered(AT_ONCE).collect().await;
        let asked = wanted.iter().filter_map(|it| it.as_ref().ok()?.as_ref());
        let operations: Vec<Operation> = asked.map(|(_, operation)| operation.clone()).collect();
        let mut outcomes = self.stock.apply(tenant, &operations).await.into_iter();
        let done: Vec<_> = wanted
            .into_iter()
            .map(|wanted| {
                wanted.map(|asked| asked.and_then(|(history, _)| Some((history, outcomes.next()?))))
            })
            .collect();
        let told: Vec<BoxFuture<'_, Result<(), Undone>>> =
            errands.iter().zip(done).map(|(errand, done)| self.tell(errand, done).boxed()).collect();
        stream::iter(told).buffered(AT_ONCE).collect().await
    }

    async fn tell(
        &self,
        errand: &StockErrand,
        done: Result<Option<(History, Outcome)>, Undone>,
    ) -> Result<(), Undone> {
        match done? {
            Some((history, outcome)) => self.conclude(errand, history, outcome).await,
            None => Ok(()),
        }
    }

    async fn wanted(&self, wanted: &StockErrand) -> Wanted {
        let errand = &wanted.errand;
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let order = history.now()?.order;
        let id = errand.order;
        let operation = match &wanted.step {
            Step::ReserveStock if order.status == Status::Pending && order.reserved.is_none() => {
                Some(Operation::Reserve { order: id, lines: units_of(&order.lines) })
            }
            Step::ReleaseStock if was_placed(&history) => Some(Operation::Release { order: id }),
            Step::SellStock { shipment } => sold(&order, *shipment).map(|lines| Operation::Sell {
                order: id,
                key: shipment.to_string(),
                lines,
            }),
            Step::TakeBackStock => taken_back(&order, &history)
                .map(|(key, lines, restock)| Operation::TakeBack { order: id, key, lines, restock }),
            _ => None,
        };
        Ok(operation.map(|operation| (history, operation)))
    }

    async fn conclude(&self, of: &StockErrand, history: History, outcome: Outcome) -> Result<(), Undone> {
        match (&of.step, outcome) {
            (_, Outcome::Failed(error)) => Err(Undone::later(format!("the warehouse: {error}"))),
            (Step::ReserveStock, Outcome::Done(kept) | Outcome::AlreadyDone(kept)) => {
                self.confirm(of, history, &kept).await
            }
            (Step::ReserveStock, Outcome::Short(missing)) => self.report(of, history, &missing).await,
            // What came back was sent, so its sale is on its way: a crash may hold that up for longer than a return takes.
            (Step::TakeBackStock, Outcome::Short(_)) if of.errand.age((self.clock)()) < SOLD_WITHIN => {
                Err(Undone::later("the sale of what came back is not noted yet"))
            }
            (step, Outcome::Short(missing)) => {
                let missing: u32 = missing.values().sum();
                Err(Undone::Failed(format!("{}: the warehouse lacks {missing} units", step.name())))
            }
            (_, Outcome::Done(_) | Outcome::AlreadyDone(_) | Outcome::AlreadyOver) => Ok(()),
        }
    }

    /// Tells the order what is kept for it.
    async fn confirm(&self, of: &StockErrand, history: History, kept: &stock::Units) -> Result<(), Undone> {
        let pay_by = self.orders.terms(of.errand.tenant()).await?.pay_by((self.clock)());
        let command = Command::ConfirmStock { units: listed(kept), pay_by };
        // An order that was called off meanwhile gives the goods back by a step of its own.
        tell(&self.orders, &of.errand, history, command).await.map(drop)
    }

    /// Tells the order what is missing. Where it waits, the errand is run again later.
    async fn report(&self, of: &StockErrand, history: History, missing: &stock::Units) -> Result<(), Undone> {
        let terms = self.orders.terms(of.errand.tenant()).await?;
        let now: Timestamp = (self.clock)();
        let command = Command::ReportShortage { missing: listed(missing), wait_until: terms.wait_until(now) };
        match tell(&self.orders, &of.errand, history, command).await? {
            Ok(record) if record.order.status == Status::Pending && record.order.reserved.is_none() => {
                Err(Undone::Later { after: Some(RESTOCK), reason: "the goods are out of stock".to_owned() })
            }
            Ok(_) | Err(Refusal::NotAllowed { .. }) => Ok(()),
            Err(refusal) => Err(Undone::Failed(refusal.to_string())),
        }
    }
}

fn was_placed(history: &History) -> bool {
    let mut events = history.commits().iter().flat_map(|commit| &commit.events);
    events.any(|event| matches!(event, Event::Placed { .. }))
}

/// So many units of each product, line by line.
type Lines = Vec<(ProductId, u32)>;

fn units_of(lines: &[Line]) -> Lines {
    lines.iter().map(|line| (line.product_id, line.quantity)).collect()
}

fn units_in(parts: &[Part], lines: &[Line]) -> Lines {
    let unit = |part: &Part| Some((lines.get(part.line as usize)?.product_id, part.quantity));
    parts.iter().filter_map(unit).collect()
}

/// What is in a parcel, unless it strays: its goods are given back when its order is called off, which may come later than this.
fn sold(order: &Order, shipment: ShipmentId) -> Option<Lines> {
    if order.status == Status::Cancelled {
        return None;
    }
    let parcel = order.fulfilment.parcel(shipment)?;
    Some(units_in(&parcel.parts, &order.lines))
}

fn taken_back(order: &Order, history: &History) -> Option<(String, Lines, bool)> {
    let returned = order.fulfilment.returned.as_ref().filter(|returned| returned.received)?;
    let mut events = history.commits().iter().flat_map(|commit| &commit.events);
    let restock = events.find_map(|event| match event {
        Event::Returned { restock, .. } => Some(restock.unwrap_or(true)),
        _ => None,
    })?;
    let key = returned.id.map_or_else(|| "return".to_owned(), |id| id.to_string());
    Some((key, units_in(&returned.parts, &order.lines), restock))
}

fn listed(units: &stock::Units) -> Vec<Units> {
    units
        .iter()
        .map(|(product_id, quantity)| Units { product_id: *product_id, quantity: *quantity })
        .collect()
}

#[cfg(test)]
mod tests;

//! What must hold when the storm is over and nothing moves any more.

mod archiving;
mod dead_letters;
mod histories;
mod money;
mod parcels;
mod promises;
mod records;
mod shown;
mod stock;
mod tenants;
mod views;
pub(crate) mod webhooks;

use std::borrow::Cow;
use std::collections::BTreeMap;

use penstock_application::ledger::Commit;
use penstock_domain::order::{Event, Order};
use penstock_domain::{OrderId, TenantId};
use serde::{Deserialize, Serialize};

use crate::run::World;

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which invariant.
    pub invariant: Cow<'static, str>,
    /// What is wrong.
    pub what: String,
    /// The order it is about, if it is about one.
    pub order: Option<OrderId>,
}

impl Violation {
    /// Of no order in particular.
    #[must_use]
    pub fn new(invariant: &'static str, what: impl Into<String>) -> Self {
        Self { invariant: invariant.into(), what: what.into(), order: None }
    }

    /// Of an order.
    #[must_use]
    pub fn of(invariant: &'static str, order: OrderId, what: impl Into<String>) -> Self {
        Self { invariant: invariant.into(), what: what.into(), order: Some(order) }
    }
}

/// An order as the ledger has it.
pub(crate) struct Told {
    pub(crate) commits: Vec<Commit>,
    pub(crate) events: Vec<Event>,
    pub(crate) order: Order,
}

impl Told {
    /// The order as it was when it ended: being archived says no more of it.
    pub(crate) fn ended(&self) -> Order {
        let life = self.events.iter().filter(|it| !matches!(it, Event::Archived { .. }));
        Order::fold(life).expect("what it is told of begins with a creation")
    }
}

/// Every order of every tenant.
pub(crate) type Ledger = BTreeMap<(TenantId, OrderId), Told>;

pub(crate) use money::payments;
pub(crate) use stock::movements;

/// The ledger, whatever is wrong with it.
pub(crate) async fn ledger(world: &World) -> Ledger {
    histories::read(world, &mut vec![]).await
}

/// What is wrong; nothing, if all is well.
pub async fn judge(world: &World) -> Vec<Violation> {
    let mut found = vec![];
    let ledger = histories::read(world, &mut found).await;
    found.extend(histories::judge(world, &ledger));
    found.extend(promises::judge(world, &ledger).await);
    found.extend(money::judge(world, &ledger));
    found.extend(parcels::judge(world, &ledger));
    found.extend(stock::judge(world, &ledger).await);
    found.extend(views::judge(world, &ledger).await);
    found.extend(shown::judge(world, &ledger));
    found.extend(archiving::judge(world, &ledger).await);
    found.extend(webhooks::judge(world, &ledger).await);
    found.extend(dead_letters::judge(world).await);
    found.extend(tenants::judge(world, &ledger).await);
    found.extend(records::judge(world));
    found
}

//! What callers are shown of an order really was: of some version that it had, whichever list or reply it stands in.

use std::collections::{BTreeMap, BTreeSet};

use penstock_domain::OrderId;
use penstock_domain::order::{Order, Summary};
use serde_json::Value;

use super::{Ledger, Told, Violation};
use crate::run::World;

const WAS: &str = "what is shown really was";

/// What is wrong with what was shown.
pub(super) fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let by_name: ByName<'_> =
        ledger.iter().map(|((tenant, order), told)| ((tenant.as_str(), *order), told)).collect();
    let (mut judged, mut found) = (BTreeSet::new(), vec![]);
    for (tenant, text) in world.promises.replies() {
        let reply: Value = serde_json::from_str(&text).unwrap_or_default();
        let listed = reply["orders"].as_array().cloned().unwrap_or_else(|| vec![reply]);
        for shown in listed.iter().filter_map(Shown::of) {
            if judged.insert((tenant.clone(), shown.clone())) {
                found.extend(shown.judge(&tenant, &by_name));
            }
        }
    }
    found
}

/// The orders by their tenants' names.
type ByName<'a> = BTreeMap<(&'a str, OrderId), &'a Told>;

/// What was shown of an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    order: OrderId,
    version: usize,
    status: String,
    fulfilment: String,
}

impl Shown {
    fn of(order: &Value) -> Option<Self> {
        Some(Self {
            order: order["orderId"].as_str()?.parse().ok()?,
            version: usize::try_from(order["version"].as_u64()?).ok()?,
            status: order["status"].as_str()?.to_owned(),
            fulfilment: order["fulfilment"].to_string(),
        })
    }

    fn judge(&self, tenant: &str, orders: &ByName<'_>) -> Option<Violation> {
        let was = orders.get(&(tenant, self.order)).and_then(|it| self.summary(it));
        (was.as_ref() != Some(&(self.status.clone(), self.fulfilment.clone()))).then(|| {
            Violation::of(WAS, self.order, format!("{tenant} was shown {self:?}, where it was {was:?}"))
        })
    }

    /// What that version was.
    fn summary(&self, told: &Told) -> Option<(String, String)> {
        let commits = told.commits.get(..self.version)?;
        let order = Order::fold(commits.iter().flat_map(|it| &it.events))?;
        let summary = serde_json::to_value(Summary::of(&order)).expect("a summary is JSON");
        Some((summary["status"].as_str()?.to_owned(), summary["fulfilment"].to_string()))
    }
}

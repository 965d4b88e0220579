//! Every command that got a 2xx is there, once; every command that got a 4xx left no trace.

use std::collections::BTreeMap;

use penstock_domain::{IdempotencyKey, OrderId};

use super::{Ledger, Violation};
use crate::run::World;
use crate::workload::promises::{Promise, Verdict};

const KEPT: &str = "a 2xx is there once";
const NO_TRACE: &str = "a 4xx left no trace";
const UNASKED: &str = "nobody asked for it";
const SOUND: &str = "a sound order is taken";

/// What is wrong with what clients were told.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut by_key: BTreeMap<(&str, IdempotencyKey), Vec<OrderId>> = BTreeMap::new();
    for ((tenant, order), told) in ledger {
        for commit in &told.commits {
            by_key.entry((tenant.as_str(), commit.key)).or_default().push(*order);
        }
    }
    let promises = world.promises.all();
    let of_orders = promises.iter().filter(|it| it.path.starts_with("/v1/orders"));
    let mut found: Vec<Violation> = of_orders.clone().filter_map(|it| broken(it, &by_key)).collect();
    found.extend(unasked(&promises, ledger));
    found.extend(promises.iter().filter_map(refused));
    found
}

fn broken(promise: &Promise, commits: &BTreeMap<(&str, IdempotencyKey), Vec<OrderId>>) -> Option<Violation> {
    let there = commits.get(&(promise.tenant.as_str(), promise.key.into())).map_or(&[][..], Vec::as_slice);
    let violation = |invariant: &'static str, what: String| {
        let order = promise.order.map(OrderId::from).or(there.first().copied());
        Some(Violation { invariant: invariant.into(), what, order })
    };
    let Promise { path, key, .. } = promise;
    match &promise.verdict {
        Verdict::Accepted if there.len() != 1 => {
            violation(KEPT, format!("{path} with {key} was accepted and is there {} times", there.len()))
        }
        Verdict::Refused { status, code } if !there.is_empty() => {
            violation(NO_TRACE, format!("{path} with {key} was refused ({status} {code}) and is there"))
        }
        Verdict::Unknown if there.len() > 1 => {
            violation(KEPT, format!("{path} with {key} is there {} times", there.len()))
        }
        _ => None,
    }
}

/// No order is refused: each is of products that there are, at whatever they cost.
fn refused(promise: &Promise) -> Option<Violation> {
    let Promise { path, key, verdict, .. } = promise;
    let sound = path == "/v1/orders" && matches!(verdict, Verdict::Refused { .. });
    sound.then(|| Violation::new(SOUND, format!("{path} with {key} was refused: {verdict:?}")))
}

/// There is no order that no client asked for.
fn unasked(promises: &[Promise], ledger: &Ledger) -> Vec<Violation> {
    let creations: BTreeMap<IdempotencyKey, &Promise> =
        promises.iter().filter(|it| it.path == "/v1/orders").map(|it| (it.key.into(), it)).collect();
    let orders = ledger.iter().filter(|((tenant, _), told)| {
        let asked = told.commits.first().and_then(|it| creations.get(&it.key));
        asked.is_none_or(|it| it.tenant != tenant.as_str())
    });
    orders.map(|((_, order), _)| Violation::of(UNASKED, *order, "no client asked for it")).collect()
}

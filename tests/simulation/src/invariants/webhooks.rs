//! Every event that a tenant listens for reached its server, or is listed as failed; it got its own events only.

use std::collections::BTreeSet;

use super::{Ledger, Violation};
use crate::run::World;
use crate::workload::client::Client;
use crate::workload::shops::Shop;

const DELIVERED: &str = "webhooks are delivered or listed as failed";
const OWN: &str = "a tenant sees its own";

/// What is wrong with webhooks.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut found = vec![];
    for shop in &world.shops {
        let came = world.receiver.came(&shop.tenant);
        let foreign = came.iter().filter(|it| !it.event.starts_with(&format!("{}/", shop.tenant)));
        found.extend(foreign.map(|it| Violation::new(OWN, format!("{} got {}", shop.tenant, it.event))));
        let mut known: BTreeSet<String> = came.into_iter().map(|it| it.event).collect();
        let wanted = wanted(shop, ledger);
        if wanted.iter().all(|(_, it)| known.contains(it)) {
            continue;
        }
        known.extend(failed(world, shop).await);
        known.extend(world.given_up.lock().expect("nobody panicked with it").iter().cloned());
        let missing = wanted.into_iter().filter(|(_, it)| !known.contains(it));
        found.extend(
            missing.map(|(order, it)| Violation::of(DELIVERED, order, format!("{it} was never delivered"))),
        );
    }
    found
}

/// The ids of the events that a shop listens for.
fn wanted(shop: &Shop, ledger: &Ledger) -> Vec<(penstock_domain::OrderId, String)> {
    let mut ids = vec![];
    for ((tenant, order), told) in ledger.iter().filter(|((tenant, _), _)| tenant.as_str() == shop.tenant) {
        for (sequence, event) in (1..).zip(&told.events) {
            let name = serde_json::to_value(event).expect("an event is JSON")["type"].clone();
            let is_told = shop.listens.iter().any(|it| it.rsplit('.').next() == name.as_str());
            if is_told {
                ids.push((*order, format!("{tenant}/{order}/{sequence}")));
            }
        }
    }
    ids
}

/// The ids of events whose delivery is listed as failed, which they are for thirty days.
pub(crate) async fn failed(world: &World, shop: &Shop) -> Vec<String> {
    let Some(webhook) = shop.webhook else { return vec![] };
    let client = Client::new("auditor", &shop.tenant, &world.platform, &world.storm, &world.promises);
    let (mut ids, mut cursor) = (vec![], String::new());
    loop {
        let page = client.get(&format!("/v1/webhooks/{webhook}/deliveries?limit=100{cursor}")).await.body;
        for delivery in page["deliveries"].as_array().into_iter().flatten() {
            if delivery["status"] == "failed" {
                ids.extend(delivery["eventId"].as_str().map(str::to_owned));
            }
        }
        match page["nextCursor"].as_str().map(str::to_owned) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

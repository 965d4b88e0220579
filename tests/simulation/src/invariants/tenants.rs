//! No tenant saw another's id: in a reply, a webhook, a letter, a key, an object's name, or a log line.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use penstock_sandbox::Page;
use uuid::Uuid;

use super::{Ledger, Violation};
use crate::faults::aws::AUDITOR;
use crate::run::World;

const OWN: &str = "a tenant sees its own";
const KEYS: &str = "a key begins with its tenant";
const TABLES: [&str; 6] = [
    "penstock-orders",
    "penstock-order-views",
    "penstock-products",
    "penstock-stock",
    "penstock-tenants",
    "penstock-webhooks",
];
/// The length of a UUID with its hyphens.
const UUID_LENGTH: usize = 36;

/// Whose an id is: an order's, a product's, or a webhook's.
type Owners = BTreeMap<Uuid, String>;

/// What is wrong with who saw what.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let owners = owners(world, ledger);
    let mut found = vec![];
    for (tenant, text) in world.promises.replies() {
        found.extend(foreign(&owners, &text, &tenant, "a reply"));
    }
    for shop in &world.shops {
        for came in world.receiver.came(&shop.tenant) {
            let text = String::from_utf8_lossy(&came.body);
            found.extend(foreign(&owners, &text, &shop.tenant, "a webhook"));
        }
    }
    let letters = world.platform.outside().mail(&Page::default()).expect("the sandbox's memory can be read");
    let texts = letters.mail.iter().map(|it| it.text.clone());
    let texts = texts.chain(world.seen.records().into_iter().map(|it| it.text));
    found.extend(texts.filter_map(|it| mixed(&owners, &it)));
    found.extend(keyed(world, &owners).await);
    found
}

fn owners(world: &World, ledger: &Ledger) -> Owners {
    let orders = ledger.keys().map(|(tenant, order)| {
        (order.to_string().parse().expect("an order's id is a UUID"), tenant.to_string())
    });
    let products = world.shops.iter().flat_map(|it| it.products.iter().map(|id| (*id, it.tenant.clone())));
    let webhooks = world.shops.iter().filter_map(|it| Some((it.webhook?, it.tenant.clone())));
    orders.chain(products).chain(webhooks).collect()
}

/// The UUIDs in a text.
fn uuids(text: &str) -> impl Iterator<Item = Uuid> + '_ {
    let starts = text.char_indices().map(|(at, _)| at);
    starts.filter_map(|at| Uuid::try_parse(text.get(at..at + UUID_LENGTH)?).ok())
}

fn foreign(owners: &Owners, text: &str, tenant: &str, what: &str) -> Option<Violation> {
    let other =
        uuids(text).find_map(|it| owners.get(&it).filter(|owner| *owner != tenant).map(|owner| (it, owner)));
    other.map(|(id, owner)| Violation::new(OWN, format!("{what} to {tenant} has {owner}'s {id}: {text}")))
}

/// A text that nobody in particular gets may be about one tenant, not about two.
fn mixed(owners: &Owners, text: &str) -> Option<Violation> {
    let whose: BTreeSet<&String> = uuids(text).filter_map(|it| owners.get(&it)).collect();
    (whose.len() > 1).then(|| Violation::new(OWN, format!("{whose:?} are in one text: {text}")))
}

/// The keys of every table begin with a tenant, and hold that one's ids.
async fn keyed(world: &World, owners: &Owners) -> Vec<Violation> {
    let client = Client::new(&world.platform.sdk_config(AUDITOR));
    let mut found = vec![];
    for table in TABLES {
        let mut pages = client.scan().table_name(table).into_paginator().send();
        while let Some(page) = pages.next().await {
            for item in page.expect("a table can be scanned in calm weather").items() {
                let key = item.get("pk").and_then(|it| it.as_s().ok()).cloned().unwrap_or_default();
                let tenant = world.shops.iter().find(|it| key.starts_with(&it.tenant));
                match tenant {
                    Some(shop) => found.extend(foreign(owners, &key, &shop.tenant, "a key")),
                    None => found.push(Violation::new(KEYS, format!("{table} has an item {key}"))),
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_wherever_they_stand_in_a_text() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let text = format!("order={one}, and “{other}”.");
        assert_eq!(uuids(&text).collect::<Vec<_>>(), [one, other]);
    }

    #[test]
    fn another_tenants_id_is_found() {
        let owners = Owners::from([
            (Uuid::from_u128(1), "alder".to_owned()),
            (Uuid::from_u128(2), "birch".to_owned()),
        ]);
        let text = Uuid::from_u128(2).to_string();
        assert_eq!(foreign(&owners, &text, "birch", "a reply"), None);
        assert!(foreign(&owners, &text, "alder", "a reply").is_some());
    }
}

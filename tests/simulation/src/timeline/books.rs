//! What the books say of an order when all is over: the ledger's of its money and goods, the companies' of what they did for it.

use aws_sdk_dynamodb::Client;
use penstock_domain::order::{Order, Outcome};
use penstock_domain::stock::{Cause, Entry as Moved, MovementKind};
use penstock_domain::{Money, OrderId, TenantId};
use penstock_platform::stock::DynamoStock;
use penstock_sandbox::{Page, PaymentEntry};
use serde_json::Value;

use super::watch::Watch;
use super::words::tail;
use super::{Entry, Lane, Table};
use crate::faults::aws::AUDITOR;
use crate::invariants::{self, Told};
use crate::run::World;

const STOCK: &str = "penstock-stock";
/// All of a page of the sandbox's books.
const ALL: Page = Page { limit: Some(10_000), before: None };

/// What moved in stock for the order, with the product's name.
pub(super) async fn moved(
    world: &World,
    tenant: &TenantId,
    order: OrderId,
    told: &Told,
) -> Vec<(String, Moved)> {
    let stock = DynamoStock::new(Client::new(&world.platform.sdk_config(AUDITOR)), STOCK.to_owned());
    let mut products: Vec<_> = told.order.lines.iter().map(|it| it.product_id).collect();
    products.sort_unstable();
    products.dedup();
    let mut moved = vec![];
    for product in products {
        let movements = invariants::movements(&stock, tenant, product).await;
        let ours = movements.into_iter().filter(|it| it.movement.cause == Cause::Order(order));
        moved.extend(ours.map(|it| (product.to_string(), it)));
    }
    moved
}

/// What moved at the same time is told as one.
pub(super) fn movements(moved: &[(String, Moved)]) -> Vec<Entry> {
    let mut moved: Vec<&(String, Moved)> = moved.iter().collect();
    moved.sort_by_key(|(_, it)| (it.movement.at, it.movement.kind));
    let together = moved.chunk_by(|(_, one), (_, other)| {
        (one.movement.at, one.movement.kind) == (other.movement.at, other.movement.kind)
    });
    together.map(together_moved).collect()
}

fn together_moved(moved: &[&(String, Moved)]) -> Entry {
    let (_, first) = moved[0];
    let units: i64 = moved.iter().map(|(_, it)| it.movement.quantity).sum();
    let what = format!("{} {units} of {} products", verb(first.movement.kind), moved.len());
    let detail = |(product, it): &&(String, Moved)| {
        let (on_hand, reserved) = (it.after.on_hand, it.after.reserved);
        let (quantity, number) = (it.movement.quantity, it.number);
        format!(
            "{quantity} × …{} as movement {number}: then {on_hand} on hand, {reserved} reserved",
            tail(product)
        )
    };
    let details = moved.iter().map(detail).collect();
    Entry { at: first.movement.at, details, ..Entry::now(Lane::Order, "goods", what) }
}

const fn verb(kind: MovementKind) -> &'static str {
    match kind {
        MovementKind::Received => "received",
        MovementKind::Corrected => "corrected",
        MovementKind::Reserved => "reserved",
        MovementKind::Released => "released",
        MovementKind::Sold => "sold",
        MovementKind::Returned => "returned",
        MovementKind::WrittenOff => "written off",
    }
}

pub(super) fn goods(moved: &[(String, Moved)]) -> Table {
    let row = |(product, it): &(String, Moved)| {
        let quantity = it.movement.quantity;
        let after = &it.after;
        vec![
            product.clone(),
            it.number.to_string(),
            verb(it.movement.kind).to_owned(),
            quantity.to_string(),
            after.on_hand.to_string(),
            after.reserved.to_string(),
        ]
    };
    let columns = ["product", "movement", "what", "units", "on hand after", "reserved after"];
    table("Its goods", &columns, moved.iter().map(row).collect())
}

pub(super) fn money(told: &Told) -> Table {
    let Order { payments, total, .. } = &told.order;
    let mut rows = vec![vec!["total".to_owned(), total.to_string(), String::new()]];
    let amount = |it: Option<Money>| it.map(|it| it.to_string()).unwrap_or_default();
    let attempts = (1..).zip(&payments.attempts);
    rows.extend(attempts.map(|(n, it)| vec![format!("attempt {n}"), amount(it.amount), became(&it.outcome)]));
    rows.extend(
        payments
            .strays
            .iter()
            .map(|(reference, amount)| vec!["of no use".to_owned(), amount.to_string(), reference.clone()]),
    );
    let refunds = (1..).zip(&payments.refunds);
    rows.extend(refunds.map(|(n, it)| {
        vec![format!("refund {n}"), it.amount.to_string(), if it.paid { "paid" } else { "owed" }.to_owned()]
    }));
    let kept = payments.kept(told.order.currency);
    rows.push(vec!["kept".to_owned(), kept.to_string(), String::new()]);
    table("Its money, by the ledger", &["what", "amount", "state"], rows)
}

fn became(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Asked => "asked".to_owned(),
        Outcome::Captured { amount, reference: Some(reference) } => {
            format!("captured {amount} by {reference}")
        }
        Outcome::Captured { amount, reference: None } => format!("captured {amount}"),
        Outcome::Declined { code, reason } => {
            format!("declined: {}", code.as_deref().or(reason.as_deref()).unwrap_or("without a reason"))
        }
    }
}

pub(super) fn payments(world: &World, order: OrderId) -> Table {
    let entries = invariants::payments(world).remove(&order).unwrap_or_default();
    let row = |it: &PaymentEntry| {
        let calls = it.calls.iter().map(|call| {
            let status = call.status.map_or("running".to_owned(), |it| it.to_string());
            format!("{} {status}{}", call.operation, if call.replayed { " again" } else { "" })
        });
        let webhooks = it.webhooks.iter().map(|it| format!("{} {}", it.kind, it.answers.join(" ")));
        vec![
            it.id.clone(),
            it.method.clone().unwrap_or_default(),
            it.status.clone(),
            it.amount.to_string(),
            it.captured.to_string(),
            it.refunded.to_string(),
            calls.collect::<Vec<_>>().join(", "),
            webhooks.collect::<Vec<_>>().join(", "),
        ]
    };
    let columns = ["payment", "method", "state", "amount", "captured", "refunded", "calls", "webhooks"];
    table("Its money, by the payment provider (in minor units)", &columns, entries.iter().map(row).collect())
}

pub(super) fn shipments(world: &World, order: OrderId) -> Table {
    let books = world.platform.outside().shipments(&ALL).expect("the sandbox's memory can be read");
    let named = |it: &Value| it["reference"].as_str().is_some_and(|it| it.contains(&order.to_string()));
    let ours = books.shipments.into_iter().rev().filter(|it| named(&it.shipment));
    let rows = ours.map(|it| {
        let webhooks = it.webhooks.iter().map(|it| format!("{} {}", it.kind, it.answers.join(" ")));
        let text = |name: &str| it.shipment[name].as_str().unwrap_or_default().to_owned();
        vec![text("id"), text("service"), text("status"), webhooks.collect::<Vec<_>>().join(", ")]
    });
    table("Its parcels, by the carrier", &["shipment", "service", "state", "webhooks"], rows.collect())
}

/// The letters in the mailbox that name the order.
pub(super) fn mail(world: &World, watch: &Watch) -> Vec<Entry> {
    let books = world.platform.outside().mail(&ALL).expect("the sandbox's memory can be read");
    let ours = books
        .mail
        .into_iter()
        .filter(|it| watch.is_about(&serde_json::to_vec(it).expect("a letter is JSON")));
    let entries = ours.filter_map(|it| {
        let entry = Entry::now(Lane::World, "mail server", format!("gets \"{}\"", it.subject));
        let entry = Entry { at: it.at.parse().ok()?, ..entry };
        Some(entry.with(format!("to {}", it.recipients.join(", "))).with(it.text))
    });
    entries.collect()
}

fn table(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Table {
    Table { title: title.to_owned(), columns: columns.iter().map(|it| (*it).to_owned()).collect(), rows }
}

//! The stock ledger balances, product by product and order by order, and nothing was oversold at any time.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use penstock_domain::order::{Order, Status};
use penstock_domain::stock::{Balance, Cause, Entry, MovementKind, Totals};
use penstock_domain::{OrderId, ProductId, TenantId};
use penstock_platform::stock::DynamoStock;

use super::{Ledger, Violation};
use crate::faults::aws::AUDITOR;
use crate::run::World;
use crate::workload::promises::Verdict;

const TABLE: &str = "penstock-stock";
const BALANCES: &str = "stock balances";
const OVERSOLD: &str = "nothing is oversold";
const PAGE: u32 = 1_000;

/// What is wrong with the stock.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let client = Client::new(&world.platform.sdk_config(AUDITOR));
    let stock = DynamoStock::new(client, TABLE.to_owned());
    let mut found = vec![];
    for shop in &world.shops {
        let tenant: TenantId = shop.tenant.parse().expect("a tenant");
        for product in &shop.products {
            let product = ProductId::from(*product);
            let entries = movements(&stock, &tenant, product).await;
            found.extend(balanced(&entries, product));
            found.extend(adjusted(world, &shop.tenant, product, &entries));
            found.extend(accounted(ledger, &tenant, product, &entries));
        }
    }
    found
}

/// A product's movements, oldest first.
pub(crate) async fn movements(stock: &DynamoStock, tenant: &TenantId, product: ProductId) -> Vec<Entry> {
    let (mut all, mut before) = (vec![], None);
    loop {
        let page =
            stock.movements(tenant, product, before, PAGE).await.expect("stock can be read in calm weather");
        before = page.items.last().map(|it: &Entry| it.number);
        all.extend(page.items);
        if !page.more {
            all.reverse();
            return all;
        }
    }
}

/// Each movement's balance follows from those before it, and promises nothing that is not there.
fn balanced(entries: &[Entry], product: ProductId) -> Vec<Violation> {
    let (mut totals, mut found) = (Totals::default(), vec![]);
    for (expected, entry) in (1..).zip(entries) {
        totals = totals.after(entry.movement.kind, entry.movement.quantity);
        let after = Balance::of(&totals);
        if entry.number != expected || entry.after != after {
            let what = format!("movement {expected} of {product} is {entry:?} and should leave {after:?}");
            found.push(Violation::new(BALANCES, what));
        }
        if after.available() < 0 || after.reserved < 0 || after.on_hand < 0 {
            found
                .push(Violation::new(OVERSOLD, format!("after movement {expected} {product} has {after:?}")));
        }
    }
    found
}

/// What clients brought in is what came in, and what they counted to be missing is what went, once each.
fn adjusted(world: &World, tenant: &str, product: ProductId, entries: &[Entry]) -> Vec<Violation> {
    let path = format!("/v1/stock/{product}/adjustments");
    let promises = world.promises.all();
    let said = promises.iter().filter(|it| it.tenant == tenant && it.path == path);
    let kinds = [(MovementKind::Received, 1), (MovementKind::Corrected, -1)];
    let wrong = kinds.into_iter().filter_map(|(kind, sign)| {
        let sum = |verdicts: &[Verdict]| -> i64 {
            let these = said.clone().filter(|it| verdicts.contains(&it.verdict));
            these.filter_map(|it| it.body["quantity"].as_i64()).map(|it| (it * sign).max(0)).sum()
        };
        let of_kind = entries.iter().filter(|it| it.movement.kind == kind);
        let moved: i64 = of_kind.map(|it| it.movement.quantity * sign).sum();
        let (least, most) = (sum(&[Verdict::Accepted]), sum(&[Verdict::Accepted, Verdict::Unknown]));
        let what = format!("of {product} {moved} were {kind:?}, where clients said {least} to {most}");
        (moved < least || moved > most).then(|| Violation::new(BALANCES, what))
    });
    wrong.collect()
}

/// For each order, what was reserved was sold or released, and what was sold is what its parcels hold.
fn accounted(ledger: &Ledger, tenant: &TenantId, product: ProductId, entries: &[Entry]) -> Vec<Violation> {
    if entries.is_empty() {
        return vec![];
    }
    let mut moved: BTreeMap<OrderId, BTreeMap<MovementKind, i64>> = BTreeMap::new();
    for entry in entries {
        if let Cause::Order(order) = &entry.movement.cause {
            *moved.entry(*order).or_default().entry(entry.movement.kind).or_default() +=
                entry.movement.quantity;
        }
    }
    let mut found = vec![];
    for ((_, id), told) in ledger.iter().filter(|((of, _), _)| of == tenant) {
        let of = moved.remove(id).unwrap_or_default();
        let moved = |kind| of.get(&kind).copied().unwrap_or_default();
        let (reserved, released, sold) =
            (moved(MovementKind::Reserved), moved(MovementKind::Released), moved(MovementKind::Sold));
        let (wanted, sent) = (wanted(&told.order, product), sent(&told.order, product));
        // A parcel of an order that was called off strays: its goods are given back all the same.
        let called_off = told.ended().status == Status::Cancelled;
        let (sent, keeps) = if called_off { (0, 0) } else { (sent, reserved - sent) };
        let right = sold == sent
            && reserved - released - sold == keeps.max(0)
            && (reserved == 0 || reserved == wanted);
        if !right {
            let what = format!(
                "of {product} {wanted} were wanted, {reserved} reserved, {released} released, {sold} sold, {sent} sent"
            );
            found.push(Violation::of(BALANCES, *id, what));
        }
    }
    let strangers = moved.into_keys();
    found.extend(
        strangers
            .map(|it| Violation::of(BALANCES, it, format!("{product} moved for it, and it is no order"))),
    );
    found
}

fn wanted(order: &Order, product: ProductId) -> i64 {
    order.lines.iter().filter(|it| it.product_id == product).map(|it| i64::from(it.quantity)).sum()
}

/// How many units its parcels hold.
fn sent(order: &Order, product: ProductId) -> i64 {
    let parts = order.fulfilment.parcels.iter().flat_map(|it| &it.parts);
    let of_it =
        parts.filter(|it| order.lines.get(it.line as usize).is_some_and(|line| line.product_id == product));
    of_it.map(|it| i64::from(it.quantity)).sum()
}

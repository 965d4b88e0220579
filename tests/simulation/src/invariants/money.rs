//! The payment provider's books are ours: what was captured is what was sold, what was given back is what was owed, once each.

use std::collections::BTreeMap;

use penstock_domain::OrderId;
use penstock_domain::order::{Order, Outcome, Status};
use penstock_sandbox::{Page, PaymentEntry};

use super::{Ledger, Told, Violation};
use crate::run::World;

const BOOKS: &str = "the provider's books are ours";
const SOLD: &str = "captured is what was sold";
const ONCE: &str = "one authorisation an attempt";
const HELD: &str = "no money is set aside for ever";
/// What the provider says of a payment that is authorised, and neither taken nor let go.
const SET_ASIDE: &str = "requires_capture";

/// What is wrong with the money.
pub(super) fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let books = payments(world);
    let mut found = vec![];
    for ((_, id), told) in ledger {
        let entries = books.get(id).map_or(&[][..], Vec::as_slice);
        let complaints =
            [booked(told, entries), sold(&told.ended()), once(&told.order, entries), held(entries)];
        found.extend(
            complaints.into_iter().flatten().map(|(invariant, what)| Violation::of(invariant, *id, what)),
        );
    }
    let strangers = books.keys().filter(|it| !ledger.keys().any(|(_, order)| order == *it));
    found.extend(
        strangers.map(|it| Violation::new(BOOKS, format!("a payment is for {it}, which is no order"))),
    );
    found
}

/// What the provider has of each order.
pub(crate) fn payments(world: &World) -> BTreeMap<OrderId, Vec<PaymentEntry>> {
    let mut by_order: BTreeMap<OrderId, Vec<PaymentEntry>> = BTreeMap::new();
    let mut before = None;
    loop {
        let page = Page { limit: Some(10_000), before };
        let books = world.platform.outside().payments(&page).expect("the sandbox's memory can be read");
        for entry in books.payments {
            let order = entry.metadata["order"].as_str().and_then(|it| it.parse().ok());
            by_order.entry(order.expect("a payment says for which order it is")).or_default().push(entry);
        }
        before = books.next;
        if before.is_none() {
            return by_order;
        }
    }
}

type Complaint = Option<(&'static str, String)>;

/// Captured and given back there is captured and given back here.
fn booked(told: &Told, entries: &[PaymentEntry]) -> Complaint {
    let theirs: (i64, i64) =
        entries.iter().fold((0, 0), |sum, it| (sum.0 + it.captured, sum.1 + it.refunded));
    let payments = &told.order.payments;
    let captured = payments.attempts.iter().map(|attempt| match &attempt.outcome {
        Outcome::Captured { amount, reference: Some(_) } => amount.minor(),
        _ => 0,
    });
    let strays = payments.strays.iter().map(|(_, amount)| amount.minor());
    let refunded = payments.refunds.iter().filter(|it| it.paid).map(|it| it.amount.minor());
    let ours: (i64, i64) = (captured.chain(strays).sum(), refunded.sum());
    let equal = ours == theirs && theirs.1 <= theirs.0;
    (!equal).then(|| (BOOKS, format!("we have captured and refunded {ours:?}, the provider {theirs:?}")))
}

/// What is kept of an order is what it costs, less what came back or was lost; nothing of one that does not happen.
fn sold(order: &Order) -> Complaint {
    let kept = order.payments.kept(order.currency).minor();
    let total = order.total.minor();
    let right = match order.status {
        Status::Draft | Status::Pending | Status::Cancelled => kept == 0,
        Status::Confirmed
        | Status::Shipped
        | Status::InTransit
        | Status::Delivered
        | Status::ReturnRequested => kept <= total && (kept == total || !order.payments.refunds.is_empty()),
        _ => kept <= total,
    };
    (!right).then(|| (SOLD, format!("it is {}, costs {total}, and {kept} are kept", order.status)))
}

/// There are no more payments than attempts, and each was captured once.
fn once(order: &Order, entries: &[PaymentEntry]) -> Complaint {
    let attempts = order.payments.attempts.len();
    let too_many = entries.len() > attempts;
    let twice = entries.iter().filter(|it| it.captured > 0).count()
        > order.payments.capture().iter().count() + order.payments.strays.len();
    (too_many || twice).then(|| (ONCE, format!("{attempts} attempts made {} payments", entries.len())))
}

/// What is set aside is taken or let go in the end: it is the buyer's money, and of use to nobody.
fn held(entries: &[PaymentEntry]) -> Complaint {
    let held = entries.iter().find(|it| it.status == SET_ASIDE)?;
    Some((HELD, format!("payment {} keeps {} from its buyer", held.id, held.amount)))
}

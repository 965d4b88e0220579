//! Each order's history is gapless, goes by legal transitions, says of itself what it folds to, and ends where it should.

use std::str::FromStr as _;

use aws_sdk_dynamodb::Client;
use penstock_application::ledger::{Commit, Ledger as _};
use penstock_domain::order::{Event, Order, Status, Summary, TRANSITIONS};
use penstock_domain::{OrderId, TenantId};
use penstock_platform::ledger::DynamoLedger;

use super::{Ledger, Told, Violation};
use crate::faults::aws::AUDITOR;
use crate::run::World;

const TABLE: &str = "penstock-orders";
const GAPLESS: &str = "histories are gapless";
const LEGAL: &str = "histories are legal";
const ENDS: &str = "no order is stuck";

/// Everything in the ledger.
pub(super) async fn read(world: &World, found: &mut Vec<Violation>) -> Ledger {
    let client = Client::new(&world.platform.sdk_config(AUDITOR));
    let ledger = DynamoLedger::new(client.clone(), TABLE.to_owned());
    let mut all = Ledger::new();
    for (tenant, order) in orders(&client).await {
        let commits = ledger.read(&tenant, order).await.expect("the ledger can be read in calm weather");
        let events: Vec<Event> = commits.iter().flat_map(|it| it.events.clone()).collect();
        match Order::fold(&events) {
            Some(folded) => drop(all.insert((tenant, order), Told { commits, events, order: folded })),
            None => found.push(Violation::of(GAPLESS, order, "does not begin with a creation")),
        }
    }
    all
}

/// The keys of the orders, which the whole table is scanned for.
async fn orders(client: &Client) -> Vec<(TenantId, OrderId)> {
    let scan = client.scan().table_name(TABLE).projection_expression("pk");
    let mut pages = scan.into_paginator().send();
    let mut found = vec![];
    while let Some(page) = pages.next().await {
        for item in page.expect("the ledger can be scanned in calm weather").items() {
            let key = item["pk"].as_s().expect("a partition is text");
            let (tenant, order) = key.split_once('#').expect("a partition begins with its tenant");
            found.push((tenant.parse().expect("a tenant"), OrderId::from_str(order).expect("an order")));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What is wrong with them.
pub(super) fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut found = vec![];
    for ((tenant, order), told) in ledger {
        let complaints = numbered(&told.commits).into_iter().map(|it| (GAPLESS, it));
        let complaints = complaints.chain(legal(&told.events).into_iter().map(|it| (LEGAL, it)));
        let itself = world.shops.iter().any(|it| it.tenant == tenant.as_str() && it.ships_itself);
        let complaints = complaints.chain(ended(&told.order, itself).into_iter().map(|it| (ENDS, it)));
        found.extend(complaints.map(|(invariant, what)| Violation::of(invariant, *order, what)));
    }
    found
}

/// Commits are numbered from one, and say the number of their first event and what the order folds to.
fn numbered(commits: &[Commit]) -> Vec<String> {
    let (mut wrong, mut events) = (vec![], Vec::new());
    for (expected, commit) in (1..).zip(commits) {
        let first = events.len() + 1;
        events.extend(commit.events.clone());
        if commit.number != expected {
            wrong.push(format!("commit {expected} is numbered {}", commit.number));
        }
        let Some(head) = &commit.head else { continue };
        if head.first_sequence as usize != first {
            wrong.push(format!("commit {expected} begins with event {}, not {first}", head.first_sequence));
        }
        let folded = Order::fold(&events).map(|it| Summary::of(&it));
        if folded.as_ref() != Some(&head.summary) {
            wrong.push(format!("commit {expected} says {:?} and folds to {folded:?}", head.summary));
        }
    }
    wrong
}

/// Each event leaves the status, or moves it along the table.
fn legal(events: &[Event]) -> Vec<String> {
    let status = |upto: usize| Order::fold(&events[..upto]).map(|it| it.status);
    let moves = (1..=events.len()).filter_map(|at| {
        let (before, after) = (status(at - 1)?, status(at)?);
        let known = before == after || TRANSITIONS.iter().any(|it| (it.0, it.2) == (before, after));
        (!known).then(|| format!("event {at} leads from {before} to {after}"))
    });
    moves.collect()
}

/// At rest an order waits for nobody but its buyer or its shop.
fn ended(order: &Order, ships_itself: bool) -> Option<String> {
    let by_the_shop = [Status::Confirmed, Status::Shipped, Status::InTransit];
    let rests = match order.status {
        Status::Draft | Status::Cancelled | Status::Delivered | Status::ReturnRequested => true,
        Status::Refunded | Status::Archived => true,
        status => ships_itself && by_the_shop.contains(&status),
    };
    if !rests {
        return Some(format!("it is {} for ever", order.status));
    }
    (!order.payments.settled()).then(|| "it owes a refund for ever".to_owned())
}

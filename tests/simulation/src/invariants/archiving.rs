//! What ended long enough ago is archived and can still be read; what has expired is gone.

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};
use penstock_application::archiving;
use penstock_domain::order::{Status, Summary};

use super::{Ledger, Violation};
use crate::faults::aws::AUDITOR;
use crate::run::World;
use crate::workload::client::Client as Caller;

const ARCHIVED: &str = "what ended long ago is archived";
const READABLE: &str = "what is archived can be read";
const EXPIRED: &str = "what has expired is gone";
/// The schedule comes every hour.
const LATEST: SignedDuration = SignedDuration::from_hours(2);
/// The table whose items expire, and the attribute that says when.
const EXPIRING: (&str, &str) = ("penstock-webhooks", "expires");
/// How long what has expired may be there.
const SWEPT_WITHIN_SECONDS: i64 = 60;
/// How many archived orders are read.
const READ_MAX: usize = 10;

/// What is wrong with what is put away.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut found = left(ledger);
    let archived = ledger.iter().filter(|(_, told)| told.order.status == Status::Archived);
    for ((tenant, order), told) in archived.take(READ_MAX) {
        let caller = Caller::new("auditor", tenant.as_str(), &world.platform, &world.storm, &world.promises);
        let shown = caller.get(&format!("/v1/orders/{order}")).await;
        let history = caller.get(&format!("/v1/orders/{order}/events")).await;
        let events = history.body["events"].as_array().map_or(0, Vec::len);
        if shown.body["status"] != "ARCHIVED" || events != told.events.len() {
            let what = format!("it is shown as {shown:?}, with {events} of {} events", told.events.len());
            found.push(Violation::of(READABLE, *order, what));
        }
    }
    found.extend(expired(world).await);
    found
}

/// Orders that ended long ago, and were left.
fn left(ledger: &Ledger) -> Vec<Violation> {
    let latest = Timestamp::now() - LATEST;
    let due = ledger.iter().filter_map(|((_, order), told)| {
        let due = archiving::due(&Summary::of(&told.order)).filter(|due| *due < latest)?;
        Some(Violation::of(ARCHIVED, *order, format!("it is {}, and was due at {due}", told.order.status)))
    });
    due.collect()
}

async fn expired(world: &World) -> Vec<Violation> {
    let (table, attribute) = EXPIRING;
    let client = Client::new(&world.platform.sdk_config(AUDITOR));
    let mut pages = client.scan().table_name(table).into_paginator().send();
    let (latest, mut found) = (Timestamp::now().as_second() - SWEPT_WITHIN_SECONDS, vec![]);
    while let Some(page) = pages.next().await {
        for item in page.expect("a table can be scanned in calm weather").items() {
            let expires = item.get(attribute).and_then(|it| it.as_n().ok()?.parse::<i64>().ok());
            if expires.is_some_and(|it| it < latest) {
                found.push(Violation::new(EXPIRED, format!("{table} has {item:?}")));
            }
        }
    }
    found
}

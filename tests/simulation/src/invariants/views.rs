//! The read model is what the events fold to, and the archive has every event once.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use penstock_domain::order::Summary;
use serde_json::Value;

use super::{Ledger, Violation};
use crate::faults::aws::AUDITOR;
use crate::run::World;
use crate::workload::client::Client as Caller;

const VIEWS: &str = "views are the fold of events";
const ARCHIVE: &str = "every event is archived once";
/// What the name of the archive's bucket says.
const BUCKET: &str = "-archive-";

/// What is wrong with what is read.
pub(super) async fn judge(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut found = viewed(world, ledger).await;
    found.extend(archived(world, ledger).await);
    found
}

async fn viewed(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut listed = BTreeMap::new();
    for shop in &world.shops {
        for order in list(world, &shop.tenant).await {
            listed.insert((shop.tenant.clone(), text(&order["orderId"])), order);
        }
    }
    let mut found = vec![];
    for ((tenant, id), told) in ledger {
        let Some(shown) = listed.remove(&(tenant.to_string(), id.to_string())) else {
            found.push(Violation::of(VIEWS, *id, "it is in no list"));
            continue;
        };
        let summary = serde_json::to_value(Summary::of(&told.order)).expect("a summary is JSON");
        let version = told.commits.len();
        let same = shown["status"] == summary["status"] && shown["fulfilment"] == summary["fulfilment"];
        if !same || shown["version"] != version {
            let what = format!("version {version} is {summary}, and listed as {shown}");
            found.push(Violation::of(VIEWS, *id, what));
        }
    }
    found.extend(
        listed
            .into_keys()
            .map(|(tenant, id)| Violation::new(VIEWS, format!("{tenant} lists {id}, which is no order"))),
    );
    found
}

async fn list(world: &World, tenant: &str) -> Vec<Value> {
    let caller = Caller::new("auditor", tenant, &world.platform, &world.storm, &world.promises);
    let (mut all, mut cursor) = (vec![], String::new());
    loop {
        let page = caller.get(&format!("/v1/orders?limit=100{cursor}")).await.body;
        all.extend(page["orders"].as_array().cloned().unwrap_or_default());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn archived(world: &World, ledger: &Ledger) -> Vec<Violation> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for id in archive(world).await {
        *counts.entry(id).or_default() += 1;
    }
    let mut found = vec![];
    for ((tenant, order), told) in ledger {
        for sequence in 1..=told.events.len() {
            match counts.remove(&format!("{tenant}/{order}/{sequence}")) {
                Some(1) => {}
                count => {
                    let what = format!("event {sequence} is archived {} times", count.unwrap_or_default());
                    found.push(Violation::of(ARCHIVE, *order, what));
                }
            }
        }
    }
    found.extend(
        counts.into_keys().map(|it| Violation::new(ARCHIVE, format!("{it} is archived, and never happened"))),
    );
    found
}

/// The ids of all archived events.
async fn archive(world: &World) -> Vec<String> {
    let s3 = Client::new(&world.platform.sdk_config(AUDITOR));
    let buckets = s3.list_buckets().send().await.expect("S3 answers in calm weather");
    let mut names = buckets.buckets().iter().filter_map(|it| it.name());
    let bucket = names.find(|it| it.contains(BUCKET)).expect("there is an archive").to_owned();
    let mut pages = s3.list_objects_v2().bucket(&bucket).into_paginator().send();
    let mut ids = vec![];
    while let Some(page) = pages.next().await {
        for key in page.expect("S3 lists in calm weather").contents().iter().filter_map(|it| it.key()) {
            let object = s3.get_object().bucket(&bucket).key(key).send().await.expect("an object is there");
            let bytes = object.body.collect().await.expect("an object can be read").into_bytes();
            let lines = bytes.split(|it| *it == b'\n').filter(|it| !it.is_empty());
            ids.extend(
                lines.map(|line| text(&serde_json::from_slice::<Value>(line).unwrap_or_default()["id"])),
            );
        }
    }
    ids
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

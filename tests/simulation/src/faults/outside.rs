//! Faults of the world: companies that are down, deployments in the middle, nonsense in a queue, and operators who redrive it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use penstock_local::Platform;
use penstock_sandbox::Service;
use serde_json::json;
use tokio::task::JoinSet;

use super::Storm;
use super::aws::AUDITOR;
use crate::journal::WORLD;
use crate::workload::client::Client;
use crate::workload::promises::Promises;

/// How often it is decided anew.
const TURN: Duration = Duration::from_secs(10);
/// What a poisoned message says, in whatever a dead letter wraps it.
pub const POISON_MARK: &str = "poisoned on purpose";
/// A poisoned message.
const POISON: &str = r#"{"this":"poisoned on purpose"}"#;
/// The queues it gets into.
const POISONED: [&str; 5] = ["checkout", "stock", "payments", "shipping", "notifications"];

/// Takes companies down and up again, deploys, poisons and redrives until the storm is over; then all are up.
pub async fn rage(storm: Arc<Storm>, platform: Arc<Platform>, deployments: Arc<AtomicU64>) {
    let dice = storm.dice("outside");
    let a_turn = |a_minute: f64| a_minute * TURN.as_secs_f64() / 60.0;
    let mut operators = JoinSet::new();
    while !storm.is_over() {
        tokio::time::sleep(TURN).await;
        for (service, kind) in [
            (Service::Payments, "the payment provider is down"),
            (Service::Carrier, "the carrier is down"),
            (Service::Mail, "the mail server is down"),
        ] {
            if storm.strikes(&dice, kind, a_turn(storm.weather.down)) {
                let lasts = dice.span(1_000..600_000);
                tokio::spawn(down(Arc::clone(&storm), Arc::clone(&platform), service, lasts));
            }
        }
        if storm.strikes(&dice, "a deployment", a_turn(storm.weather.deployment)) {
            deployments.fetch_add(1, Ordering::SeqCst);
            storm.journal.say(WORLD, "a deployment replaces all environments");
        }
        if storm.strikes(&dice, "a message is poisoned", a_turn(storm.weather.poison)) {
            poison(&storm, &platform, dice.pick::<&str>(&POISONED)).await;
        }
        if storm.strikes(&dice, "an operator redrives", a_turn(storm.weather.redrive)) {
            let promises = Arc::new(Promises::default());
            let name = format!("operator {}", dice.below(1_000_000));
            let client = Client::new(&name, "alder", &platform, &storm, &promises).operating();
            operators.spawn(redrive(client));
        }
    }
    while operators.join_next().await.is_some() {}
}

async fn poison(storm: &Storm, platform: &Platform, name: &str) {
    let queue = format!("penstock-{name}");
    storm.journal.say("an operator", format!("poisons {queue}"));
    let sqs = aws_sdk_sqs::Client::new(&platform.sdk_config(AUDITOR));
    let sent = sqs.send_message().queue_url(platform.queues().url(&queue)).message_body(POISON).send().await;
    sent.expect("the embedded SQS takes a message");
}

/// An operator sends the dead letters of a queue back to it, whatever else is going on.
async fn redrive(operator: Client) {
    let queues = operator.get("/v1/dead-letters").await.body;
    let waiting = queues["queues"].as_array().into_iter().flatten().filter(|it| it["deadLetters"] != 0);
    let names: Vec<&str> = waiting.filter_map(|it| it["queue"].as_str()).collect();
    if !names.is_empty() {
        let path = format!("/v1/dead-letters/{}/redrive", *operator.dice.pick(&names));
        operator.command(Method::POST, &path, None, &json!({})).await;
    }
}

async fn down(storm: Arc<Storm>, platform: Arc<Platform>, service: Service, lasts: Duration) {
    storm.journal.say(WORLD, format!("{service:?} is down for {} s", lasts.as_secs()));
    platform.outside().set_down(service, true).expect("the sandbox's memory takes a write");
    let end = tokio::time::Instant::now() + lasts;
    while tokio::time::Instant::now() < end && !storm.is_over() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    platform.outside().set_down(service, false).expect("the sandbox's memory takes a write");
    storm.journal.say(WORLD, format!("{service:?} is up"));
}

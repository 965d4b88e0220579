//! Faults of the world: companies that are down, deployments in the middle, and nonsense in a queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use penstock_local::Platform;
use penstock_sandbox::Service;

use super::Storm;
use super::aws::AUDITOR;

/// How often it is decided anew.
const TURN: Duration = Duration::from_secs(10);
/// What a poisoned message says, in whatever a dead letter wraps it.
pub const POISON_MARK: &str = "poisoned on purpose";
/// A poisoned message.
const POISON: &str = r#"{"this":"poisoned on purpose"}"#;
/// The queues it gets into.
const POISONED: [&str; 5] = ["checkout", "stock", "payments", "shipping", "notifications"];

/// Takes companies down and up again until the storm is over; then all are up.
pub async fn rage(storm: Arc<Storm>, platform: Arc<Platform>, deployments: Arc<AtomicU64>) {
    let dice = storm.dice("outside");
    let a_turn = |a_minute: f64| a_minute * TURN.as_secs_f64() / 60.0;
    while !storm.is_over() {
        tokio::time::sleep(TURN).await;
        for (service, kind) in [
            (Service::Payments, "the payment provider is down"),
            (Service::Carrier, "the carrier is down"),
            (Service::Mail, "the mail server is down"),
        ] {
            if storm.strikes(&dice, kind, a_turn(storm.weather.down)) {
                tokio::spawn(down(
                    Arc::clone(&storm),
                    Arc::clone(&platform),
                    service,
                    dice.span(1_000..600_000),
                ));
            }
        }
        if storm.strikes(&dice, "a deployment", a_turn(storm.weather.deployment)) {
            deployments.fetch_add(1, Ordering::SeqCst);
        }
        if storm.strikes(&dice, "a message is poisoned", a_turn(storm.weather.poison)) {
            let queue = format!("penstock-{}", dice.pick(&POISONED));
            storm.journal.say("an operator", format!("poisons {queue}"));
            let sqs = aws_sdk_sqs::Client::new(&platform.sdk_config(AUDITOR));
            let sent =
                sqs.send_message().queue_url(platform.queues().url(&queue)).message_body(POISON).send().await;
            sent.expect("the embedded SQS takes a message");
        }
    }
}

async fn down(storm: Arc<Storm>, platform: Arc<Platform>, service: Service, lasts: Duration) {
    storm.journal.say("the world", format!("{service:?} is down for {} s", lasts.as_secs()));
    platform.outside().set_down(service, true).expect("the sandbox's memory takes a write");
    let end = tokio::time::Instant::now() + lasts;
    while tokio::time::Instant::now() < end && !storm.is_over() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    platform.outside().set_down(service, false).expect("the sandbox's memory takes a write");
    storm.journal.say("the world", format!("{service:?} is up"));
}

//! Schedules: invokes a function at the times of an expression. What was missed while nothing ran is not made up.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::functions::Functions;
use crate::template::{ACCOUNT, REGION, Schedule, ScheduleService};

/// Where the time comes from, and how to wait for it.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Waits until it is that time.
    fn until(&self, time: Timestamp) -> BoxFuture<'static, ()>;
}

/// The time of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct WallClock;

/// A machine that slept wakes up to the right time within a minute.
const NAP_MAX: Duration = Duration::from_mins(1);
/// Lambda invokes again after a failure of what nobody waits for: after one minute, and after two more.
const RETRIES: [Duration; 2] = [Duration::from_mins(1), Duration::from_mins(2)];

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        async move {
            while let Ok(left) = Duration::try_from(time.duration_since(Timestamp::now())) {
                if left.is_zero() {
                    return;
                }
                tokio::time::sleep(left.min(NAP_MAX)).await;
            }
        }
        .boxed()
    }
}

/// Invokes by the schedule until it is told to stop.
pub(super) async fn run(
    schedule: Schedule,
    functions: Functions,
    clock: Arc<dyn Clock>,
    mut stop: watch::Receiver<bool>,
) {
    let mut due = schedule.expression.next(clock.now());
    while let Some(time) = due {
        tokio::select! {
            () = clock.until(time) => {}
            // It fails when the platform was dropped, which stops it too.
            _ = stop.wait_for(|it| *it) => return,
        }
        let payload = payload(&schedule, time);
        tokio::spawn(invoke(schedule.clone(), functions.clone(), payload, stop.clone()));
        // What was due while the machine slept is over: the next time is counted from when it woke.
        let missed = schedule.expression.next(time).is_none_or(|next| next <= clock.now());
        due = schedule.expression.next(if missed { clock.now() } else { time });
    }
}

/// Invokes, and invokes again when it failed, as Lambda does when nobody waits for the answer.
async fn invoke(schedule: Schedule, functions: Functions, payload: Vec<u8>, mut stop: watch::Receiver<bool>) {
    let request_id = uuid::Uuid::new_v4().to_string();
    for pause in RETRIES.into_iter().map(Some).chain([None]) {
        let answer = functions.invoke(&schedule.function, payload.clone(), request_id.clone()).await;
        let Err(failure) = answer else { return };
        let (kind, error) = (failure.kind(), failure.message());
        tracing::error!(schedule = schedule.name, request_id, kind, error, "a scheduled invocation failed");
        tokio::select! {
            () = tokio::time::sleep(pause.unwrap_or_default()) => {}
            _ = stop.wait_for(|it| *it) => return,
        }
    }
}

/// What the function is invoked with: the schedule's input, or an event that says the time.
fn payload(schedule: &Schedule, time: Timestamp) -> Vec<u8> {
    match &schedule.input {
        // What is no JSON is handed over as a text.
        Some(input) => match serde_json::from_str::<Value>(input) {
            Ok(_) => input.clone().into_bytes(),
            Err(_) => Value::from(input.as_str()).to_string().into_bytes(),
        },
        None => event(schedule, time).to_string().into_bytes(),
    }
}

fn event(schedule: &Schedule, time: Timestamp) -> Value {
    let name = &schedule.name;
    let (source, resource, detail) = match schedule.service {
        ScheduleService::Rule => {
            ("aws.events", format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"), json!({}))
        }
        ScheduleService::Scheduler => (
            "aws.scheduler",
            format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"),
            json!("{}"),
        ),
    };
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": ACCOUNT,
        "time": format!("{time:.0}"),
        "region": REGION,
        "resources": [resource],
        "detail": detail,
    })
}

#[cfg(test)]
mod tests;

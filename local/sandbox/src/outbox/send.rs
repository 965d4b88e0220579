//! One sending of one webhook.

use std::time::Duration;

use http::header::CONTENT_TYPE;

use super::rows::{Waiting, answered};
use super::{Sender, sign};
use crate::world::{World, millis};

/// The longest time between two sendings.
const PAUSE_MAX: Duration = Duration::from_mins(5);
/// After so long nobody will answer any more.
const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);

/// Sends it and writes down how it went; its id.
pub(super) async fn send(world: &World, sender: Sender, hook: Waiting) -> i64 {
    let (answer, delivered) = attempt(world, sender, &hook).await;
    let now_ms = world.now_ms();
    let pause = world.timing.again.saturating_mul(1 << hook.attempts.min(16)).min(PAUSE_MAX);
    let alive = now_ms < hook.created_ms + millis(GIVEN_UP_AFTER);
    let again_ms = (!delivered && alive).then(|| now_ms + millis(pause));
    let written = world.store.write(|db| answered(db, hook.id, (&answer, delivered), again_ms));
    if let Err(error) = written {
        tracing::error!(
            error = error.to_string(),
            "the answer to a webhook cannot be written down; it is sent again"
        );
    }
    hook.id
}

/// The answer's status, or why there was none; and whether it was taken.
async fn attempt(world: &World, sender: Sender, hook: &Waiting) -> (String, bool) {
    let Some(url) = world.outbox(sender).url() else { return ("nowhere to send it".to_owned(), false) };
    let headers = match sender {
        Sender::Payments => sign::stripe(&world.payment_secrets, &hook.body, world.now()),
        Sender::Carrier => sign::standard(&world.carrier_signer, &hook.event, &hook.body, world.now()),
    };
    let mut request = world.client.post(url).header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.body(hook.body.clone()).send().await {
        Ok(answer) => (answer.status().as_u16().to_string(), answer.status().is_success()),
        Err(error) if error.is_timeout() => ("no answer in time".to_owned(), false),
        Err(error) => (error.without_url().to_string(), false),
    }
}

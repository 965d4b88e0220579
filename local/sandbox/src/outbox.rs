//! Webhooks on their way: written in the transaction that causes them, sent until they are answered with 2xx.

pub(crate) mod book;
mod rows;
mod send;
mod sign;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::Notify;

use crate::server::stopped;
use crate::world::World;
use rows::Waiting;
pub(crate) use rows::{Hook, SCHEMA, enqueue, events_about, forget};

/// How many webhooks of a sender are on their way at once.
const AT_ONCE: usize = 16;
/// How long an answer waits for its webhook to be sent before it.
const FIRST_MAX: Duration = Duration::from_secs(20);

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    Payments,
    Carrier,
}

impl Sender {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Carrier => "carrier",
        }
    }
}

/// Where a sender's webhooks go, and who waits for them.
pub(crate) struct Outbox {
    url: Mutex<Option<String>>,
    /// Something may be due.
    woken: Notify,
    /// Something was answered, or could not be sent.
    tried: Notify,
}

impl Outbox {
    pub(crate) fn new(url: Option<String>) -> Self {
        Self { url: Mutex::new(url), woken: Notify::new(), tried: Notify::new() }
    }

    pub(crate) fn url(&self) -> Option<String> {
        self.url.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_url(&self, url: &str) {
        *self.url.lock().unwrap_or_else(PoisonError::into_inner) = Some(url.to_owned());
        self.wake();
    }

    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }
}

/// Sends what is due until the world stops. What is on its way then is sent again after the next start.
pub(crate) async fn deliver(world: Arc<World>, sender: Sender) {
    let mut flying = FuturesUnordered::new();
    let mut busy = HashSet::new();
    loop {
        let now_ms = world.now_ms();
        for hook in due(&world, sender, now_ms, &busy) {
            busy.insert(hook.id);
            flying.push(send::send(&world, sender, hook));
        }
        tokio::select! {
            Some(id) = flying.next() => {
                busy.remove(&id);
                world.outbox(sender).tried.notify_waiters();
            }
            () = something_due(&world, sender, now_ms), if busy.len() < AT_ONCE => {}
            () = stopped(world.stopping.clone()) => return,
        }
    }
}

fn due(world: &World, sender: Sender, now_ms: i64, busy: &HashSet<i64>) -> Vec<Waiting> {
    if world.outbox(sender).url().is_none() {
        return vec![];
    }
    let found = world.store.read(|db| rows::due(db, sender, now_ms, AT_ONCE + busy.len()));
    let mut found = found.unwrap_or_else(|error| {
        tracing::error!(error = error.to_string(), "webhooks cannot be read");
        vec![]
    });
    found.retain(|it| !busy.contains(&it.id));
    found.truncate(AT_ONCE - busy.len());
    found
}

/// Until something new is there, or the time may have come of something that was not due at `seen_ms`: what was is on its way.
async fn something_due(world: &World, sender: Sender, seen_ms: i64) {
    let outbox = world.outbox(sender);
    let woken = outbox.woken.notified();
    if outbox.url().is_none() {
        return woken.await;
    }
    let look = world.timing.look;
    let nap = match world.store.read(|db| rows::next(db, sender, seen_ms)) {
        Ok(None) => return woken.await,
        Ok(Some(next_ms)) => {
            Duration::from_millis(u64::try_from(next_ms - world.now_ms()).unwrap_or_default())
        }
        Err(_) => look,
    };
    let _woken_or_time = tokio::time::timeout(nap.min(look), woken).await;
}

/// Waits until every webhook about `subject` was tried once, though not for ever, nor without a URL.
pub(crate) async fn tried(world: &World, sender: Sender, subject: &str) {
    let outbox = world.outbox(sender);
    let all_tried = async {
        loop {
            let more = outbox.tried.notified();
            let untried = world.store.read(|db| rows::untried(db, sender, subject));
            if !untried.unwrap_or_default() {
                return;
            }
            more.await;
        }
    };
    if outbox.url().is_some() && tokio::time::timeout(FIRST_MAX, all_tried).await.is_err() {
        tracing::warn!(subject, "an answer did not wait any longer for its webhook");
    }
}

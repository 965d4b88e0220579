//! Embedded SQS: standard queues on one SQLite file, with the semantics of AWS.
//!
//! Messages, receive counts and move tasks are rows; what is counted is kept as counters beside them, so nothing here
//! costs more in a queue of a million messages than in an empty one. SQLite writes ahead to a log without waiting for
//! the disk: what was answered survives `kill -9`, but not the machine losing power.
//!
//! FIFO queues, encryption and queue policies are not here; a FIFO queue is refused. A queue that was deleted may be
//! created again at once, where AWS wants a minute between.

mod attributes;
mod batch;
mod error;
mod message;
mod moves;
mod queues;
mod receipts;
mod receive;
mod send;
mod state;
mod store;
mod sweep;
mod wire;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rusqlite::Connection;
use tokio::sync::{Notify, watch};

use super::checkpointer::Checkpointer;
use super::service::{Service, ServiceReply, ServiceRequest};
use crate::template::{self, ACCOUNT, REGION};
pub use error::SqsError;
pub use message::{Attribute, Message, Outgoing, Sent};
use state::State;

/// Where the time comes from; tests move it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The time of the machine.
#[must_use]
pub fn wall_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// An embedded SQS. Queues go by their names; the wire takes URLs.
#[derive(Clone)]
pub struct Sqs {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    /// `None` in memory.
    checkpointer: Option<Checkpointer>,
    /// What a queue's URL begins with: scheme, host and port.
    url: String,
    clock: Clock,
    /// Whether receives wait no longer.
    stopped: watch::Sender<bool>,
}

/// How many messages a queue has, and how old the oldest is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Can be received now.
    pub visible: u64,
    /// Were received, and are neither deleted nor visible again.
    pub in_flight: u64,
    /// Were sent with a delay that is not over.
    pub delayed: u64,
    /// The age of the oldest message that was not deleted.
    pub oldest: Option<Duration>,
}

/// At most so many messages in one receive, send or delete over the wire.
pub const BATCH_MAX: usize = 10;
/// At most so many bytes in a message, and in a batch of them together.
pub const SIZE_MAX_BYTES: usize = 1024 * 1024;

impl Sqs {
    /// Queues in memory, gone with the last clone. Their URLs begin with `url`, e.g. `http://127.0.0.1:4566`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn memory(url: &str, clock: Clock) -> Result<Self, SqsError> {
        Self::on(Connection::open_in_memory()?, None, url, clock)
    }

    /// Queues in a file, created if missing. Unfinished move tasks and deletions go on.
    ///
    /// # Errors
    /// When the file cannot be opened, or is none of ours.
    pub fn open(file: &Path, url: &str, clock: Clock) -> Result<Self, SqsError> {
        let state = Connection::open(file)?;
        store::write_ahead(&state)?;
        Self::on(state, Some(Checkpointer::start(file)?), url, clock)
    }

    fn on(
        db: Connection,
        checkpointer: Option<Checkpointer>,
        url: &str,
        clock: Clock,
    ) -> Result<Self, SqsError> {
        let state = State::load(db)?;
        let (state, url, stopped) = (Mutex::new(state), url.to_owned(), watch::Sender::new(false));
        let sqs = Self { inner: Arc::new(Inner { state, checkpointer, url, clock, stopped }) };
        sqs.resume()?;
        Ok(sqs)
    }

    /// Creates the queues of a template, and gives those that are there the template's attributes.
    ///
    /// # Errors
    /// When an attribute makes no sense; the error names the queue.
    pub fn create_queues(&self, queues: &[template::Queue]) -> Result<(), SqsError> {
        queues::create_declared(self, queues)
    }

    /// Sends messages. Each succeeds or fails by itself, in their order.
    ///
    /// # Errors
    /// When there is no such queue, or the file fails.
    pub fn send_batch(
        &self,
        queue: &str,
        messages: Vec<Outgoing>,
    ) -> Result<Vec<Result<Sent, SqsError>>, SqsError> {
        send::send(self, queue, messages)
    }

    /// Receives up to `max` messages, and waits up to `wait` for the first. They are invisible to others for
    /// `visibility`, else for as long as the queue says.
    ///
    /// # Errors
    /// When there is no such queue, too many messages are in flight, or the file fails.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Result<Vec<Message>, SqsError> {
        receive::receive(self, queue, max, wait, visibility).await
    }

    /// From now on receives answer at once, those that wait for a message included: the platform stops.
    pub fn stop_waiting(&self) {
        self.inner.stopped.send_replace(true);
    }

    /// Deletes messages by their receipt handles, each by itself. A handle that another receive made stale deletes
    /// nothing, and is no error.
    ///
    /// # Errors
    /// When there is no such queue, or the file fails.
    pub fn delete_batch(
        &self,
        queue: &str,
        handles: &[String],
    ) -> Result<Vec<Result<(), SqsError>>, SqsError> {
        receipts::delete(self, queue, handles)
    }

    /// Makes a message that is in flight visible after `timeout` from now; at once when that is zero.
    ///
    /// # Errors
    /// When there is no such queue, the message is not in flight by that handle, or it would be so for more than 12 hours.
    pub fn change_visibility(&self, queue: &str, handle: &str, timeout: Duration) -> Result<(), SqsError> {
        receipts::change_visibility(self, queue, handle, timeout)
    }

    /// Is notified after everything that can make a message receivable: a send, a change, an earlier end of a delay.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn changed(&self, queue: &str) -> Result<Arc<Notify>, SqsError> {
        Ok(Arc::clone(&self.state().queue(queue)?.changed))
    }

    /// What is in a queue.
    ///
    /// # Errors
    /// When there is no such queue, or the file fails.
    pub fn counts(&self, queue: &str) -> Result<Counts, SqsError> {
        queues::counts(self, queue)
    }

    /// Whether there is a queue of that name.
    #[must_use]
    pub fn contains(&self, queue: &str) -> bool {
        self.state().queue(queue).is_ok()
    }

    /// The URL of a queue.
    #[must_use]
    pub fn url(&self, queue: &str) -> String {
        format!("{}/{ACCOUNT}/{queue}", self.inner.url)
    }

    /// To be said after every commit.
    fn written(&self) {
        self.inner.checkpointer.iter().for_each(Checkpointer::written);
    }

    fn now(&self) -> i64 {
        (self.inner.clock)().as_millisecond()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(|poisoned| {
            // An operation panicked half way. Its transaction rolled back when it was dropped; counters may not fit.
            let mut state = poisoned.into_inner();
            if let Err(error) = state.reload() {
                tracing::error!(error = error.to_string(), "the queues cannot be read again after a crash");
            }
            self.inner.state.clear_poison();
            state
        })
    }
}

/// The ARN of a queue.
#[must_use]
pub fn queue_arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

/// The name of the queue in an ARN of one, or in a URL.
#[must_use]
pub fn queue_name(arn_or_url: &str) -> &str {
    arn_or_url.rsplit([':', '/']).next().unwrap_or(arn_or_url)
}

impl Service for Sqs {
    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply> {
        async move { wire::answer(self, &request).await }.boxed()
    }
}

#[cfg(test)]
mod tests;

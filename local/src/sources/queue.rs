//! Event source mappings of queues: receives messages, hands them to a function, deletes those it took.
//!
//! What the function did not take comes back by itself when its visibility timeout is over, and goes to the dead-letter
//! queue when it came back too often: both are the queue's doing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::filter::passes;
use super::message::{Event, failed, record, to_filter};
use super::pollers::{Poller, Pollers};
use crate::aws::sqs::{BATCH_MAX, Message, Sqs, SqsError};
use crate::functions::{Functions, PAYLOAD_MAX_BYTES};
use crate::handler::Failure;
use crate::template::QueueMapping;

/// How long one receive waits for a message. It wakes at once when there is one, so that an empty queue costs nothing; who asks AWS
/// waits for 20 seconds at most.
const LONG_POLL: Duration = Duration::from_hours(1);
/// The pause after a receive within a window that found less than it asked for, so that the next finds more.
const WINDOW_STEP: Duration = Duration::from_millis(20);
/// The pause after the queue itself failed.
const QUEUE_PAUSE: Duration = Duration::from_secs(1);
/// What a payload has besides its records.
const ENVELOPE_BYTES: usize = 64;
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// A running mapping.
pub(super) struct Reader {
    sqs: Sqs,
    pollers: Pollers,
    delivery: Arc<Delivery>,
    stop: watch::Receiver<bool>,
}

/// What hands a mapping's batches over.
struct Delivery {
    sqs: Sqs,
    functions: Functions,
    mapping: QueueMapping,
    visibility: Duration,
    stop: watch::Receiver<bool>,
}

/// A message on its way to the function.
struct Parcel {
    message: Message,
    record: Box<RawValue>,
}

/// How an invocation ended for the pollers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    /// It failed, so that fewer should run at once.
    BackOff,
}

impl Reader {
    /// A mapping whose queue keeps received messages from others for `visibility`.
    pub(super) fn new(
        sqs: &Sqs,
        functions: &Functions,
        mapping: QueueMapping,
        visibility: Duration,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let pollers = Pollers::new(mapping.concurrency_max);
        let (functions, stop) = (functions.clone(), stop.clone());
        let delivery =
            Arc::new(Delivery { sqs: sqs.clone(), functions, mapping, visibility, stop: stop.clone() });
        Self { sqs: sqs.clone(), pollers, delivery, stop }
    }

    /// Delivers until it is told to stop, and what it has begun after that.
    pub(super) async fn run(mut self) {
        let mut deliveries = JoinSet::new();
        // `has_changed` fails when the platform was dropped instead of stopped.
        while !*self.stop.borrow() && self.stop.has_changed().is_ok() {
            let Some(poller) = self.free_poller().await else { break };
            let (batch, received) = match self.collect().await {
                Ok((batch, _)) if batch.is_empty() => continue,
                Ok(collected) => collected,
                Err(error) => {
                    self.pause_after(&error).await;
                    continue;
                }
            };
            if batch.len() >= self.delivery.mapping.batch_size.min(BATCH_MAX) {
                self.pollers.grow();
            }
            deliveries.spawn(Arc::clone(&self.delivery).deliver(batch, received, poller));
            while deliveries.try_join_next().is_some() {}
        }
        while deliveries.join_next().await.is_some() {}
    }

    async fn free_poller(&mut self) -> Option<Poller> {
        tokio::select! {
            poller = self.pollers.next() => Some(poller),
            _ = self.stop.wait_for(|it| *it) => None,
        }
    }

    /// The next batch, after waiting for a fuller one as long as the mapping says, and when its first message was received:
    /// that one is the first to come back. Nothing when it is time to look again.
    async fn collect(&mut self) -> Result<(Vec<Message>, Instant), SqsError> {
        let QueueMapping { batch_size, window, .. } = self.delivery.mapping;
        let mut batch = self.receive(batch_size, LONG_POLL).await?;
        let received = Instant::now();
        let until = received + window;
        while !batch.is_empty() && batch.len() < batch_size && size_of(&batch) < PAYLOAD_MAX_BYTES {
            let more = self.more(batch_size - batch.len(), until).await;
            if more.is_empty() {
                break;
            }
            batch.extend(more);
        }
        Ok((batch, received))
    }

    /// More for a batch while its window lasts; nothing when that is over, or on an error, which the next receive tells again.
    async fn more(&mut self, wanted: usize, until: Instant) -> Vec<Message> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return vec![];
        }
        let more = self.receive(wanted, left).await.unwrap_or_default();
        if !more.is_empty() && more.len() < wanted.min(BATCH_MAX) {
            self.pause(WINDOW_STEP.min(until.saturating_duration_since(Instant::now()))).await;
        }
        more
    }

    /// Nothing when it is to stop. What was received is never dropped: a receive that has messages ends at once.
    async fn receive(&mut self, max: usize, wait: Duration) -> Result<Vec<Message>, SqsError> {
        tokio::select! {
            received = self.sqs.receive(&self.delivery.mapping.queue, max.min(BATCH_MAX), wait, None) => received,
            _ = self.stop.wait_for(|it| *it) => Ok(vec![]),
        }
    }

    async fn pause_after(&mut self, error: &SqsError) {
        self.delivery.report(error);
        self.pause(QUEUE_PAUSE).await;
    }

    async fn pause(&mut self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            _ = self.stop.wait_for(|it| *it) => {}
        }
    }
}

impl Delivery {
    async fn deliver(self: Arc<Self>, batch: Vec<Message>, received: Instant, poller: Poller) {
        let parcels = batch
            .into_iter()
            .map(|message| Parcel { record: record(&self.mapping.queue, &message), message });
        let (wanted, unwanted): (Vec<_>, Vec<_>) = parcels.partition(|it| {
            self.mapping.filters.is_empty() || passes(&self.mapping.filters, &to_filter(&it.record))
        });
        self.delete(unwanted.iter());
        let mut outcome = Outcome::Done;
        for payload in payloads(wanted) {
            if self.hand_over(&payload, received).await == Outcome::BackOff {
                outcome = Outcome::BackOff;
            }
        }
        if outcome == Outcome::BackOff {
            poller.back_off();
        }
    }

    async fn hand_over(&self, parcels: &[Parcel], received: Instant) -> Outcome {
        let request_id = uuid::Uuid::new_v4().to_string();
        match self.invoke(parcels, &request_id, received).await {
            Ok(answer) if self.mapping.partial_failures => {
                let ids: Vec<&str> = parcels.iter().map(|it| it.message.message_id.as_str()).collect();
                let failed: BTreeSet<&str> = failed(&answer, &ids);
                if !failed.is_empty() {
                    self.warn(
                        parcels.len(),
                        &request_id,
                        &format!("it failed {} of its messages", failed.len()),
                    );
                }
                self.delete(parcels.iter().filter(|it| !failed.contains(it.message.message_id.as_str())));
                Outcome::Done
            }
            Ok(_) => {
                self.delete(parcels.iter());
                Outcome::Done
            }
            Err(failure) => {
                self.warn(parcels.len(), &request_id, &format!("{}: {}", failure.kind(), failure.message()));
                // As Lambda has it: who reports failures by message expects some, and is not slowed down by them.
                let expected = self.mapping.partial_failures && failure != Failure::Throttled;
                if expected { Outcome::Done } else { Outcome::BackOff }
            }
        }
    }

    /// Invokes the function; when it is throttled, again and again until the messages are about to come back anyway.
    async fn invoke(
        &self,
        parcels: &[Parcel],
        request_id: &str,
        received: Instant,
    ) -> Result<Vec<u8>, Failure> {
        let event = Event { records: parcels.iter().map(|it| &*it.record).collect() };
        let payload = serde_json::to_vec(&event).expect("records are JSON");
        let mut backoff = BACKOFF_FIRST;
        loop {
            let answer =
                self.functions.invoke(&self.mapping.function, payload.clone(), request_id.to_owned()).await;
            let late = received.elapsed() + backoff >= self.visibility;
            if answer != Err(Failure::Throttled) || late || *self.stop.borrow() {
                return answer;
            }
            tokio::time::sleep(backoff).await;
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
    }

    fn delete<'a>(&self, parcels: impl Iterator<Item = &'a Parcel>) {
        let handles: Vec<String> = parcels.map(|it| it.message.receipt_handle.clone()).collect();
        if handles.is_empty() {
            return;
        }
        if let Err(error) = self.sqs.delete_batch(&self.mapping.queue, &handles) {
            let error: &dyn std::error::Error = &error;
            tracing::error!(
                mapping = self.mapping.name,
                error,
                "messages were not deleted and will come again"
            );
        }
    }

    fn report(&self, error: &SqsError) {
        let error: &dyn std::error::Error = error;
        tracing::error!(mapping = self.mapping.name, error, "a queue cannot be read; trying again");
    }

    fn warn(&self, messages: usize, request_id: &str, error: &str) {
        let QueueMapping { name, function, .. } = &self.mapping;
        tracing::warn!(mapping = name, function, request_id, messages, error, "a batch failed");
    }
}

fn size_of(batch: &[Message]) -> usize {
    batch.iter().map(|it| it.body.len()).sum()
}

/// The parcels in as few payloads as Lambda's limit allows.
fn payloads(parcels: Vec<Parcel>) -> Vec<Vec<Parcel>> {
    let mut payloads: Vec<Vec<Parcel>> = Vec::new();
    let mut bytes = 0;
    for parcel in parcels {
        let size = parcel.record.get().len() + 1;
        match payloads.last_mut() {
            Some(last) if bytes + size <= PAYLOAD_MAX_BYTES => last.push(parcel),
            _ => {
                payloads.push(vec![parcel]);
                bytes = ENVELOPE_BYTES;
            }
        }
        bytes += size;
    }
    payloads
}

#[cfg(test)]
mod tests;

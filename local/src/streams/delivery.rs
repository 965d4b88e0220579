//! Delivers one lane's records to a function, in order: retries with back-off, halving, partial failures, giving up.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::answer::{Progress, progress};
use super::failed::tell;
use crate::aws::dynamodb::{Record, stream_arn};
use crate::aws::sqs::Sqs;
use crate::functions::Functions;
use crate::handler::Failure;
use crate::template::{StreamMapping, function_arn};

const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// The platform is stopping; what was not delivered will be after the next start.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stopping;

/// What delivers a mapping's batches.
pub(super) struct Delivery<'a> {
    pub(super) mapping: &'a StreamMapping,
    pub(super) functions: &'a Functions,
    pub(super) queues: &'a Sqs,
    pub(super) stop: watch::Receiver<bool>,
}

/// Records that are tried together, and how often they were.
struct Batch {
    records: Vec<Record>,
    /// Invocations that failed and count against the mapping's limit. Halving a batch does not.
    retries: u32,
    /// Invocations in all.
    tries: u32,
}

/// What becomes of a failed batch.
enum Next {
    TryAgain(Vec<Batch>),
    GiveUp(Batch),
}

/// Why a batch is given up, in AWS's words.
#[derive(Clone, Copy)]
enum Condition {
    RetryAttemptsExhausted,
    RecordAgeExceeded,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<&'a RawValue>,
}

impl Delivery<'_> {
    /// Delivers all records, or gives up those that cannot be.
    pub(super) async fn deliver(&self, records: Vec<Record>) -> Result<(), Stopping> {
        let chunks = records.chunks(self.mapping.batch_size);
        let mut waiting: VecDeque<Batch> =
            chunks.map(|it| Batch { records: it.to_vec(), retries: 0, tries: 0 }).collect();
        while let Some(batch) = waiting.pop_front() {
            let Some(mut batch) = self.without_aged(batch).await? else { continue };
            let request_id = uuid::Uuid::new_v4().to_string();
            batch.tries += 1;
            let Progress::Until(until) = self.invoke(&batch, &request_id).await else { continue };
            let tries = batch.tries;
            match self.after_failure(batch, until) {
                Next::TryAgain(batches) => {
                    batches.into_iter().rev().for_each(|it| waiting.push_front(it));
                    self.pause(backoff(tries)).await?;
                }
                Next::GiveUp(batch) => {
                    self.give_up(&batch, Condition::RetryAttemptsExhausted, &request_id).await?;
                }
            }
        }
        Ok(())
    }

    /// What becomes of a batch whose record at `until` failed.
    fn after_failure(&self, mut batch: Batch, until: usize) -> Next {
        let tries = batch.tries;
        if until > 0 {
            // It got somewhere: what is left is a batch of its own.
            Next::TryAgain(vec![Batch { records: batch.records.split_off(until), retries: 0, tries }])
        } else if self.mapping.bisect && batch.records.len() > 1 {
            let second = batch.records.split_off(batch.records.len() / 2);
            let retries = batch.retries;
            Next::TryAgain(vec![batch, Batch { records: second, retries, tries }])
        } else if self.mapping.retries_max.is_some_and(|max| batch.retries >= max) {
            Next::GiveUp(batch)
        } else {
            Next::TryAgain(vec![Batch { retries: batch.retries + 1, ..batch }])
        }
    }

    async fn invoke(&self, batch: &Batch, request_id: &str) -> Progress {
        let event = Event { records: batch.records.iter().map(|it| &*it.event).collect() };
        let payload = serde_json::to_vec(&event).expect("records are JSON");
        match self.when_free(payload, request_id).await {
            Ok(answer) if self.mapping.partial_failures => {
                let progress = progress(&answer, &batch.records);
                if let Progress::Until(at) = progress {
                    self.warn(batch, request_id, &format!("it reported record {at} of the batch as failed"));
                }
                progress
            }
            Ok(_) => Progress::Done,
            Err(failure) => {
                self.warn(batch, request_id, &format!("{}: {}", failure.kind(), failure.message()));
                Progress::Until(0)
            }
        }
    }

    /// Invokes the function. A throttle is no try: it is waited for, as long as the platform runs.
    async fn when_free(&self, payload: Vec<u8>, request_id: &str) -> Result<Vec<u8>, Failure> {
        let mut throttles = 0;
        loop {
            let answer =
                self.functions.invoke(&self.mapping.function, payload.clone(), request_id.to_owned()).await;
            if answer != Err(Failure::Throttled) {
                return answer;
            }
            throttles += 1;
            if self.pause(backoff(throttles)).await.is_err() {
                return answer;
            }
        }
    }

    fn warn(&self, batch: &Batch, request_id: &str, error: &str) {
        let StreamMapping { name, function, .. } = self.mapping;
        let (tries, records) = (batch.tries, batch.records.len());
        tracing::warn!(mapping = name, function, request_id, tries, records, error, "a batch failed");
    }

    /// The batch without the records that are too old by now; `None` when nothing is left of it.
    async fn without_aged(&self, batch: Batch) -> Result<Option<Batch>, Stopping> {
        let Some(age_max) = self.mapping.age_max else { return Ok(Some(batch)) };
        let oldest = Timestamp::now().as_second() - age_max.as_secs() as i64;
        let (aged, fresh): (Vec<_>, Vec<_>) =
            batch.records.into_iter().partition(|it| it.created_at < oldest);
        if !aged.is_empty() {
            let aged = Batch { records: aged, ..batch };
            self.give_up(&aged, Condition::RecordAgeExceeded, &uuid::Uuid::new_v4().to_string()).await?;
        }
        Ok((!fresh.is_empty()).then_some(Batch { records: fresh, ..batch }))
    }

    /// Hands the batch's whereabouts to the failure destination. It is not dropped before that is done.
    async fn give_up(&self, batch: &Batch, condition: Condition, request_id: &str) -> Result<(), Stopping> {
        let message = self.message(batch, condition, request_id);
        let (mapping, records) = (&self.mapping.name, batch.records.len());
        while let Err(error) = tell(self.queues, self.mapping, &message).map_err(|it| it.to_string()) {
            tracing::error!(
                mapping,
                error,
                "the failure queue was not told of a batch that is given up; trying again"
            );
            self.pause(BACKOFF_MAX).await?;
        }
        tracing::error!(
            mapping,
            records,
            condition = condition.name(),
            tries = batch.tries,
            "a batch was given up"
        );
        Ok(())
    }

    fn message(&self, batch: &Batch, condition: Condition, request_id: &str) -> Value {
        let (first, last) = (batch.records.first(), batch.records.last());
        let arrival = |it: Option<&Record>| it.and_then(|it| Timestamp::from_second(it.created_at).ok());
        json!({
            "requestContext": {
                "requestId": request_id,
                "functionArn": function_arn(&self.mapping.function),
                "condition": condition.name(),
                "approximateInvokeCount": batch.tries,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": Timestamp::now(),
            "DDBStreamBatchInfo": {
                "shardId": "shardId-00000001",
                "startSequenceNumber": first.map(Record::sequence_number),
                "endSequenceNumber": last.map(Record::sequence_number),
                "approximateArrivalOfFirstRecord": arrival(first),
                "approximateArrivalOfLastRecord": arrival(last),
                "batchSize": batch.records.len(),
                "streamArn": stream_arn(&self.mapping.table),
            },
        })
    }

    async fn pause(&self, time: Duration) -> Result<(), Stopping> {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(time) => Ok(()),
            _ = stop.wait_for(|it| *it) => Err(Stopping),
        }
    }
}

impl Condition {
    const fn name(self) -> &'static str {
        match self {
            Self::RetryAttemptsExhausted => "RetryAttemptsExhausted",
            Self::RecordAgeExceeded => "RecordAgeExceeded",
        }
    }
}

/// Doubles from try to try.
fn backoff(tries: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(tries.saturating_sub(1));
    BACKOFF_FIRST.saturating_mul(doubled).min(BACKOFF_MAX)
}

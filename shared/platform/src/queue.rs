//! A queue's batches: what a consumer is given by SQS, what it answers, and how a producer sends.
//!
//! Every message comes twice, late and out of order; what a consumer does about that is its own affair.

use std::collections::BTreeMap;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use penstock_application::Unavailable;
use serde_json::Value;

use crate::app::StartError;
use crate::function::{Environment, InvocationError};
use crate::telemetry::CountRetries;

/// SQS takes no more messages in one call.
const BATCH_MESSAGES_MAX: usize = 10;
/// SQS takes no more bytes in one message, nor in one call.
///
/// Source: "Amazon SQS message quotas", Amazon SQS Developer Guide.
pub const BATCH_BYTES_MAX: usize = 1_048_576;
/// How often what a call did not take is sent again, after the SDK's own attempts.
const SENDS_MAX: usize = 3;

/// A message as its consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the message is named by in the answer.
    pub id: String,
    /// What was sent.
    pub body: String,
}

/// The messages of an invocation by a queue.
///
/// # Errors
/// When the event is none of SQS.
pub fn messages(event: Value) -> Result<Vec<Message>, InvocationError> {
    let event: SqsEvent = serde_json::from_value(event)?;
    let message = |(id, body): (Option<String>, Option<String>)| Message {
        id: id.unwrap_or_default(),
        body: body.unwrap_or_default(),
    };
    Ok(event.records.into_iter().map(|it| message((it.message_id, it.body))).collect())
}

/// The answer that fails the messages with these ids, and only those.
///
/// # Panics
/// Never: it is text.
pub fn failures(ids: impl IntoIterator<Item = String>) -> Value {
    let failure = |id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids.into_iter().map(failure).collect();
    serde_json::to_value(response).expect("ids are text")
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// What is sent.
    pub body: String,
    /// On whose behalf: SQS lets no group's backlog delay another's (fair queues).
    pub group: String,
}

/// A queue to send to.
#[derive(Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue whose URL is in that variable.
    ///
    /// # Errors
    /// When the variable is missing.
    pub fn new(environment: &Environment, variable: &'static str) -> Result<Self, StartError> {
        let config = aws_sdk_sqs::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
        Ok(Self { client: Client::from_conf(config), url: environment.required(variable)? })
    }

    /// Sends all messages, ten a `SendMessageBatch` or fewer when they are large; what a call did not take is sent again.
    ///
    /// Answers the places of those that were not sent in the end, and why.
    pub async fn send(&self, messages: &[Outgoing]) -> BTreeMap<usize, String> {
        let mut left: Vec<usize> = (0..messages.len()).collect();
        let mut failed = BTreeMap::new();
        for _ in 0..SENDS_MAX {
            failed.clear();
            for batch in batches(&left, messages) {
                failed.extend(self.send_batch(batch, messages).await);
            }
            left = failed.keys().copied().collect();
            if left.is_empty() {
                break;
            }
        }
        failed
    }

    async fn send_batch(&self, places: &[usize], messages: &[Outgoing]) -> BTreeMap<usize, String> {
        let entry = |place: &usize| {
            let message = &messages[*place];
            let entry = SendMessageBatchRequestEntry::builder()
                .id(place.to_string())
                .message_body(&message.body)
                .message_group_id(&message.group);
            entry.build().expect("it has an id and a body")
        };
        let entries = places.iter().map(entry).collect();
        let sent =
            self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => {
                let why = crate::failure::chain(&Unavailable { what: "the queue", cause: error.into() });
                return places.iter().map(|place| (*place, why.clone())).collect();
            }
        };
        let reason = |it: &aws_sdk_sqs::types::BatchResultErrorEntry| {
            let place = it.id().parse().ok()?;
            Some((place, format!("{}: {}", it.code(), it.message().unwrap_or_default())))
        };
        sent.failed().iter().filter_map(reason).collect()
    }
}

/// As many as fit into a call, in order.
fn batches<'a>(places: &'a [usize], messages: &[Outgoing]) -> Vec<&'a [usize]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, place) in places.iter().enumerate() {
        let size = messages[*place].body.len();
        if index > start && (index - start == BATCH_MESSAGES_MAX || bytes + size > BATCH_BYTES_MAX) {
            batches.push(&places[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < places.len() {
        batches.push(&places[start..]);
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_carries_ten_messages_at_most() {
        assert_eq!(sizes(&[1; 23]), [10, 10, 3]);
        assert_eq!(sizes(&[]), [0; 0]);
    }

    #[test]
    fn a_call_carries_no_more_bytes_than_sqs_takes() {
        let half = BATCH_BYTES_MAX / 2;
        assert_eq!(sizes(&[half, half, 1]), [2, 1]);
        assert_eq!(sizes(&[BATCH_BYTES_MAX, 1, 1]), [1, 2]);
    }

    #[test]
    fn an_answer_names_the_failed_messages() {
        let wanted = serde_json::json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert_eq!(failures(["a".to_owned()]), wanted);
    }

    fn sizes(bytes: &[usize]) -> Vec<usize> {
        let messages: Vec<Outgoing> =
            bytes.iter().map(|it| Outgoing { body: "x".repeat(*it), group: String::new() }).collect();
        let places: Vec<usize> = (0..messages.len()).collect();
        batches(&places, &messages).iter().map(|it| it.len()).collect()
    }
}

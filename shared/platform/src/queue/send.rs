//! Sending: ten messages a call, and what a call did not take once more.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    BatchResultErrorEntry, MessageAttributeValue, SendMessageBatchRequestEntry as Entry,
};
use penstock_application::Unavailable;
use penstock_domain::planted::{self, Bug};

use crate::app::StartError;
use crate::function::Environment;
use crate::queue::pack::{self, NewLetter};
use crate::telemetry::CountRetries;

/// SQS takes no more messages in one call.
const BATCH_MESSAGES_MAX: usize = 10;
/// SQS takes no more bytes in one message, nor in one call.
///
/// Source: "Amazon SQS message quotas", Amazon SQS Developer Guide.
pub(crate) const BATCH_BYTES_MAX: usize = 1_048_576;
/// How often what a call did not take is sent again, after the SDK's own attempts.
const SENDS_MAX: usize = 3;
/// SQS delays no message for longer.
pub const DELAY_MAX: Duration = Duration::from_secs(900);
/// SQS takes no longer text than a message, and nobody reads a longer reason.
const ATTRIBUTE_CHARACTERS_MAX: usize = 1_000;

/// A message to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// What is sent.
    pub body: String,
    /// On whose behalf: SQS lets no group's backlog delay another's (fair queues). Nobody's when empty.
    pub group: String,
    /// How long it is kept back, [`DELAY_MAX`] at most; SQS counts whole seconds.
    pub delay: Duration,
    /// What is said beside the body; see [`crate::queue::attributes`].
    pub attributes: BTreeMap<&'static str, String>,
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
        Ok(Self { client: client(environment), url: environment.required(variable)? })
    }

    /// The queue with that URL.
    pub(crate) fn at(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Sends letters, as few messages as they fit into; see [`NewLetter`].
    ///
    /// Answers the places of those that were not sent in the end, and why.
    pub async fn send_packed(&self, letters: &[NewLetter]) -> BTreeMap<usize, String> {
        let (messages, places): (Vec<_>, Vec<_>) = pack::pack(letters).into_iter().unzip();
        let failed = self.send(&messages).await;
        let of_message = |(at, why): (usize, String)| {
            places[at].iter().map(move |place| (*place, why.clone())).collect::<Vec<_>>()
        };
        failed.into_iter().flat_map(of_message).collect()
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
        let entries = places.iter().map(|place| entry(*place, &messages[*place])).collect();
        let sent =
            self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        let sent = match sent {
            Ok(sent) => sent,
            Err(error) => {
                let why = crate::failure::chain(&Unavailable { what: "the queue", cause: error.into() });
                return places.iter().map(|place| (*place, why.clone())).collect();
            }
        };
        let reason = |it: &BatchResultErrorEntry| {
            let place = it.id().parse().ok()?;
            Some((place, format!("{}: {}", it.code(), it.message().unwrap_or_default())))
        };
        let failed: &[_] = if planted::is(Bug::FailedEntriesIgnored) { &[] } else { sent.failed() };
        failed.iter().filter_map(reason).collect()
    }
}

/// A client of SQS that counts what it tries again.
pub(crate) fn client(environment: &Environment) -> Client {
    let config = aws_sdk_sqs::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
    Client::from_conf(config)
}

/// A delay as SQS takes it: whole seconds, never less than was asked for unless that is more than there can be.
pub(super) fn whole_seconds(delay: Duration) -> Duration {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    Duration::from_secs(seconds).min(DELAY_MAX)
}

fn entry(place: usize, message: &Outgoing) -> Entry {
    let seconds = whole_seconds(message.delay).as_secs();
    let attributes = message.attributes.iter().map(|(name, value)| ((*name).to_owned(), attribute(value)));
    let entry = Entry::builder()
        .id(place.to_string())
        .message_body(&message.body)
        .set_message_group_id(Some(message.group.clone()).filter(|it| !it.is_empty()))
        .set_delay_seconds((seconds > 0).then(|| i32::try_from(seconds).expect("900 at most")))
        .set_message_attributes(Some(attributes.collect()).filter(|_| !message.attributes.is_empty()));
    entry.build().expect("it has an id and a body")
}

/// A text as SQS takes it: not empty, not long, and of the characters that XML has.
fn attribute(text: &str) -> MessageAttributeValue {
    let allowed = |it: char| match it {
        '\t' | '\n' | '\r' => true,
        _ => !it.is_control() && !matches!(it, '\u{fffe}' | '\u{ffff}'),
    };
    let text: String = text.chars().filter(|it| allowed(*it)).take(ATTRIBUTE_CHARACTERS_MAX).collect();
    let text = if text.is_empty() { "unknown".to_owned() } else { text };
    let value = MessageAttributeValue::builder().data_type("String").string_value(text);
    value.build().expect("it has a type")
}

/// As many as fit into a call, in order.
fn batches<'a>(places: &'a [usize], messages: &[Outgoing]) -> Vec<&'a [usize]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, place) in places.iter().enumerate() {
        let size = messages[*place].bytes();
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

impl Outgoing {
    /// Its size as SQS counts it: attributes' names, types and values are of it.
    fn bytes(&self) -> usize {
        let attribute = |(name, value): (&&str, &String)| name.len() + "String".len() + value.len();
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }
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
    fn a_delay_is_whole_seconds_and_no_longer_than_sqs_has() {
        let delayed =
            |delay| entry(0, &Outgoing { body: "x".to_owned(), delay, ..Outgoing::default() }).delay_seconds;
        assert_eq!(delayed(Duration::ZERO), None);
        assert_eq!(delayed(Duration::from_millis(1_100)), Some(2));
        assert_eq!(delayed(Duration::from_hours(1)), Some(900));
    }

    #[test]
    fn an_attribute_is_a_text_that_sqs_takes() {
        let value = |text: &str| attribute(text).string_value.unwrap();
        assert_eq!(value("a\u{0}b\u{ffff}c\nd"), "abc\nd");
        assert_eq!(value("\u{1}"), "unknown");
        assert_eq!(value(&"é".repeat(2_000)).chars().count(), ATTRIBUTE_CHARACTERS_MAX);
    }

    fn sizes(bytes: &[usize]) -> Vec<usize> {
        let message = |bytes: &usize| Outgoing { body: "x".repeat(*bytes), ..Outgoing::default() };
        let messages: Vec<Outgoing> = bytes.iter().map(message).collect();
        let places: Vec<usize> = (0..messages.len()).collect();
        batches(&places, &messages).iter().map(|it| it.len()).collect()
    }
}

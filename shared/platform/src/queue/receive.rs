//! What Lambda hands over of a queue, and what it is answered.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use jiff::Timestamp;
use serde_json::Value;

use super::attributes;
use crate::function::InvocationError;

/// A message as its consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the message is named by in the answer.
    pub id: String,
    /// What was sent.
    pub body: String,
    /// On whose behalf; empty when the sender did not say.
    pub group: String,
    /// How often its letters were tried before.
    pub attempts: u32,
    /// How often the queue has handed it out, this time counted.
    pub receives: u32,
    /// When its letters were sent first.
    pub sent_at: Timestamp,
}

/// The messages of an invocation by a queue.
///
/// # Errors
/// When the event is none of SQS.
pub(super) fn messages(event: Value) -> Result<Vec<Message>, InvocationError> {
    let event: SqsEvent = serde_json::from_value(event)?;
    Ok(event.records.into_iter().map(message).collect())
}

fn message(record: SqsMessage) -> Message {
    let said = |name: &str| record.message_attributes.get(name)?.string_value.clone();
    let of_queue = |name: &str| record.attributes.get(name).map(String::as_str);
    let receives = of_queue("ApproximateReceiveCount").and_then(|it| it.parse().ok()).unwrap_or(1_u32);
    // A dead letter that was redriven begins anew: all its attempts are before it, and it is as young as this message.
    let anew = said(attributes::FAILED_AT).is_some();
    let attempts = said(attributes::ATTEMPTS).filter(|_| !anew).and_then(|it| it.parse::<u32>().ok());
    let sent = of_queue("SentTimestamp").and_then(|it| Timestamp::from_millisecond(it.parse().ok()?).ok());
    let sent_first = said(attributes::SENT_AT).filter(|_| !anew).and_then(|it| it.parse().ok());
    Message {
        attempts: attempts.unwrap_or_default() + receives.saturating_sub(1),
        receives,
        sent_at: sent_first.or(sent).unwrap_or_else(Timestamp::now),
        group: of_queue("MessageGroupId").unwrap_or_default().to_owned(),
        id: record.message_id.unwrap_or_default(),
        body: record.body.unwrap_or_default(),
    }
}

/// The answer that fails the messages with these ids, and only those.
///
/// # Panics
/// Never: it is text.
pub(super) fn failures(ids: impl IntoIterator<Item = String>) -> Value {
    let failure = |id| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        failure
    };
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = ids.into_iter().map(failure).collect();
    serde_json::to_value(response).expect("ids are text")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_names_the_failed_messages() {
        let wanted = json!({"batchItemFailures": [{"itemIdentifier": "a"}]});
        assert_eq!(failures(["a".to_owned()]), wanted);
    }

    #[test]
    fn attempts_are_those_that_were_sent_along_and_those_that_did_not_finish() {
        assert_eq!(received(&json!({}), "1").attempts, 0);
        assert_eq!(received(&json!({}), "3").attempts, 2);
        assert_eq!(received(&json!({"attempts": text("2")}), "2").attempts, 3);
        let redriven = json!({"attempts": text("5"), "failedAt": text("2026-01-01T00:00:00Z")});
        assert_eq!(received(&redriven, "1").attempts, 0);
    }

    #[test]
    fn a_letter_that_was_sent_again_is_as_old_as_it_was() {
        assert_eq!(received(&json!({}), "1").sent_at.to_string(), "2020-09-13T12:26:40Z");
        let again = json!({"sentAt": text("2020-01-01T00:00:00Z")});
        assert_eq!(received(&again, "1").sent_at.to_string(), "2020-01-01T00:00:00Z");
    }

    fn received(attributes: &Value, receives: &str) -> Message {
        let record = json!({
            "messageId": "m",
            "body": "[]",
            "attributes": {"ApproximateReceiveCount": receives, "SentTimestamp": "1600000000000"},
            "messageAttributes": attributes,
        });
        messages(json!({"Records": [record]})).unwrap().remove(0)
    }

    fn text(value: &str) -> Value {
        json!({"dataType": "String", "stringValue": value, "stringListValues": [], "binaryListValues": []})
    }
}

//! A queue's message as Lambda hands it to a function, and what the function's answer says about it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::aws::sqs::{Attribute, Message, queue_arn};
use crate::template::REGION;

/// A batch as a function gets it.
#[derive(Serialize)]
pub(super) struct Event<'a> {
    #[serde(rename = "Records")]
    pub(super) records: Vec<&'a RawValue>,
}

/// A message as a record of a batch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: &'a BTreeMap<String, String>,
    message_attributes: BTreeMap<&'a str, RecordAttribute<'a>>,
    md5_of_body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: String,
    aws_region: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<&'a str>,
    string_list_values: [&'a str; 0],
    binary_list_values: [&'a str; 0],
    data_type: &'a str,
}

/// The record of a message of `queue`.
pub(super) fn record(queue: &str, message: &Message) -> Box<RawValue> {
    let attribute = |(name, it): (&'_ String, &'_ Attribute)| (name.clone(), it.clone());
    let attributes: Vec<(String, Attribute)> = message.message_attributes.iter().map(attribute).collect();
    let record = Record {
        message_id: &message.message_id,
        receipt_handle: &message.receipt_handle,
        body: &message.body,
        attributes: &message.attributes,
        message_attributes: attributes
            .iter()
            .map(|(name, it)| (name.as_str(), RecordAttribute::of(it)))
            .collect(),
        md5_of_body: message.md5_of_body(),
        md5_of_message_attributes: message.md5_of_message_attributes(),
        event_source: "aws:sqs",
        event_source_arn: queue_arn(queue),
        aws_region: REGION,
    };
    serde_json::value::to_raw_value(&record).expect("a message is text")
}

/// What a filter looks at: the record, its body as JSON if it is an object.
pub(super) fn to_filter(record: &RawValue) -> Value {
    let mut value: Value = serde_json::from_str(record.get()).unwrap_or_else(|_| json!({}));
    let body = value["body"].as_str().and_then(|it| serde_json::from_str::<Value>(it).ok());
    if let Some(body) = body.filter(Value::is_object) {
        value["body"] = body;
    }
    value
}

/// The messages that an answer with `ReportBatchItemFailures` fails. An answer that names none of the batch, or none
/// properly, fails them all.
///
/// Source: "Handling errors for an SQS event source in Lambda", AWS Lambda Developer Guide.
pub(super) fn failed<'a>(answer: &[u8], batch: &[&'a str]) -> BTreeSet<&'a str> {
    let all = || batch.iter().copied().collect();
    if answer.is_empty() {
        return BTreeSet::new();
    }
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return all() };
    let failures = match &answer["batchItemFailures"] {
        Value::Null => return BTreeSet::new(),
        Value::Array(failures) => failures,
        _ => return all(),
    };
    let named = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str()?;
        batch.iter().find(|it| **it == id).copied()
    };
    failures.iter().map(named).collect::<Option<_>>().unwrap_or_else(all)
}

impl<'a> RecordAttribute<'a> {
    fn of(attribute: &'a Attribute) -> Self {
        Self {
            string_value: attribute.string_value.as_deref(),
            binary_value: attribute.binary_value.as_deref(),
            string_list_values: [],
            binary_list_values: [],
            data_type: &attribute.data_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_handed_over_as_lambda_does() {
        let message = Message {
            message_id: "059f36b4-87a3-44ab-83d2-661975830a7d".into(),
            receipt_handle: "handle".into(),
            body: "Test message.".into(),
            attributes: BTreeMap::from([("ApproximateReceiveCount".into(), "1".into())]),
            message_attributes: BTreeMap::from([("kind".into(), Attribute::text("greeting"))]),
        };
        let record: Value = serde_json::from_str(record("orders", &message).get()).unwrap();
        let md5 = &record["md5OfMessageAttributes"];
        assert_eq!(md5.as_str().map(str::len), Some(32));
        assert_eq!(
            record,
            json!({
                "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
                "receiptHandle": "handle",
                "body": "Test message.",
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {
                    "kind": {"stringValue": "greeting", "stringListValues": [], "binaryListValues": [], "dataType": "String"}
                },
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "md5OfMessageAttributes": md5,
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn("orders"),
                "awsRegion": REGION,
            })
        );
    }

    #[test]
    fn a_body_is_filtered_as_json_when_it_is_an_object() {
        let filtered = |body: &str| {
            let raw = serde_json::value::to_raw_value(&json!({"body": body})).unwrap();
            to_filter(&raw)["body"].clone()
        };
        assert_eq!(filtered(r#"{"a":1}"#), json!({"a": 1}));
        assert_eq!(filtered("plain"), json!("plain"));
        assert_eq!(filtered("7"), json!("7"));
    }

    #[test]
    fn no_failures_in_whatever_words_is_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            assert!(failed(answer.as_bytes(), &["a", "b"]).is_empty(), "{answer}");
        }
    }

    #[test]
    fn only_the_named_messages_fail() {
        let answer = br#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(failed(answer, &["a", "b"]), BTreeSet::from(["b"]));
    }

    #[test]
    fn an_answer_that_makes_no_sense_fails_the_whole_batch() {
        let senseless = [
            "no json",
            r#"{"batchItemFailures":7}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"item":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"unknown"}]}"#,
        ];
        for answer in senseless {
            assert_eq!(failed(answer.as_bytes(), &["a", "b"]).len(), 2, "{answer}");
        }
    }
}

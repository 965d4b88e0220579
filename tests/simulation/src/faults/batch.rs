//! What an invocation is made of, and what its answer says: records of a queue or of a stream, or orders that a schedule worked on.

use penstock_local::handler::Failure;
use serde_json::{Value, json};

/// Orders that `archive-orders` may have worked on when it says that some failed, and not how many.
const ORDERS_MAX: u64 = 100;

/// How many events and steps an invocation has, of which a message packs several, or records of a stream.
pub(super) fn letters(payload: &[u8]) -> u64 {
    let marked = |mark: &[u8]| payload.windows(mark.len()).filter(|it| *it == mark).count() as u64;
    marked(b"specversion") + marked(b"aws:dynamodb")
}

/// How many orders `archive-orders` worked on.
pub(super) fn orders(answer: &Result<Vec<u8>, Failure>) -> u64 {
    match answer {
        Ok(answer) => {
            let done: Value = serde_json::from_slice(answer).unwrap_or_default();
            ["archived", "notYet"].iter().filter_map(|it| done[it].as_u64()).sum()
        }
        Err(Failure::Error { kind, .. }) if kind == "NotArchived" => ORDERS_MAX,
        Err(_) => 0,
    }
}

/// The records of an invocation, when it has some.
pub(super) struct Batch {
    pub(super) of_queue: bool,
    /// What its first record is known by.
    pub(super) first: String,
    /// How often the message that came most often has come.
    pub(super) receives: u64,
}

impl Batch {
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let event: Value = serde_json::from_slice(payload).ok()?;
        let records = event["Records"].as_array()?;
        let first = records.first()?;
        let of_queue = first["eventSource"] == "aws:sqs";
        let name = if of_queue { &first["messageId"] } else { &first["dynamodb"]["SequenceNumber"] };
        let receives = records.iter().map(receives).max().unwrap_or_default();
        Some(Self { of_queue, first: name.as_str().unwrap_or_default().to_owned(), receives })
    }
}

/// How often a message has come.
pub(super) fn receives(record: &Value) -> u64 {
    let count = record["attributes"]["ApproximateReceiveCount"].as_str();
    count.and_then(|it| it.parse().ok()).unwrap_or_default()
}

/// The answer, with the messages besides that were not looked at.
pub(super) fn with_rest(answer: &[u8], rest: Vec<String>) -> Vec<u8> {
    if rest.is_empty() {
        return answer.to_vec();
    }
    let mut answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let mut failures = answer["batchItemFailures"].as_array().cloned().unwrap_or_default();
    failures.extend(rest.into_iter().map(|it| json!({"itemIdentifier": it})));
    answer["batchItemFailures"] = failures.into();
    answer.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_known_by_its_first_record_and_as_old_as_its_oldest() {
        let record = |id: &str, receives: &str| {
            json!({
                "eventSource": "aws:sqs", "messageId": id, "attributes": {"ApproximateReceiveCount": receives},
            })
        };
        let event = json!({"Records": [record("a", "1"), record("b", "3")]}).to_string();
        let batch = Batch::read(event.as_bytes()).unwrap();
        assert_eq!((batch.of_queue, batch.first.as_str(), batch.receives), (true, "a", 3));
        assert!(Batch::read(b"{}").is_none());
    }

    #[test]
    fn what_was_not_looked_at_is_reported_beside_what_failed() {
        let answer = br#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#;
        let with: Value = serde_json::from_slice(&with_rest(answer, vec!["b".to_owned()])).unwrap();
        assert_eq!(with["batchItemFailures"], json!([{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]));
        assert_eq!(with_rest(b"null", vec![]), b"null");
    }

    #[test]
    fn a_run_of_the_archive_is_as_large_as_it_says() {
        assert_eq!(orders(&Ok(br#"{"archived":3,"notYet":2,"more":false}"#.to_vec())), 5);
        let failed = |kind: &str| Err(Failure::Error { kind: kind.to_owned(), message: String::new() });
        assert_eq!(orders(&failed("NotArchived")), ORDERS_MAX);
        assert_eq!(orders(&failed("Runtime.ExitError")), 0);
    }
}

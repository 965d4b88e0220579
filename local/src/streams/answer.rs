//! What a function's answer to a batch means.

use serde_json::Value;

use crate::aws::dynamodb::Record;

/// How far a batch got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// All of it.
    Done,
    /// Up to, not including, the record at this index.
    Until(usize),
}

/// Reads an answer with `ReportBatchItemFailures`: the first record that failed is where the batch is to go on. An answer
/// that names a record which is not in the batch, or none properly, fails all of it.
pub(super) fn progress(answer: &[u8], batch: &[Record]) -> Progress {
    if answer.is_empty() {
        return Progress::Done;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return Progress::Until(0) };
    let failures = match &answer["batchItemFailures"] {
        Value::Null => return Progress::Done,
        Value::Array(failures) => failures,
        _ => return Progress::Until(0),
    };
    let at = |failure: &Value| {
        let number = failure["itemIdentifier"].as_str()?;
        batch.iter().position(|it| it.sequence_number() == number)
    };
    match failures.iter().map(|it| at(it).unwrap_or(0)).min() {
        Some(first) => Progress::Until(first),
        None => Progress::Done,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_failures_in_whatever_words_is_success() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            assert_eq!(progress(answer.as_bytes(), &batch()), Progress::Done, "{answer}");
        }
    }

    #[test]
    fn the_lowest_failed_record_is_where_to_go_on() {
        let batch = batch();
        let failures = [&batch[2], &batch[1]].map(|it| json!({"itemIdentifier": it.sequence_number()}));
        let answer = json!({"batchItemFailures": failures}).to_string();
        assert_eq!(progress(answer.as_bytes(), &batch), Progress::Until(1));
    }

    #[test]
    fn an_answer_that_makes_no_sense_fails_the_whole_batch() {
        let senseless = [
            "no json",
            r#"{"batchItemFailures":7}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"unknown"}]}"#,
        ];
        for answer in senseless {
            assert_eq!(progress(answer.as_bytes(), &batch()), Progress::Until(0), "{answer}");
        }
    }

    fn batch() -> Vec<Record> {
        let record = |position| Record {
            position,
            partition: String::new(),
            created_at: 0,
            event: serde_json::value::RawValue::from_string("{}".into()).unwrap(),
        };
        vec![record(1), record(2), record(3)]
    }
}

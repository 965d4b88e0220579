//! What batches have in common: entries with ids, of which each succeeds or fails by itself.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::BATCH_MAX;
use super::error::SqsError;

const ID_MAX: usize = 80;

/// Refuses a batch as a whole for how many entries it has, or for their ids. `entry` is the entry's name in AWS.
pub(super) fn check(entry: &'static str, ids: &[&str]) -> Result<(), SqsError> {
    if ids.is_empty() {
        return Err(SqsError::EmptyBatch(entry));
    }
    if ids.len() > BATCH_MAX {
        return Err(SqsError::TooManyEntries(ids.len()));
    }
    let mut seen = BTreeSet::new();
    for id in ids {
        let well_formed = (1..=ID_MAX).contains(&id.len())
            && id.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
        if !well_formed {
            return Err(SqsError::InvalidId);
        }
        if !seen.insert(*id) {
            return Err(SqsError::IdRepeated((*id).to_owned()));
        }
    }
    Ok(())
}

/// The answer: for each entry what `told` makes of its success, or why it failed.
pub(super) fn answer<T>(
    ids: &[String],
    results: Vec<Result<T, SqsError>>,
    told: impl Fn(T) -> Value,
) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, result) in ids.iter().zip(results) {
        match result {
            Ok(success) => {
                let mut entry = told(success);
                entry["Id"] = json!(id);
                successful.push(entry);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "Code": error.code(),
                "Message": error.to_string(),
                "SenderFault": error.of_sender(),
            })),
        }
    }
    let mut answer = json!({"Successful": successful});
    if !failed.is_empty() {
        answer["Failed"] = json!(failed);
    }
    answer
}

//! A dead letter as operators read it.

use std::collections::BTreeSet;

use penstock_api::dead_letters::DeadLetterView;
use serde_json::value::RawValue;

use super::shelf::Found;
use crate::queue::attributes;
use crate::queue::outcomes::UNFINISHED;

pub(super) fn view(found: &Found) -> DeadLetterView {
    let said = |name: &str| found.said.get(name).cloned();
    let tenants: BTreeSet<_> = found.letters.iter().map(|it| &it.tenant).collect();
    let subjects: BTreeSet<_> = found.letters.iter().map(|it| it.subject.clone()).collect();
    let envelope = |json: &str| RawValue::from_string(json.to_owned()).expect("it was read as JSON");
    DeadLetterView {
        id: found.message.id.clone(),
        reason: reason(said(attributes::REASON), said(attributes::FAILED_AT).is_some()),
        attempts: said(attributes::ATTEMPTS).and_then(|it| it.parse().ok()),
        failed_at: said(attributes::FAILED_AT).and_then(|it| it.parse().ok()),
        function: said(attributes::FUNCTION),
        tenant: tenants.first().filter(|_| tenants.len() == 1).map(|it| (*it).clone()),
        subjects: subjects.into_iter().collect(),
        letters: found.letters.iter().map(|it| envelope(it.json())).collect(),
        body: found.unreadable.then(|| found.message.body.clone()),
    }
}

/// A reason that the function gave when it sent the letter again is not why SQS gave it up.
fn reason(said: Option<String>, by_function: bool) -> String {
    match said {
        Some(reason) if by_function => reason,
        Some(before) => format!("{UNFINISHED}; the time before: {before}"),
        None => UNFINISHED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_the_functions_or_that_it_said_none() {
        let said = || Some("no such carrier".to_owned());
        assert_eq!(reason(said(), true), "no such carrier");
        assert_eq!(reason(None, false), "the function did not finish");
        assert_eq!(reason(said(), false), "the function did not finish; the time before: no such carrier");
    }
}

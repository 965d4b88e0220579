//! Dead letters on the wire: what consumers gave up, for operators.

use jiff::Timestamp;
use penstock_domain::TenantId;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::body::{self, Value};
use crate::problem::Problem;
use crate::time;

/// Dead letters that one request may name.
const IDS_MAX: usize = 100;

/// Every consumer's queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadLetterQueues {
    queues: Vec<DeadLetterQueue>,
}

/// A consumer's queue, and what lies beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterQueue {
    /// Its name.
    #[schema(example = "payments")]
    pub queue: String,
    /// Dead letters that the caller may see.
    pub dead_letters: u32,
    /// Whether that is all; there may be more otherwise.
    pub complete: bool,
}

/// Dead letters of one queue, in no order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterList {
    /// Whose they are.
    #[schema(example = "payments")]
    pub queue: String,
    /// Those that were found.
    pub dead_letters: Vec<DeadLetterView>,
    /// Whether these are all; there may be more otherwise.
    pub complete: bool,
}

/// A message that a consumer gave up.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeadLetter)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetterView {
    /// What a redrive names it by.
    pub id: String,
    /// Why it was given up.
    #[schema(example = "the carrier knows no such service")]
    pub reason: String,
    /// How often it was tried, where that was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts: Option<u32>,
    /// When it was given up, where the function said so.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shown")]
    #[schema(nullable = false, value_type = Option<String>, format = "date-time")]
    pub failed_at: Option<Timestamp>,
    /// The function that gave it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "handle-shipping")]
    pub function: Option<String>,
    /// Whose it is, where it can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<String>, example = "acme")]
    pub tenant: Option<TenantId>,
    /// What it is about, mostly one order.
    pub subjects: Vec<String>,
    /// The events and steps in it, in their CloudEvents envelopes.
    #[schema(value_type = Vec<Object>)]
    pub letters: Vec<Box<RawValue>>,
    /// What was sent, when that is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub body: Option<String>,
}

/// What `POST /v1/dead-letters/{queue}/redrive` takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RedriveDeadLetters {
    /// Only these; all when absent.
    #[schema(nullable = false, min_items = 1, max_items = 100)]
    pub ids: Option<Vec<Uuid>>,
}

/// What became of a redrive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Redrive)]
#[serde(rename_all = "camelCase")]
pub struct RedriveView {
    /// Dead letters that were sent to their queue again.
    pub redriven: u32,
    /// Whether there is more to do.
    pub state: RedriveState,
    /// Those asked for that are not there.
    #[schema(value_type = Vec<Uuid>)]
    pub not_found: Vec<String>,
}

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RedriveState {
    /// Nothing is left.
    Done,
    /// Time was up; ask again for the rest.
    More,
    /// All of them are being moved, and nothing more is to be asked.
    Moving,
}

impl RedriveDeadLetters {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let ids = fields.optional("ids", problems, |ids, problems| {
                let ids = ids.array(1..=IDS_MAX, problems)?;
                let read: Vec<_> = ids.iter().map(|it| Value::uuid(it, problems)).collect();
                read.into_iter().collect::<Option<Vec<_>>>()
            });
            fields.end(problems);
            Some(Self { ids: ids? })
        })
    }
}

impl DeadLetterQueues {
    /// The queues.
    pub fn new(queues: Vec<DeadLetterQueue>) -> Self {
        Self { queues }
    }

    /// The queues as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("queues are text and numbers")
    }
}

impl DeadLetterList {
    /// The list as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("letters are text and JSON")
    }
}

impl RedriveView {
    /// The answer as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("an answer is text and numbers")
    }
}

#[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
fn shown<S: serde::Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(time::shown).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_is_of_all_or_of_those_that_it_names() {
        assert_eq!(RedriveDeadLetters::parse(b"").unwrap().ids, None);
        let id = Uuid::from_u128(7);
        let body = format!(r#"{{"ids":["{id}"]}}"#);
        assert_eq!(RedriveDeadLetters::parse(body.as_bytes()).unwrap().ids, Some(vec![id]));
    }

    #[test]
    fn everything_wrong_with_a_redrive_is_said_at_once() {
        let problem = RedriveDeadLetters::parse(br#"{"ids":["a",7],"all":true}"#).unwrap_err();
        let places: Vec<_> = problem.details.iter().map(|it| it.pointer.as_str()).collect();
        assert_eq!(places, ["/ids/0", "/ids/1", "/all"]);
        let none = RedriveDeadLetters::parse(br#"{"ids":[]}"#).unwrap_err();
        assert_eq!(none.details[0].pointer, "/ids");
    }

    #[test]
    fn what_is_not_known_of_a_dead_letter_is_left_out() {
        let letter = DeadLetterView {
            id: "1".to_owned(),
            reason: "the function did not finish".to_owned(),
            attempts: None,
            failed_at: Some(Timestamp::UNIX_EPOCH),
            function: None,
            tenant: None,
            subjects: vec![],
            letters: vec![RawValue::from_string(r#"{"amount":2.50}"#.to_owned()).unwrap()],
            body: None,
        };
        let list = DeadLetterList { queue: "stock".to_owned(), dead_letters: vec![letter], complete: true };
        assert_eq!(
            String::from_utf8(list.to_json()).unwrap(),
            concat!(
                r#"{"queue":"stock","deadLetters":[{"id":"1","reason":"the function did not finish","#,
                r#""failedAt":"1970-01-01T00:00:00.000Z","subjects":[],"letters":[{"amount":2.50}]}],"complete":true}"#
            )
        );
    }
}

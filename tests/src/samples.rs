//! The samples in `events/<function>/`: what a function is invoked with and what it must reply.
//!
//! | file | holds |
//! | --- | --- |
//! | `<case>.json` | the event, as Lambda gives it; also for `cargo lambda invoke --data-file` |
//! | `<case>.reply.json` | the reply: an HTTP response (its `body` as JSON rather than as text), an event's result, or Lambda's `errorType` and `errorMessage` |
//! | `<case>.given.json` | optional: the samples to invoke before, in order, as `["create-order/placed"]` |
//!
//! A reply is matched exactly, numbers by their value. Only what cannot be known before is left open, by an [`Open`] place in a
//! string, as in `"urn:uuid:<uuid>"`; and [`CONTRACT`] stands for the whole OpenAPI document.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::guards::tree;

/// Stands in a reply for the whole contract, which is generated and compared with the template elsewhere.
pub const CONTRACT: &str = "<contract>";

/// A place in a string of a reply that is not known before, one a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// `<uuid>`: any UUID.
    Uuid,
    /// `<time>`: any RFC 3339 time.
    Time,
    /// `<span>`: any span id of a trace, 16 hexadecimal digits.
    Span,
    /// `<secret>`: any secret of 32 bytes, in base64.
    Secret,
}

/// A sample invocation.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The function it is for.
    pub function: String,
    /// What distinguishes it.
    pub case: String,
    /// What the function is invoked with.
    pub event: Value,
    /// What it must reply.
    pub reply: Value,
    /// The samples that come before it, as `function/case`.
    pub given: Vec<String>,
}

impl Sample {
    /// Its name, `function/case`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.function, self.case)
    }

    /// Whether the function refuses, or fails a part of what it is given.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let fails = |member: &str| self.reply[member].as_array().is_some_and(|failures| !failures.is_empty());
        self.reply["statusCode"].as_u64().is_some_and(|status| status >= 400)
            || self.is_error()
            || fails("batchItemFailures")
    }

    /// Whether the function cannot take the event at all.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.reply["errorType"].is_string()
    }
}

/// All samples, by function and case.
#[must_use]
pub fn all() -> Vec<Sample> {
    let functions = tree::folders("events").into_iter();
    functions
        .flat_map(|function| cases(&function).into_iter().map(move |case| read(&function, &case)))
        .collect()
}

fn cases(function: &str) -> Vec<String> {
    let files = tree::files(&format!("events/{function}"), ".json").into_iter();
    let names =
        files.filter_map(|(path, _)| Some(Path::new(&path).file_stem()?.to_string_lossy().into_owned()));
    names.filter(|name| !name.ends_with(".reply") && !name.ends_with(".given")).collect()
}

fn read(function: &str, case: &str) -> Sample {
    let path = |kind: &str| format!("events/{function}/{case}{kind}.json");
    let given = tree::root().join(path(".given"));
    Sample {
        function: function.to_owned(),
        case: case.to_owned(),
        event: json(&path(""), &tree::text(&path(""))),
        reply: json(&path(".reply"), &tree::text(&path(".reply"))),
        given: fs::read_to_string(given)
            .map_or_else(|_| Vec::new(), |text| names(&json(&path(".given"), &text))),
    }
}

fn json(path: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn names(given: &Value) -> Vec<String> {
    let names = given.as_array().into_iter().flatten();
    names.map(|name| name.as_str().expect("a sample is given by its name").to_owned()).collect()
}

/// A reply in the form in which samples hold it: an HTTP body that is JSON is JSON, not text.
#[must_use]
pub fn readable(mut reply: Value) -> Value {
    let body = reply["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
    if let Some(body) = body.filter(|body| body.is_object() || body.is_array()) {
        reply["body"] = body;
    }
    reply
}

/// Where a reply differs from the one wanted, each as a JSON pointer and what stands there.
#[must_use]
pub fn differences(wanted: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", wanted, got, &mut found);
    found
}

fn compare(at: &str, wanted: &Value, got: &Value, found: &mut Vec<String>) {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => {
            let added = got.keys().filter(|name| !wanted.contains_key(*name));
            for name in wanted.keys().chain(added) {
                let [wanted, got] = [wanted, got].map(|object| object.get(name).unwrap_or(&Value::Null));
                compare(&format!("{at}/{name}"), wanted, got, found);
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (index, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(&format!("{at}/{index}"), wanted, got, found);
            }
        }
        (Value::String(wanted), Value::String(got)) if stands_for(wanted, got) => {}
        (Value::String(wanted), got) if wanted == CONTRACT && *got == penstock_api::openapi::document() => {}
        _ if wanted == got => {}
        _ => found.push(format!("{at}: wanted {wanted}, got {got}")),
    }
}

impl Open {
    const ALL: [Self; 4] = [Self::Uuid, Self::Time, Self::Span, Self::Secret];

    fn name(self) -> &'static str {
        match self {
            Self::Uuid => "<uuid>",
            Self::Time => "<time>",
            Self::Span => "<span>",
            Self::Secret => "<secret>",
        }
    }

    fn takes(self, text: &str) -> bool {
        match self {
            Self::Uuid => uuid::Uuid::try_parse(text).is_ok(),
            Self::Time => text.parse::<jiff::Timestamp>().is_ok(),
            Self::Span => text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::Secret => text.len() == 44 && text.ends_with('=') && !text.contains(char::is_whitespace),
        }
    }
}

fn stands_for(wanted: &str, got: &str) -> bool {
    Open::ALL.into_iter().any(|open| {
        let Some((before, after)) = wanted.split_once(open.name()) else { return false };
        got.strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|text| open.takes(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reply_is_matched_exactly() {
        let wanted = json!({"statusCode": 200, "body": {"items": [{"quantity": 1}]}});
        assert!(differences(&wanted, &wanted).is_empty());
        let got = json!({"statusCode": 200, "body": {"items": [{"quantity": 2}], "more": true}});
        assert_eq!(
            differences(&wanted, &got),
            ["/body/items/0/quantity: wanted 1, got 2", "/body/more: wanted null, got true"]
        );
    }

    #[test]
    fn an_open_place_takes_only_what_it_names() {
        let id = "2b1f9f5e-7b0b-5c35-9d52-0a4b8c1d2e3f";
        let fits = |wanted: &str, got: &str| differences(&json!(wanted), &json!(got)).is_empty();
        assert!(fits("<uuid>", id));
        assert!(fits("urn:uuid:<uuid>", &format!("urn:uuid:{id}")));
        assert!(fits("00-4bf9-<span>-01", "00-4bf9-00f067aa0ba902b7-01"));
        assert!(fits("<time>", "2026-05-01T10:00:00Z"));
        assert!(!fits("<time>", id));
        assert!(!fits("<uuid>", "536365"));
        assert!(!fits("urn:uuid:<uuid>", id));
        assert!(!fits("00-4bf9-<span>-01", "00-aaaa-00f067aa0ba902b7-01"));
    }

    #[test]
    fn a_body_of_json_is_shown_as_json() {
        assert_eq!(readable(json!({"body": "{\"a\":1}"})), json!({"body": {"a": 1}}));
        assert_eq!(readable(json!({"body": "plain"})), json!({"body": "plain"}));
    }
}

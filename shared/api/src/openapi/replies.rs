//! The replies of an operation: what it answers when it works, and the problems it can answer with.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::reference;
use crate::problem::{self, Code};

/// What the gateway says when it refuses a request before any function sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct GatewayMessage {
    #[schema(example = "Unauthorized")]
    message: String,
}

/// What an operation answers.
#[derive(Default)]
pub(super) struct Replies {
    /// Status, meaning and schema of each reply that is no problem.
    pub(super) results: Vec<Success>,
    /// The problems of its own; those that every operation has are added.
    pub(super) problems: Vec<Code>,
}

/// A reply that is no problem.
pub(super) struct Success {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) schema: Option<&'static str>,
    pub(super) headers: &'static [&'static str],
    pub(super) example: Option<Value>,
}

/// Statuses that the gateway answers with by itself, beside those of functions.
const GATEWAY: [u16; 5] = [401, 403, 413, 500, 503];

/// The responses of an operation, by status.
pub(super) fn responses(replies: Replies, needs_token: bool, takes_body: bool) -> Value {
    let mut responses = Map::new();
    for (status, codes) in by_status(replies.problems, needs_token, takes_body) {
        responses.insert(status.to_string(), refusal(status, &codes));
    }
    responses.insert("429".to_owned(), throttled());
    for success in replies.results {
        let entry = responses.entry(success.status.to_string()).or_insert_with(|| json!({}));
        merge(entry, success);
    }
    responses.into()
}

fn by_status(mut codes: Vec<Code>, needs_token: bool, takes_body: bool) -> BTreeMap<u16, Vec<Code>> {
    if needs_token {
        codes.extend([Code::Unauthorized, Code::Forbidden, Code::Unavailable]);
    }
    if takes_body {
        codes.extend([
            Code::MalformedJson,
            Code::ValidationFailed,
            Code::BodyTooLarge,
            Code::UnsupportedMediaType,
        ]);
    }
    codes.push(Code::Internal);
    codes.sort_unstable();
    codes.dedup();
    let mut statuses: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in codes {
        statuses.entry(code.status()).or_default().push(code);
    }
    statuses
}

fn refusal(status: u16, codes: &[Code]) -> Value {
    let lines: Vec<_> = codes.iter().map(|code| format!("`{}`: {}.", code.name(), code.title())).collect();
    let mut content = json!({ problem::CONTENT_TYPE: { "schema": reference("schemas", "Problem") } });
    if GATEWAY.contains(&status) {
        content["application/json"] = json!({ "schema": reference("schemas", "GatewayMessage") });
    }
    json!({ "description": lines.join(" "), "content": content })
}

fn throttled() -> Value {
    let content = json!({ "application/json": { "schema": reference("schemas", "GatewayMessage") } });
    json!({ "description": "The gateway lets no more requests through at the moment.", "content": content })
}

/// A success may share its status with problems: 409 is the order itself, or why it cannot be changed.
fn merge(response: &mut Value, success: Success) {
    let described = response["description"].as_str().map(|other| format!("{} {other}", success.description));
    response["description"] = json!(described.as_deref().unwrap_or(success.description));
    if let Some(schema) = success.schema {
        let mut content = json!({ "schema": reference("schemas", schema) });
        if let Some(example) = success.example {
            content["example"] = example;
        }
        response["content"]["application/json"] = content;
    }
    for name in success.headers {
        response["headers"][*name] = json!({ "schema": { "type": "string" }, "description": header(name) });
    }
}

fn header(name: &str) -> &'static str {
    match name {
        "ETag" => "The order's version as an entity tag, for If-Match and If-None-Match.",
        "Location" => "Where the order is.",
        other => unreachable!("header {other} is not described"),
    }
}

//! How AWS says no: its words, in each service's shape.
//!
//! Source: "Troubleshoot access denied error messages", IAM User Guide; the shapes are those that the services' models name.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::needs::Need;
use crate::aws::service::ServiceReply;

/// AWS's words for a need that is not granted.
pub(super) fn words(principal: &str, need: &Need, denied: bool) -> String {
    let Need { action, resource, .. } = need;
    let because = if denied {
        "with an explicit deny in an identity-based policy".to_owned()
    } else {
        format!("because no identity-based policy allows the {action} action")
    };
    format!("User: {principal} is not authorized to perform: {action} on resource: {resource} {because}")
}

/// The refusal as `service` shapes it.
pub(super) fn reply(service: &str, words: &str) -> ServiceReply {
    match service {
        "s3" => xml(words),
        "sqs" => sqs(words),
        "lambda" => lambda(words),
        "dynamodb" => of_json(
            400,
            "com.amazon.coral.service#AccessDeniedException",
            "application/x-amz-json-1.0",
            words,
        ),
        _ => of_json(400, "AccessDeniedException", "application/x-amz-json-1.1", words),
    }
}

fn sqs(words: &str) -> ServiceReply {
    let mut reply =
        of_json(403, "com.amazon.coral.service#AccessDeniedException", "application/x-amz-json-1.0", words);
    let legacy = HeaderValue::from_static("AccessDenied;Sender");
    reply.headers.insert("x-amzn-query-error", legacy);
    reply
}

fn lambda(words: &str) -> ServiceReply {
    let mut reply = of_json(403, "AccessDeniedException", "application/json", words);
    reply.headers.insert("x-amzn-errortype", HeaderValue::from_static("AccessDeniedException"));
    reply
}

fn of_json(status: u16, kind: &str, content_type: &'static str, words: &str) -> ServiceReply {
    ServiceReply {
        status,
        body: json!({"__type": kind, "Message": words, "message": words}).to_string().into_bytes(),
        content_type,
        error: Some("AccessDeniedException".to_owned()),
        ..ServiceReply::default()
    }
}

fn xml(words: &str) -> ServiceReply {
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>{words}</Message></Error>"
    );
    ServiceReply {
        status: 403,
        body: body.into_bytes(),
        content_type: "application/xml",
        headers: HeaderMap::new(),
        error: Some("AccessDenied".to_owned()),
        ..ServiceReply::default()
    }
}

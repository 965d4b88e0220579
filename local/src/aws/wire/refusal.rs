//! What a caller reads whose signature is not taken: the error in the shape of the service it called.

use http::{HeaderMap, HeaderValue};
use serde_json::json;

use super::signature::Refused;
use crate::aws::service::ServiceReply;

/// The refusal as `service` says it.
pub(super) fn reply(service: &str, refused: &Refused) -> ServiceReply {
    error(service, status(service), kind(refused), &refused.to_string())
}

/// An error of the front itself, in the shape of the JSON protocols (Lambda's says its type in a header, all may).
pub(super) fn error(service: &str, status: u16, kind: &'static str, message: &str) -> ServiceReply {
    let body = match service {
        "lambda" => json!({"Type": "User", "Message": message}),
        _ => json!({"__type": format!("com.amazon.coral.service#{kind}"), "message": message}),
    };
    ServiceReply {
        status,
        body: body.to_string().into_bytes(),
        content_type: if service == "dynamodb" {
            "application/x-amz-json-1.0"
        } else {
            "application/x-amz-json-1.1"
        },
        headers: HeaderMap::from_iter([(
            http::HeaderName::from_static("x-amzn-errortype"),
            HeaderValue::from_static(kind),
        )]),
        error: Some(kind.to_owned()),
        ..ServiceReply::default()
    }
}

fn kind(refused: &Refused) -> &'static str {
    match refused {
        Refused::Missing => "MissingAuthenticationTokenException",
        Refused::Incomplete(_) => "IncompleteSignatureException",
        Refused::UnknownKey => "UnrecognizedClientException",
        Refused::Skewed(..) | Refused::Differs | Refused::OtherRegion(_) | Refused::OtherService(_) => {
            "InvalidSignatureException"
        }
    }
}

fn status(service: &str) -> u16 {
    match service {
        "lambda" | "sqs" => 403,
        _ => 400,
    }
}

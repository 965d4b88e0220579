//! Lambda's `Invoke`: `aws lambda invoke --endpoint-url …`, on the platform's own port and on the AWS port.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;

use crate::functions::Functions;
use crate::gateway::log_failure;
use crate::handler::Failure;

/// Invokes a function, whichever way it is named, and waits unless the caller asks not to.
pub(crate) async fn invoke(functions: &Functions, name: &str, headers: &HeaderMap, body: Bytes) -> Response {
    let name = functions.resolve(name);
    if !functions.contains(&name) {
        return failed(StatusCode::NOT_FOUND, &Failure::Unknown(name));
    }
    let waits = match headers.get("x-amz-invocation-type").map(HeaderValue::as_bytes) {
        None | Some(b"RequestResponse") => true,
        Some(b"Event") => false,
        Some(b"DryRun") => return StatusCode::NO_CONTENT.into_response(),
        Some(_) => {
            let words = "InvocationType is none of Event, RequestResponse, DryRun.";
            return lambda_error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", words);
        }
    };
    let payload = if body.is_empty() { b"{}".to_vec() } else { body.to_vec() };
    let request_id = uuid::Uuid::new_v4().to_string();
    if !waits {
        let functions = functions.clone();
        tokio::spawn(async move { invoked(&functions, &name, payload, request_id).await });
        return StatusCode::ACCEPTED.into_response();
    }
    invoked(functions, &name, payload, request_id).await
}

async fn invoked(functions: &Functions, name: &str, payload: Vec<u8>, request_id: String) -> Response {
    let mut response = match functions.invoke(name, payload, request_id.clone()).await {
        Ok(answer) => Response::new(Body::from(answer)),
        Err(failure @ Failure::TooLarge { what: "the payload", .. }) => {
            return failed(StatusCode::PAYLOAD_TOO_LARGE, &failure);
        }
        Err(failure @ Failure::Throttled) => return failed(StatusCode::TOO_MANY_REQUESTS, &failure),
        Err(failure) => {
            log_failure(name, &request_id, &failure);
            let error = json!({"errorType": failure.kind(), "errorMessage": failure.message()});
            let mut response = Json(error).into_response();
            response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            response
        }
    };
    response.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
    response
}

fn failed(status: StatusCode, failure: &Failure) -> Response {
    let kind = match failure {
        Failure::Unknown(_) => "ResourceNotFoundException",
        Failure::Throttled => "TooManyRequestsException",
        _ => "RequestTooLargeException",
    };
    lambda_error(status, kind, &failure.message())
}

fn lambda_error(status: StatusCode, kind: &'static str, words: &str) -> Response {
    let mut response = (status, Json(json!({"Type": "User", "Message": words}))).into_response();
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

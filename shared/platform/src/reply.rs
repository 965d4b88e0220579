//! What a handler answers, and how it goes back to API Gateway (payload format 2.0).

use std::collections::BTreeMap;

use penstock_api::conditions::etag;
use penstock_api::orders::OrderView;
use penstock_api::problem::CONTENT_TYPE;
use penstock_application::OrderRecord;

use crate::failure::Failure;
use crate::request::Ids;

/// What a handler answers.
pub type Reply = Result<Response, Failure>;

/// A response: always JSON, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    headers: BTreeMap<&'static str, String>,
    body: String,
}

/// 200 with a body that is JSON.
///
/// # Errors
/// 500 when the body is no text, which is a bug.
pub fn ok(json: impl Into<Vec<u8>>) -> Reply {
    with_status(200, json)
}

/// A body that is JSON, with another status.
///
/// # Errors
/// 500 when the body is no text, which is a bug.
pub fn with_status(status: u16, json: impl Into<Vec<u8>>) -> Reply {
    String::from_utf8(json.into())
        .map(|body| Response::new(status, "application/json", body))
        .map_err(|error| Failure::internal(error.to_string()))
}

/// An order, with its version as the entity tag.
///
/// # Errors
/// Never; it is a [`Reply`] so that a handler can end with it.
pub fn order(status: u16, record: &OrderRecord) -> Reply {
    let view = OrderView::new(record.id, record.version, &record.order);
    Ok(with_status(status, view.to_json())?.with("etag", etag(record.version)))
}

/// A status that says all.
///
/// # Errors
/// Never; it is a [`Reply`] so that a handler can end with it.
pub fn empty(status: u16) -> Reply {
    Ok(Response { status, headers: BTreeMap::new(), body: String::new() })
}

impl Response {
    fn new(status: u16, content_type: &str, body: String) -> Self {
        Self { status, headers: BTreeMap::from([("content-type", content_type.to_owned())]), body }
    }

    /// The same, with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.insert(name, value.into());
        self
    }

    /// The problem document of a failure. `instance` names this occurrence.
    pub(crate) fn of(failure: &Failure, ids: &Ids) -> Self {
        let mut problem = failure.problem.clone();
        problem.instance = Some(format!("urn:uuid:{}", ids.request));
        let body = String::from_utf8_lossy(&problem.to_json()).into_owned();
        let response = Self::new(problem.code.status(), CONTENT_TYPE, body);
        problem.headers.into_iter().fold(response, |response, (name, value)| response.with(name, value))
    }

    /// As API Gateway takes it, with what every response carries.
    pub(crate) fn event(self, ids: &Ids) -> serde_json::Value {
        let response = self
            .with("x-request-id", ids.request.as_str())
            .with("x-correlation-id", ids.correlation.as_str())
            .with("traceparent", ids.trace.traceparent.as_str())
            .with("x-content-type-options", "nosniff");
        let caching = response.headers.get("cache-control").cloned().unwrap_or_else(|| "no-cache".to_owned());
        let response = response.with("cache-control", caching);
        serde_json::json!({
            "statusCode": response.status,
            "headers": response.headers,
            "body": response.body,
            "isBase64Encoded": false,
            // Optional to API Gateway, and not to `cargo lambda watch`.
            "cookies": [],
        })
    }
}

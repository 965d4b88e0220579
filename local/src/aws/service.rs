//! What an embedded AWS service is to those who lead calls to it: the connector in this process, and the port.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::header::{CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// A request to a service, as it came over the wire.
#[derive(Debug, Clone, Default)]
pub struct ServiceRequest {
    /// The function that makes it; [`CALLER_OUTSIDE`] when it comes from outside the functions.
    pub function: String,
    /// The operation: of `X-Amz-Target`, or (S3) what method, path and query amount to.
    pub operation: String,
    /// The HTTP method.
    pub method: Method,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without `?`, still percent-encoded.
    pub query: String,
    /// The headers; `host` is always there.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What of a batch its caller may not do, by its place in the batch, and AWS's words for why.
    pub refused: BTreeMap<usize, String>,
}

/// Who calls with the access key that everybody has: a person's tool, a test.
pub const CALLER_OUTSIDE: &str = "outside";

/// A service's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceReply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The media type of the body; empty when it is among the headers, or there is none.
    pub content_type: &'static str,
    /// Headers besides the media type and the request id.
    pub headers: HeaderMap,
    /// The tables (or queues, or buckets) it touched.
    pub resources: Vec<String>,
    /// Read units consumed.
    pub read_units: f64,
    /// Write units consumed.
    pub write_units: f64,
    /// The error's type, if it is one.
    pub error: Option<String>,
    /// How it did not arrive, if it did not.
    pub lost: Option<Lost>,
}

/// How an answer does not arrive. Whether the request took effect, the caller cannot know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The connection ended.
    Reset,
    /// It took longer than the caller waits.
    TimedOut,
}

impl ServiceRequest {
    /// The request of `function` with this head and body. The operation is of `X-Amz-Target`, or not known yet.
    #[must_use]
    pub fn new(function: &str, head: &Parts, body: Bytes) -> Self {
        let mut headers = head.headers.clone();
        let host = head.uri.authority().and_then(|it| HeaderValue::from_str(it.as_str()).ok());
        if let (Some(host), false) = (host, headers.contains_key(HOST)) {
            headers.insert(HOST, host);
        }
        Self {
            function: function.to_owned(),
            operation: operation_of(&headers).to_owned(),
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers,
            body,
            refused: BTreeMap::new(),
        }
    }
}

impl ServiceReply {
    /// The answer of a JSON service to what it did, naming what that touched.
    pub(super) fn done(body: &serde_json::Value, content_type: &'static str, resources: Vec<String>) -> Self {
        Self { status: 200, body: body.to_string().into_bytes(), content_type, resources, ..Self::default() }
    }

    /// The reply as HTTP, with a request id of its own.
    pub(super) fn into_http(self) -> http::Response<Vec<u8>> {
        let mut response = http::Response::new(self.body);
        // A service that answers an impossible status failed.
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        *headers = self.headers;
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        let request_id = uuid::Uuid::new_v4().to_string();
        headers.insert(
            "x-amzn-requestid",
            HeaderValue::from_str(&request_id).expect("a UUID is a header's value"),
        );
        response
    }
}

/// The service a request is for: that of its target, else that it is signed for
/// (`Credential=KEY/20260101/eu-central-1/s3/aws4_request`).
pub(super) fn service_of(headers: &HeaderMap) -> Option<String> {
    let target = text(headers, "x-amz-target").split('.').next().unwrap_or_default();
    match target {
        "DynamoDB_20120810" => Some("dynamodb".to_owned()),
        "AmazonSQS" => Some("sqs".to_owned()),
        "secretsmanager" => Some("secretsmanager".to_owned()),
        _ => {
            let scope = text(headers, "authorization").split_once("Credential=")?.1;
            scope.split([',', ' ']).next()?.split('/').nth(3).map(str::to_owned)
        }
    }
}

fn operation_of(headers: &HeaderMap) -> &str {
    text(headers, "x-amz-target").rsplit('.').next().unwrap_or_default()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// An AWS service in this process.
pub trait Service: Send + Sync {
    /// The operation a request asks for, where that is not what `X-Amz-Target` says (S3). Empty when there is none.
    fn operation(&self, _request: &ServiceRequest) -> Option<&'static str> {
        None
    }

    /// Answers one request.
    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply>;
}

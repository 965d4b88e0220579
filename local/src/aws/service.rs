//! What an embedded AWS service is to the connector.

use futures::future::BoxFuture;

/// A request to a service, as it came over the wire.
#[derive(Debug, Clone)]
pub struct ServiceRequest {
    /// The function that makes it.
    pub function: String,
    /// The operation of `X-Amz-Target`; empty for services that name it in method and path.
    pub operation: String,
    /// The body.
    pub body: Vec<u8>,
}

/// A service's answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceReply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The tables (or queues, or buckets) it touched.
    pub resources: Vec<String>,
    /// Read units consumed.
    pub read_units: f64,
    /// Write units consumed.
    pub write_units: f64,
    /// The error's type, if it is one.
    pub error: Option<String>,
}

/// An AWS service in this process.
pub trait Service: Send + Sync {
    /// Answers one request.
    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply>;
}

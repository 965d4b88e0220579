//! An HTTP client for calls to other companies: small, with a time limit on every call, and sure of what may have arrived.
//!
//! TLS is rustls with ring and Mozilla's roots, as the SDK links it. It follows no redirect and knows no proxy.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Lambda freezes between invocations: a connection that was idle for longer may be dead without anybody having noticed.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// Until there is a connection.
    pub(crate) connect: Duration,
    /// From the start to the answer's last byte.
    pub(crate) whole: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(1), whole: Duration::from_secs(8) }
    }
}

/// A client, with a pool of connections.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    whole: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// The request never left.
    #[error("no connection")]
    NotSent(#[source] hyper_util::client::legacy::Error),
    /// The time was over.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The connection ended while the request was sent or the answer awaited.
    #[error("the connection was cut")]
    Cut(#[source] hyper_util::client::legacy::Error),
    /// The answer began, and did not end as it should.
    #[error("the answer could not be read to its end")]
    Unfinished(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl HttpError {
    /// Whether the other side may have got the request, and done what it says.
    pub(crate) fn may_have_arrived(&self) -> bool {
        !matches!(self, Self::NotSent(_))
    }
}

impl Http {
    /// A client that does no I/O yet.
    pub(crate) fn new(timeouts: Timeouts) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_connect_timeout(Some(timeouts.connect));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring speaks TLS 1.2 and 1.3")
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, whole: timeouts.whole }
    }

    /// Sends a request once and reads the answer, whatever its status.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
        timeout(self.whole, self.exchange(request)).await.map_err(|_| HttpError::TimedOut(self.whole))?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
        let answered = self.client.request(request).await.map_err(|error| {
            if error.is_connect() { HttpError::NotSent(error) } else { HttpError::Cut(error) }
        })?;
        let (head, body) = answered.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(HttpError::Unfinished)?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

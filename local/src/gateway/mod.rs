//! API Gateway's HTTP API in front of the functions: what `template.yaml` says, in the order the real one does it:
//! CORS preflight, route, throttle, authorizer, size, function, time limit.

mod authorizer;
mod cors;
mod event;
mod reply;
mod routes;
mod throttle;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;

use crate::functions::{Functions, PAYLOAD_MAX_BYTES};
use crate::handler::Failure;
use crate::template::{Cors, Template};
use authorizer::Authorizer;
use event::Circumstances;
use routes::{Match, Routes};
use throttle::Bucket;

/// API Gateway's limit of a request's body.
const BODY_MAX_BYTES: usize = 10 * 1024 * 1024;
/// How much of a body that is too large is still read, so that its sender gets to read the refusal.
const DRAINED_MAX_BYTES: usize = 64 * 1024 * 1024;
/// An integration's time limit.
const INTEGRATION_MAX: Duration = Duration::from_secs(29);

/// The gateway of one API.
pub struct Gateway {
    routes: Routes,
    authorizers: BTreeMap<String, Authorizer>,
    buckets: BTreeMap<String, Bucket>,
    cors: Option<Cors>,
    functions: Functions,
    integration_max: Duration,
}

impl Gateway {
    /// The gateway that the template describes, trusting `keys`.
    #[must_use]
    pub fn new(template: &Template, keys: &JwkSet, functions: Functions) -> Self {
        let api = &template.api;
        let now = Instant::now();
        let routes = Routes::new(&template.routes, api.default_authorizer.as_deref());
        let bucket = |key: &str| {
            let size = api.route_throttles.get(key).copied().or(api.throttle)?;
            Some((key.to_owned(), Bucket::new(size, now)))
        };
        let authorizers = api.authorizers.iter();
        Self {
            buckets: routes.keys().filter_map(bucket).collect(),
            routes,
            authorizers: authorizers
                .map(|(name, it)| (name.clone(), Authorizer::new(it.clone(), keys)))
                .collect(),
            cors: api.cors.clone(),
            functions,
            integration_max: INTEGRATION_MAX,
        }
    }

    /// Answers one request.
    pub async fn answer(&self, peer: SocketAddr, request: Request<Body>) -> Response<Body> {
        let request_id = uuid::Uuid::new_v4().to_string();
        let (head, body) = request.into_parts();
        let mut response = match &self.cors {
            Some(cors) if Cors::is_preflight(&head.method, &head.headers) => preflight(cors, &head),
            _ => self.route(peer, &head, body, &request_id).await,
        };
        if let Some(cors) = &self.cors {
            response.headers_mut().extend(cors.simple(&head.headers));
        }
        let id = HeaderValue::from_str(&request_id).expect("a UUID is a header value");
        response.headers_mut().insert("apigw-requestid", id);
        response
    }

    async fn route(&self, peer: SocketAddr, head: &Parts, body: Body, request_id: &str) -> Response<Body> {
        let Some(found) = self.routes.find(head.method.as_str(), head.uri.path()) else {
            return reply::message(StatusCode::NOT_FOUND, "Not Found");
        };
        if !self.buckets.get(&found.route.key).is_none_or(|it| it.take(Instant::now())) {
            return reply::message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
        }
        let now = Timestamp::now();
        let claims = match self.authorize(&found, head, now) {
            Ok(claims) => claims,
            Err(refusal) => return *refusal,
        };
        let Some(body) = read_whole(body).await else {
            return reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let source_ip = peer.ip().to_string();
        let circumstances = Circumstances { source_ip: &source_ip, request_id, now, claims: claims.as_ref() };
        let payload = event::build(head, &body, &found, &circumstances);
        if payload.len() > PAYLOAD_MAX_BYTES {
            return reply::message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        self.integrate(&found.route.function, payload).await
    }

    fn authorize(
        &self,
        found: &Match<'_>,
        head: &Parts,
        now: Timestamp,
    ) -> Result<Option<authorizer::Claims>, Box<Response<Body>>> {
        let Some(name) = &found.route.authorizer else { return Ok(None) };
        let header = head.headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
        // An authorizer that the template does not define lets nobody in.
        let judged = self.authorizers.get(name).map(|it| it.judge(header, now.as_second()));
        match judged {
            Some(Ok(claims)) => Ok(Some(claims)),
            refused => {
                tracing::debug!(?refused, route = found.route.key, "a caller was not let in");
                let mut response = reply::message(StatusCode::UNAUTHORIZED, "Unauthorized");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                Err(Box::new(response))
            }
        }
    }

    async fn integrate(&self, function: &str, payload: Vec<u8>) -> Response<Body> {
        let invocation_id = uuid::Uuid::new_v4().to_string();
        let answer = self.functions.invoke(function, payload, invocation_id.clone());
        match tokio::time::timeout(self.integration_max, answer).await {
            Ok(Ok(answer)) => reply::read(&answer).unwrap_or_else(|| {
                tracing::error!(function, request_id = invocation_id, "a function's answer is no reply");
                reply::internal_error()
            }),
            Ok(Err(failure)) => {
                log_failure(function, &invocation_id, &failure);
                match failure {
                    Failure::Throttled => {
                        reply::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
                    }
                    _ => reply::internal_error(),
                }
            }
            Err(_) => {
                tracing::error!(
                    function,
                    request_id = invocation_id,
                    "a function took longer than the gateway waits"
                );
                reply::message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }
}

/// Says once that a function failed. What a handler itself answered as its error, the handler has logged.
pub(crate) fn log_failure(function: &str, request_id: &str, failure: &Failure) {
    if matches!(failure, Failure::Error { .. }) {
        return;
    }
    tracing::error!(
        function,
        request_id,
        kind = failure.kind(),
        error = failure.message(),
        "a function failed"
    );
}

fn preflight(cors: &Cors, head: &Parts) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(cors.preflight(&head.headers));
    response
}

/// The body, or `None` when it is too large (or its sender went away, who then reads no answer either).
async fn read_whole(mut body: Body) -> Option<Bytes> {
    let mut whole = BytesMut::new();
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let data = frame.ok()?.into_data().unwrap_or_default();
        seen += data.len();
        if seen <= BODY_MAX_BYTES {
            whole.extend_from_slice(&data);
        } else if seen > DRAINED_MAX_BYTES {
            return None;
        }
    }
    (seen <= BODY_MAX_BYTES).then(|| whole.freeze())
}

#[cfg(test)]
mod tests;

//! The AWS port: the embedded services on loopback, for the AWS CLI, boto3 and functions in processes of their own.
//!
//! It finds out which service a request is for and whose it is, then calls the service the way everything else does
//! ([`Cloud::call`]). Of what the services do it knows nothing.

mod keys;
mod refusal;
mod signature;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use keys::{AccessKey, AccessKeys, TEST_KEY};

use super::Cloud;
use super::calls::Call;
use super::service::{CALLER_OUTSIDE, ServiceReply, ServiceRequest, service_of};
use crate::functions::Functions;
use crate::invoke::invoke;
use crate::loopback::aws_port;
use signature::Authorization;

/// The largest body taken: a whole object, or a part of one.
pub const BODY_MAX_BYTES: usize = 256 * 1024 * 1024;

const FUNCTIONS: &str = "/2015-03-31/functions/";
const INVOCATIONS: &str = "/invocations";

/// What answers on the port.
pub(crate) struct Front {
    pub(crate) cloud: Cloud,
    pub(crate) functions: Functions,
}

/// Answers on `listener` until told to stop, and finishes what is in flight.
pub(crate) async fn serve(listener: TcpListener, front: Front, mut stopping: watch::Receiver<bool>) {
    let app = aws_port(Router::new().fallback(answer).with_state(Arc::new(front)));
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = error.to_string(), "a connection keeps its delay");
        }
    });
    let until = async move {
        // It fails only when the platform was dropped, which stops it too.
        let _stopped_or_dropped = stopping.wait_for(|it| *it).await;
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(until).await {
        tracing::error!(error = error.to_string(), "the AWS port failed");
    }
}

async fn answer(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let service = service_for(&head.headers, head.uri.path(), head.uri.query().unwrap_or_default());
    let Ok(body) = to_bytes(body, BODY_MAX_BYTES).await else {
        return http(refusal::error(
            &service,
            413,
            "RequestEntityTooLarge",
            "the body is larger than is taken here",
        ));
    };
    let mut request = ServiceRequest::new(CALLER_OUTSIDE, &head, body);
    let owner = match service.as_str() {
        "s3" => Ok(claimed(&request, front.cloud.access_keys())),
        _ => {
            let verified = signature::verify(&service, &request, front.cloud.access_keys(), Timestamp::now());
            verified.map(|it| it.function)
        }
    };
    match owner {
        Ok(function) => request.function = function,
        Err(refused) => return http(with_checksum(&service, refusal::reply(&service, &refused))),
    }
    if service == "lambda" {
        return lambda(&front, request).await;
    }
    match front.cloud.call(&service, request).await {
        Some(reply) => http(with_checksum(&service, reply)),
        None => http(refusal::error(
            &service,
            501,
            "UnknownService",
            &format!("there is no service {service} here"),
        )),
    }
}

/// The service a request is for. What is not signed for any is S3's, which alone has anonymous callers.
fn service_for(headers: &HeaderMap, path: &str, query: &str) -> String {
    if path.starts_with(FUNCTIONS) {
        return "lambda".to_owned();
    }
    let in_url = || credential_in(query)?.split('/').nth(3).map(str::to_owned);
    service_of(headers).or_else(in_url).unwrap_or_else(|| "s3".to_owned())
}

/// The function that an S3 request says it is of; S3 verifies that itself, and refuses what another signed.
fn claimed(request: &ServiceRequest, keys: &AccessKeys) -> String {
    let header = request.headers.get("authorization").and_then(|it| it.to_str().ok());
    let in_header = header.and_then(|it| Some(Authorization::read(it).ok()?.access_key.to_owned()));
    let in_url = || Some(credential_in(&request.query)?.split('/').next()?.to_owned());
    let owner = in_header.or_else(in_url).and_then(|it| keys.find(&it));
    owner.map_or_else(|| CALLER_OUTSIDE.to_owned(), |it| it.function)
}

/// `X-Amz-Credential` of a presigned URL.
fn credential_in(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|it| it.strip_prefix("X-Amz-Credential="))?;
    Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
}

async fn lambda(front: &Front, request: ServiceRequest) -> Response {
    let name = request.path.strip_prefix(FUNCTIONS).and_then(|it| it.strip_suffix(INVOCATIONS));
    match name {
        Some(name) => {
            let name = percent_decode_str(name).decode_utf8_lossy();
            invocation(front, &front.functions.resolve(&name), request).await
        }
        None => http(refusal::error(
            "lambda",
            501,
            "UnknownOperationException",
            "functions can only be invoked here",
        )),
    }
}

/// One invocation, judged and logged as the calls to the services are.
async fn invocation(front: &Front, name: &str, request: ServiceRequest) -> Response {
    let (caller, started) = (request.function.clone(), Instant::now());
    let refused = front.cloud.inner.permissions.get().and_then(|it| it.refusal_of_invocation(&caller, name));
    let response = match refused {
        Some(refused) => http(refused),
        None => invoke(&front.functions, name, &request.headers, request.body).await,
    };
    let says = |header| response.headers().get(header)?.to_str().ok().map(str::to_owned);
    front.cloud.calls().record(Call {
        function: caller,
        service: "lambda".to_owned(),
        operation: "Invoke".to_owned(),
        tables: vec![],
        read_units: 0.0,
        write_units: 0.0,
        duration: started.elapsed(),
        error: says("x-amzn-errortype").or_else(|| says("x-amz-function-error")),
    });
    response
}

/// DynamoDB says a checksum of each body, and the SDKs compare it.
fn with_checksum(service: &str, mut reply: ServiceReply) -> ServiceReply {
    if service == "dynamodb" {
        reply.headers.insert("x-amz-crc32", HeaderValue::from(crc32fast::hash(&reply.body)));
    }
    reply
}

fn http(reply: ServiceReply) -> Response {
    reply.into_http().map(|it| Body::from(Bytes::from(it)))
}

#[cfg(test)]
mod tests;

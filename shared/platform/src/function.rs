//! A Lambda function as a value: the same value is run by `main.rs` in AWS and by `local/` in one process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use futures::future::BoxFuture;
pub use penstock_application::Clock;
use serde_json::Value;
use tracing::Instrument;
use tracing::field::Empty;

use crate::app::{App, StartError};
use crate::caches::Caches;
use crate::failure::{Failure, chain};
use crate::projection::ProjectionError;
use crate::reply::{Reply, Response};
use crate::request::{Ids, Request};
use crate::telemetry::{Outcome, measure_invocation};

/// What surrounds a function: its variables, its AWS, and what it may share with others of its process.
pub struct Environment {
    /// Environment variables, as `template.yaml` gives them.
    pub variables: BTreeMap<String, String>,
    /// One configuration for all clients: HTTP client, credentials, region.
    pub aws: aws_types::SdkConfig,
    /// Caches of the process. In AWS a function is alone in its process; on a laptop all share one.
    pub caches: Arc<Caches>,
    /// What time it is.
    pub clock: Clock,
}

/// One invocation's own facts.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Lambda's request id, a UUID.
    pub request_id: String,
}

/// Why an invocation failed; Lambda reports it as `errorType` and `errorMessage`.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}: {message}")]
pub struct InvocationError {
    /// A stable name, e.g. `MalformedEvent`.
    pub kind: &'static str,
    /// What went wrong, in words for an operator.
    pub message: String,
}

impl From<serde_json::Error> for InvocationError {
    fn from(error: serde_json::Error) -> Self {
        Self { kind: "MalformedEvent", message: error.to_string() }
    }
}

impl From<ProjectionError> for InvocationError {
    fn from(error: ProjectionError) -> Self {
        Self { kind: "ProjectionFailed", message: chain(&error) }
    }
}

/// An HTTP handler: `handle` of `functions/<name>`.
pub type HttpHandler = for<'a> fn(&'a App, Request) -> BoxFuture<'a, Reply>;
/// A handler of raw events (streams, queues, direct invocations): payload in, payload out.
pub type EventHandler = for<'a> fn(&'a App, Value) -> BoxFuture<'a, Result<Value, InvocationError>>;

/// A handler of raw events with parts of its own, for a function that needs other ones than [`App`] has.
pub trait EventSink: Send + Sync {
    /// Answers one invocation.
    ///
    /// # Errors
    /// When the payload is not what the function takes, or the function could not finish it.
    fn handle(&self, event: Value) -> BoxFuture<'_, Result<Value, InvocationError>>;
}

/// A handler of HTTP requests with parts of its own, for a function that needs other ones than [`App`] has.
pub trait Endpoint: Send + Sync {
    /// Answers one request.
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply>;
}

/// Builds an [`Endpoint`] in Lambda's init phase. It does no I/O.
pub type StartEndpoint = fn(&Environment) -> Result<Box<dyn Endpoint>, StartError>;
/// Builds an [`EventSink`] in Lambda's init phase. It does no I/O.
pub type StartSink = fn(&Environment) -> Result<Box<dyn EventSink>, StartError>;

/// A function of the suite.
#[derive(Clone, Copy)]
pub struct Function {
    /// The folder's name in `functions/`, and the handler's name in `template.yaml`.
    pub name: &'static str,
    handler: Handler,
}

#[derive(Clone, Copy)]
enum Handler {
    Http(HttpHandler),
    Event(EventHandler),
    Sink(StartSink),
    Endpoint(StartEndpoint),
}

impl Function {
    /// A function behind API Gateway.
    pub const fn http(name: &'static str, handle: HttpHandler) -> Self {
        Self { name, handler: Handler::Http(handle) }
    }

    /// A function that gets events.
    pub const fn event(name: &'static str, handle: EventHandler) -> Self {
        Self { name, handler: Handler::Event(handle) }
    }

    /// A function that gets events and builds its own parts.
    pub const fn sink(name: &'static str, start: StartSink) -> Self {
        Self { name, handler: Handler::Sink(start) }
    }

    /// A function behind API Gateway that builds its own parts.
    pub const fn endpoint(name: &'static str, start: StartEndpoint) -> Self {
        Self { name, handler: Handler::Endpoint(start) }
    }

    /// Lambda's init phase: builds every client the function needs.
    ///
    /// # Errors
    /// When a variable is missing or malformed; it names the variable.
    pub fn start(&self, environment: Environment) -> Result<Instance, StartError> {
        let started = match self.handler {
            Handler::Http(handle) => Started::Http(handle, App::new(&environment)?),
            Handler::Event(handle) => Started::Event(handle, App::new(&environment)?),
            Handler::Sink(start) => Started::Sink(start(&environment)?),
            Handler::Endpoint(start) => Started::Endpoint(start(&environment)?),
        };
        Ok(Instance { name: self.name, started })
    }
}

/// A started function.
pub struct Instance {
    name: &'static str,
    started: Started,
}

/// What answers, with the parts it answers from.
enum Started {
    Http(HttpHandler, App),
    Event(EventHandler, App),
    Sink(Box<dyn EventSink>),
    Endpoint(Box<dyn Endpoint>),
}

impl Instance {
    /// Makes the first request fast: one cheap call opens the connection and runs through signing and decoding,
    /// whatever it is answered.
    pub(crate) async fn prewarm(&self) {
        match &self.started {
            Started::Http(_, app) | Started::Event(_, app) => app.health.knock().await,
            // Nobody waits for the first answer of what is behind a queue or a stream, or of a webhook.
            Started::Sink(_) => {}
            // What it asks first is its own affair.
            Started::Endpoint(_) => {}
        }
    }

    /// Runs the handler once. `payload` and what comes back are the JSON that Lambda would exchange.
    ///
    /// # Errors
    /// When the payload is not what the function takes, or the function could not finish it.
    pub async fn invoke(&self, payload: &[u8], invocation: Invocation) -> Result<Vec<u8>, InvocationError> {
        let span = tracing::info_span!(
            "invocation",
            function = self.name,
            request_id = invocation.request_id,
            correlation_id = Empty,
            trace_id = Empty,
            tenant = Empty,
            order = Empty,
        );
        let started = Instant::now();
        let invoked = async {
            match &self.started {
                Started::Http(handle, app) => invoke_http(|it| handle(app, it), payload, invocation).await,
                Started::Endpoint(endpoint) => {
                    invoke_http(|it| endpoint.handle(it), payload, invocation).await
                }
                Started::Event(handle, app) => {
                    Ok((handle(app, serde_json::from_slice(payload)?).await?, Outcome::Done))
                }
                Started::Sink(sink) => {
                    Ok((sink.handle(serde_json::from_slice(payload)?).await?, Outcome::Done))
                }
            }
        };
        let result = invoked.instrument(span.clone()).await;
        if let Err(error) = &result {
            span.in_scope(|| tracing::error!(%error, "an invocation failed"));
        }
        let outcome = result.as_ref().map_or(Outcome::Failed, |(_, outcome)| *outcome);
        measure_invocation(self.name, started.elapsed(), outcome);
        Ok(serde_json::to_vec(&result?.0).expect("a JSON value can be written"))
    }
}

async fn invoke_http<'a>(
    handle: impl FnOnce(Request) -> BoxFuture<'a, Reply>,
    payload: &[u8],
    invocation: Invocation,
) -> Result<(Value, Outcome), InvocationError> {
    let event: ApiGatewayV2httpRequest = serde_json::from_slice(payload)?;
    let request = Request::new(event, invocation.request_id);
    let span = tracing::Span::current();
    let ids = request.ids().clone();
    span.record("correlation_id", &ids.correlation);
    span.record("trace_id", &ids.trace.id);
    let route = request.route().to_owned();
    let started = Instant::now();
    let reply = handle(request).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let (response, outcome) = match reply {
        Ok(response) => (response, Outcome::Done),
        Err(failure) => failed(&failure, &ids),
    };
    tracing::info!(route, status = response.status, duration_ms, "answered");
    Ok((response.event(&ids), outcome))
}

/// The response to a failure, which is logged here and nowhere else.
fn failed(failure: &Failure, ids: &Ids) -> (Response, Outcome) {
    let code = failure.problem.code.name();
    let outcome = if failure.is_ours() {
        let cause = failure.cause.as_deref().unwrap_or("unknown");
        tracing::error!(code, cause, "a request failed");
        Outcome::Failed
    } else {
        tracing::info!(code, "a request was refused");
        Outcome::Refused
    };
    (Response::of(failure, ids), outcome)
}

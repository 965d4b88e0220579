//! A Lambda function as a value: the same value is run by `main.rs` in AWS and by `local/` in one process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use futures::future::BoxFuture;
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

    /// Lambda's init phase: builds every client the function needs.
    ///
    /// # Errors
    /// When a variable is missing or malformed; it names the variable.
    pub fn start(&self, environment: Environment) -> Result<Instance, StartError> {
        Ok(Instance { function: *self, app: App::new(&environment)? })
    }
}

/// A started function.
pub struct Instance {
    function: Function,
    app: App,
}

impl Instance {
    /// Makes the first request fast: one cheap call opens the connection and runs through signing and decoding,
    /// whatever it is answered.
    pub(crate) async fn prewarm(&self) {
        self.app.health.knock().await;
    }

    /// Runs the handler once. `payload` and what comes back are the JSON that Lambda would exchange.
    ///
    /// # Errors
    /// When the payload is not what the function takes, or the function could not finish it.
    pub async fn invoke(&self, payload: &[u8], invocation: Invocation) -> Result<Vec<u8>, InvocationError> {
        let span = tracing::info_span!(
            "invocation",
            function = self.function.name,
            request_id = invocation.request_id,
            correlation_id = Empty,
            trace_id = Empty,
            tenant = Empty,
            order = Empty,
        );
        let started = Instant::now();
        let invoked = async {
            match self.function.handler {
                Handler::Http(handle) => self.invoke_http(handle, payload, invocation).await,
                Handler::Event(handle) => self.invoke_event(handle, payload).await,
            }
        };
        let result = invoked.instrument(span.clone()).await;
        if let Err(error) = &result {
            span.in_scope(|| tracing::error!(%error, "an invocation failed"));
        }
        let outcome = result.as_ref().map_or(Outcome::Failed, |(_, outcome)| *outcome);
        measure_invocation(self.function.name, started.elapsed(), outcome);
        Ok(serde_json::to_vec(&result?.0).expect("a JSON value can be written"))
    }

    async fn invoke_http(
        &self,
        handle: HttpHandler,
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
        let reply = handle(&self.app, request).await;
        let duration_ms = started.elapsed().as_secs_f64() * 1_000.0;
        let (response, outcome) = match reply {
            Ok(response) => (response, Outcome::Done),
            Err(failure) => failed(&failure, &ids),
        };
        tracing::info!(route, status = response.status, duration_ms, "answered");
        Ok((response.event(&ids), outcome))
    }

    async fn invoke_event(
        &self,
        handle: EventHandler,
        payload: &[u8],
    ) -> Result<(Value, Outcome), InvocationError> {
        let answer = handle(&self.app, serde_json::from_slice(payload)?).await?;
        Ok((answer, Outcome::Done))
    }
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

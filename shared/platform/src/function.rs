//! A Lambda function as a value: the same value is run by `main.rs` in AWS and by `local/` in one process.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;

use crate::app::{App, StartError};
use crate::caches::Caches;
use crate::reply::{Reply, Request};

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
    /// Lambda's request id.
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

/// An HTTP handler: `handle` of `functions/<name>`.
pub type HttpHandler = for<'a> fn(&'a App, Request) -> BoxFuture<'a, Reply>;
/// A handler of raw events (streams, queues, direct invocations): payload in, payload out.
pub type EventHandler =
    for<'a> fn(&'a App, serde_json::Value) -> BoxFuture<'a, Result<serde_json::Value, InvocationError>>;

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
        let app = App::new(self.name, &environment)?;
        Ok(Instance { function: *self, app })
    }
}

/// A started function.
pub struct Instance {
    function: Function,
    app: App,
}

impl Instance {
    /// Runs the handler once. `payload` and what comes back are the JSON that Lambda would exchange.
    ///
    /// # Errors
    /// When the payload is not what the function takes, or the function could not finish it.
    pub async fn invoke(&self, payload: &[u8], invocation: Invocation) -> Result<Vec<u8>, InvocationError> {
        let _ = (payload, invocation, &self.app, &self.function.handler);
        unreachable!("being written")
    }
}

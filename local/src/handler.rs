//! What runs behind a function's name. Now: a handler in this process. A process of its own can be another.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use penstock_platform::function::{Instance, Invocation};

/// Something that answers invocations, as Lambda's Runtime API sees it: JSON in, JSON out.
pub trait Handler: Send + Sync {
    /// Answers one invocation.
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>>;
}

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The function answered with an error.
    #[error("{kind}: {message}")]
    Error {
        /// Lambda's `errorType`.
        kind: String,
        /// Lambda's `errorMessage`.
        message: String,
    },
    /// The function panicked.
    #[error("the function panicked: {0}")]
    Panicked(String),
    /// The function took longer than the template lets it.
    #[error("Task timed out after {:.2} seconds", .0.as_secs_f64())]
    TimedOut(Duration),
    /// The payload or the answer is larger than Lambda takes.
    #[error("{what} is {size} bytes; Lambda takes {max}")]
    TooLarge {
        /// The payload or the answer.
        what: &'static str,
        /// How large it is.
        size: usize,
        /// How large it may be.
        max: usize,
    },
    /// All the concurrency that the template reserves for the function is in use.
    #[error("Rate Exceeded.")]
    Throttled,
    /// No function has that name.
    #[error("Function not found: {0}")]
    Unknown(String),
}

impl Failure {
    /// Lambda's `errorType`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Error { kind, .. } => kind,
            Self::Panicked(_) => "Panic",
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::TooLarge { .. } => "Function.ResponseSizeTooLarge",
            Self::Throttled => "TooManyRequestsException",
            Self::Unknown(_) => "ResourceNotFoundException",
        }
    }

    /// Lambda's `errorMessage`.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Error { message, .. } => message.clone(),
            other => other.to_string(),
        }
    }
}

impl Handler for Instance {
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            let answer = Instance::invoke(&self, &payload, invocation).await;
            crate::metrics::invocation_ended();
            answer.map_err(|it| Failure::Error { kind: it.kind.to_owned(), message: it.message })
        })
    }
}

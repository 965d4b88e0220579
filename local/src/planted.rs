//! Handlers that tests plant.

use std::sync::Arc;

use futures::future::BoxFuture;
use penstock_platform::function::Invocation;

use crate::handler::{Failure, Handler};

type Answer = BoxFuture<'static, Result<Vec<u8>, Failure>>;

/// A handler made of a closure over the payload.
pub(crate) struct Planted(Arc<dyn Fn(Vec<u8>) -> Answer + Send + Sync>);

impl Planted {
    pub(crate) fn handler<F, R>(answer: F) -> Arc<dyn Handler>
    where
        F: Fn(Vec<u8>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Vec<u8>, Failure>> + Send + 'static,
    {
        Arc::new(Self(Arc::new(move |payload| Box::pin(answer(payload)))))
    }
}

impl Handler for Planted {
    fn invoke(self: Arc<Self>, payload: Vec<u8>, _: Invocation) -> Answer {
        (self.0)(payload)
    }
}

/// The failure a handler gives by itself.
pub(crate) fn planted_failure() -> Failure {
    Failure::Error { kind: "Planted".into(), message: "planted".into() }
}

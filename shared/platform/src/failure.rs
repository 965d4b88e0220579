//! Why a handler did not do what was asked: what the caller reads, and what the log keeps.
//!
//! The one table that turns errors into problem documents.

use std::error::Error;

use penstock_api::problem::Problem;
use penstock_application::stock::StockError;
use penstock_application::webhooks::WebhookError;
use penstock_application::{OrderError, Unavailable};

/// When to try again what a dependency kept from being done.
const RETRY_AFTER_SECONDS: u32 = 1;

/// A problem, and its cause for the log.
#[derive(Debug)]
pub struct Failure {
    /// What the caller reads: never internals.
    pub problem: Problem,
    /// What the log holds: the whole chain of causes.
    pub cause: Option<String>,
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self { problem, cause: None }
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self { problem: Problem::unavailable(RETRY_AFTER_SECONDS), cause: Some(chain(&error)) }
    }
}

impl From<OrderError> for Failure {
    fn from(error: OrderError) -> Self {
        let problem = match &error {
            OrderError::Refused(refusal) => Problem::refused(refusal),
            OrderError::NotFound(_) => Problem::order_not_found(),
            OrderError::KeyReused => Problem::idempotency_key_reused(),
            OrderError::VersionMoved(version) => Problem::precondition_failed(*version),
            OrderError::Contended => Problem::contended(),
            OrderError::TooLarge { bytes, max } => Problem::order_too_large(*bytes, *max),
            OrderError::TooLong => Problem::order_too_long(),
            OrderError::Corrupt(_) => Problem::internal(),
            OrderError::Unavailable(_) => Problem::unavailable(RETRY_AFTER_SECONDS),
        };
        let ours = problem.code.status() >= 500;
        Self { problem, cause: ours.then(|| chain(&error)) }
    }
}

impl From<StockError> for Failure {
    fn from(error: StockError) -> Self {
        let problem = match &error {
            StockError::NotEnough(refusal) => Problem::not_enough_stock(refusal),
            StockError::KeyReused(_) => Problem::idempotency_key_reused(),
            StockError::Contended => Problem::stock_contended(),
            StockError::Unavailable(_) => Problem::unavailable(RETRY_AFTER_SECONDS),
        };
        let ours = problem.code.status() >= 500;
        Self { problem, cause: ours.then(|| chain(&error)) }
    }
}

impl From<WebhookError> for Failure {
    fn from(error: WebhookError) -> Self {
        let problem = match &error {
            WebhookError::NotFound(_) => Problem::webhook_not_found(),
            WebhookError::NoDelivery(_) => Problem::delivery_not_found(),
            WebhookError::TooMany => Problem::too_many_webhooks(),
            WebhookError::Contended => Problem::webhook_contended(),
            WebhookError::Unavailable(_) => Problem::unavailable(RETRY_AFTER_SECONDS),
        };
        let ours = problem.code.status() >= 500;
        Self { problem, cause: ours.then(|| chain(&error)) }
    }
}

impl Failure {
    /// Whether it is ours and not the caller's.
    pub(crate) fn is_ours(&self) -> bool {
        self.problem.code.status() >= 500
    }

    /// Something that is needed cannot be reached.
    pub fn unavailable(cause: &dyn Error) -> Self {
        Self { problem: Problem::unavailable(RETRY_AFTER_SECONDS), cause: Some(chain(cause)) }
    }

    /// What was told could not be taken now; whoever told it is to tell it again.
    pub fn not_sent(cause: impl Into<String>) -> Self {
        Self { problem: Problem::unavailable(RETRY_AFTER_SECONDS), cause: Some(cause.into()) }
    }

    /// Something that cannot happen did.
    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        Self { problem: Problem::internal(), cause: Some(cause.into()) }
    }
}

/// An error and all its causes, in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line = format!("{line}: {cause}");
        next = cause.source();
    }
    line
}

//! What Stripe's errors mean for us: try again, declined, or never.
//!
//! Source: <https://docs.stripe.com/error-low-level>: "treat the result of a 500 request as indeterminate"; its answer is kept with the
//! idempotency key, so that the same call gets it again.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use penstock_application::ports::Cause;
use penstock_application::ports::payments::PaymentError;
use serde::Deserialize;

use super::wire::ErrorBody;
use crate::api::ApiError;
use crate::retry_after::retry_after;
use crate::secrets::SecretError;

/// How long to leave alone what Stripe says not to try again at once: its people look after such calls.
const LATER: Duration = Duration::from_secs(60);
/// Whatever the payment method's bank thinks, the amount is not taken.
const AMOUNT_CODES: [&str; 2] = ["amount_too_small", "amount_too_large"];

/// A call that Stripe answered with an error.
#[derive(Debug, thiserror::Error)]
#[error("Stripe answered {status}: {} {}: {}", error.kind, error.reason(), error.message)]
struct Refused {
    status: StatusCode,
    error: ErrorBody,
}

#[derive(Deserialize)]
struct Body {
    error: ErrorBody,
}

/// A call that did not get an answer.
pub(super) fn unanswered(error: ApiError, moves_money: bool) -> PaymentError {
    let unknown = match &error {
        ApiError::Http(error) => moves_money && error.may_have_arrived(),
        ApiError::Secret(SecretError::Unavailable { .. }) => false,
        ApiError::Secret(SecretError::Unusable { .. }) | ApiError::Malformed(_) => return never(error),
    };
    PaymentError::Retry { after: None, unknown, cause: error.into() }
}

/// An answer of success that cannot be read: what it says happened, we just do not know what it is.
pub(super) fn unreadable(error: serde_json::Error, moves_money: bool) -> PaymentError {
    PaymentError::Retry { after: Some(LATER), unknown: moves_money, cause: error.into() }
}

/// An answer that is an error.
pub(super) fn refused(answer: &Response<Bytes>, moves_money: bool) -> PaymentError {
    let status = answer.status();
    let error = serde_json::from_slice::<Body>(answer.body()).map(|body| body.error).unwrap_or_default();
    if status == StatusCode::PAYMENT_REQUIRED || error.kind == "card_error" {
        return PaymentError::Declined { code: error.reason(), message: error.message };
    }
    let again = match status {
        StatusCode::TOO_MANY_REQUESTS => Some(false),
        // Another call with this key is under way.
        StatusCode::CONFLICT => Some(moves_money),
        _ if status.is_server_error() => Some(moves_money),
        _ => None,
    };
    let cause = Refused { status, error };
    match again {
        Some(unknown) => PaymentError::Retry { after: pause(answer.headers()), unknown, cause: cause.into() },
        None => never(cause),
    }
}

/// How long to wait at least, by the answer's headers.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let says = |name, value: &str| headers.get(name).is_some_and(|it| it == value);
    let not_now = says("Idempotent-Replayed", "true") || says("Stripe-Should-Retry", "false");
    retry_after(headers).max(not_now.then_some(LATER))
}

/// A new payment that is refused for its payment method or amount is declined: another method or order may be accepted.
pub(super) fn declined_for_what_it_is(error: PaymentError) -> PaymentError {
    let PaymentError::Never(cause) = error else { return error };
    match cause.downcast::<Refused>() {
        Ok(refused) if is_about_what_it_is(&refused.error) => {
            PaymentError::Declined { code: refused.error.reason(), message: refused.error.message }
        }
        Ok(refused) => PaymentError::Never(refused),
        Err(cause) => PaymentError::Never(cause),
    }
}

fn is_about_what_it_is(error: &ErrorBody) -> bool {
    let amount = error.code.as_deref().is_some_and(|code| AMOUNT_CODES.contains(&code));
    error.kind == "invalid_request_error" && (amount || error.param.as_deref() == Some("payment_method"))
}

/// Stripe's word for why it refused.
pub(super) fn code(cause: &Cause) -> Option<&str> {
    cause.downcast_ref::<Refused>()?.error.code.as_deref()
}

/// Stripe's answer that too much is asked of it at once: it works.
pub(crate) fn is_busy(cause: &Cause) -> bool {
    status(cause) == Some(StatusCode::TOO_MANY_REQUESTS)
}

/// The status that Stripe refused with.
pub(super) fn status(cause: &Cause) -> Option<StatusCode> {
    Some(cause.downcast_ref::<Refused>()?.status)
}

pub(super) fn never(error: impl Error + Send + Sync + 'static) -> PaymentError {
    PaymentError::Never(Box::new(error))
}

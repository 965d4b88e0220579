//! What an answer of the provider, or its lack, means for an attempt.

use std::time::Duration;

use penstock_domain::Money;
use penstock_domain::planted::{self, Bug};

use crate::checkout::desk::Undone;
use crate::ports::Cause;
use crate::ports::payments::{PaymentError, PaymentReference, PaymentState, ProviderPayment};

/// How long to leave a provider alone that does not know yet.
pub(super) const PENDING: Duration = Duration::from_secs(30);
/// When to look whether anything was set aside for an attempt that we have ended: by then whoever was at it as well is done, as no
/// invocation takes so long, and the step counts as tried.
pub(super) const LOOK_AFTER: Duration = Duration::from_secs(90);
/// The word for a payment that the provider went on failing to make.
pub(super) const GIVEN_UP: &str = "provider_error";
/// The word for a payment that was given up because the order was called off.
pub(super) const CANCELLED: &str = "cancelled";

/// What becomes of an attempt.
pub(super) enum Settled {
    Captured(PaymentReference, Money),
    Declined(Reason),
    /// Ended by us: somebody else may have asked the provider at the same time, or it may have heard us late.
    Abandoned(Reason),
}

/// Why there is no money: a word, and a sentence.
pub(super) struct Reason {
    pub(super) code: String,
    pub(super) message: String,
}

pub(super) fn cancelled() -> Reason {
    let message = "the order was called off before it was paid".to_owned();
    Reason { code: CANCELLED.to_owned(), message }
}

pub(super) fn given_up(cause: &Cause) -> Reason {
    let message = format!("the payment provider went on failing: {cause}");
    Reason { code: GIVEN_UP.to_owned(), message }
}

/// What a payment that the provider tells of means, once it is known.
pub(super) fn outcome(payment: ProviderPayment) -> Result<Settled, Undone> {
    let declined = |code: &str, message: &str| {
        Ok(Settled::Declined(Reason { code: code.to_owned(), message: message.to_owned() }))
    };
    match payment.state {
        PaymentState::Captured => Ok(Settled::Captured(payment.reference, payment.captured)),
        PaymentState::Declined { code, message } => Ok(Settled::Declined(Reason { code, message })),
        PaymentState::Voided => declined("voided", "the payment was let go before it was taken"),
        PaymentState::NeedsMethod => declined("needs_method", "the payment needs another method"),
        PaymentState::Authorised | PaymentState::Processing => Err(pending("the payment")),
    }
}

/// What it means that there is none.
pub(super) fn declined(error: PaymentError) -> Result<Settled, Undone> {
    match error {
        PaymentError::Declined { code, message } => Ok(Settled::Declined(Reason { code, message })),
        PaymentError::Retry { unknown: true, cause, .. } if planted::is(Bug::TimeOutIsDecline) => {
            Ok(Settled::Declined(given_up(&cause)))
        }
        error => Err(undone(error)),
    }
}

/// What is left to do for an attempt that we have ended.
pub(super) fn left_alone() -> Undone {
    let reason = "the attempt is over; whether money was set aside for it is looked up".to_owned();
    Undone::Later { after: Some(LOOK_AFTER), reason }
}

pub(super) fn pending(what: &str) -> Undone {
    Undone::Later {
        after: Some(PENDING),
        reason: format!("the provider does not know yet what becomes of {what}"),
    }
}

/// A call that failed, as the errand's end.
pub(super) fn undone(error: PaymentError) -> Undone {
    match error {
        PaymentError::Retry { after, cause, .. } => {
            Undone::Later { after, reason: format!("the payment provider did not do it: {cause}") }
        }
        PaymentError::Declined { code, message } => Undone::Failed(format!("declined: {code}: {message}")),
        PaymentError::Never(cause) => Undone::Failed(format!("the payment provider cannot do it: {cause}")),
    }
}

//! The port to a payment provider: whoever takes the customer's money and passes it on.
//!
//! Every call that moves money carries a key. The same key with the same arguments is the same call, however often it is made: the
//! provider answers as it did the first time, for a day at least. A key is spent once its call was answered, with an error too;
//! what is tried anew gets a new one, made from the number of the attempt.
//!
//! **When it is not known whether a call took effect** ([`PaymentError::Retry`] with `unknown`), there are two ways to learn it:
//!
//! * The effect is still wanted: make the same call with the same key. It is safe within a day, and the answer is certain.
//! * It is no longer wanted, or a day has passed, or the provider keeps answering that it failed: ask, with
//!   [`look_up`](PaymentProvider::look_up) and [`refunds`](PaymentProvider::refunds). What `look_up` finds is certain; that it finds
//!   nothing is not, until minutes after the call.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use penstock_domain::{Money, OrderId, PaymentMethod, TenantId};

use super::Cause;

/// How much of a key a provider keeps, in characters.
pub const KEY_LENGTH_MAX: usize = 255;

/// Whoever takes the customer's money.
pub trait PaymentProvider: Send + Sync {
    /// Has the customer's bank set the money aside. Nothing is taken yet.
    ///
    /// # Errors
    /// [`PaymentError::Declined`] when the bank or the provider says no.
    fn authorise(
        &self,
        wanted: &Authorisation,
    ) -> impl Future<Output = Result<ProviderPayment, PaymentError>> + Send;

    /// Takes `amount` of what was set aside; the rest is let go.
    ///
    /// Answers with the payment as it is now. When it could not be captured any more, its state says why, as for a payment that
    /// was voided meanwhile; one that was captured before is captured.
    ///
    /// # Errors
    /// As [`PaymentError`] says.
    fn capture(
        &self,
        payment: &PaymentReference,
        amount: Money,
        key: &str,
    ) -> impl Future<Output = Result<ProviderPayment, PaymentError>> + Send;

    /// Lets go what was set aside. Answers with the payment as it is now: a captured one stays captured.
    ///
    /// # Errors
    /// As [`PaymentError`] says.
    fn void(
        &self,
        payment: &PaymentReference,
        key: &str,
    ) -> impl Future<Output = Result<ProviderPayment, PaymentError>> + Send;

    /// Gives captured money back. That the provider took the order to do so is not yet money: the refund's state tells.
    ///
    /// # Errors
    /// [`PaymentError::Never`] when it is more than is left of the capture.
    fn refund(
        &self,
        wanted: &WantedRefund,
    ) -> impl Future<Output = Result<ProviderRefund, PaymentError>> + Send;

    /// The payment that was authorised with `key`, if the provider knows one. It may know it only minutes after the call.
    ///
    /// # Errors
    /// As [`PaymentError`] says.
    fn look_up(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<ProviderPayment>, PaymentError>> + Send;

    /// A payment by the provider's name for it, as it is this moment.
    ///
    /// # Errors
    /// As [`PaymentError`] says.
    fn find(
        &self,
        payment: &PaymentReference,
    ) -> impl Future<Output = Result<Option<ProviderPayment>, PaymentError>> + Send;

    /// All refunds of a payment, as they are this moment.
    ///
    /// # Errors
    /// As [`PaymentError`] says.
    fn refunds(
        &self,
        payment: &PaymentReference,
    ) -> impl Future<Output = Result<Vec<ProviderRefund>, PaymentError>> + Send;
}

/// Money to be set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorisation {
    /// The call's name, made from tenant, order and attempt: at most [`KEY_LENGTH_MAX`] characters.
    pub key: String,
    /// Whose customer pays.
    pub tenant: TenantId,
    /// For which order.
    pub order: OrderId,
    /// Which attempt of the order, counted from 1.
    pub attempt: u32,
    /// How much.
    pub amount: Money,
    /// What with.
    pub method: PaymentMethod,
}

/// Money to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedRefund {
    /// The call's name, made from tenant, order, refund and attempt: at most [`KEY_LENGTH_MAX`] characters.
    pub key: String,
    /// Whose customer is paid back.
    pub tenant: TenantId,
    /// For which order.
    pub order: OrderId,
    /// Which refund of the order, counted from 1.
    pub refund: u32,
    /// Where the money comes from.
    pub payment: PaymentReference,
    /// How much.
    pub amount: Money,
}

/// The provider's name for a payment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentReference(String);

/// A payment, as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderPayment {
    /// The provider's name for it.
    pub reference: PaymentReference,
    /// The key it was authorised with; nothing when it was not made by this platform.
    pub key: Option<String>,
    /// Where it stands.
    pub state: PaymentState,
    /// What was asked for.
    pub amount: Money,
    /// What was taken.
    pub captured: Money,
    /// What was given back since; nothing where the provider did not say.
    pub refunded: Option<Money>,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// The money is set aside.
    Authorised,
    /// The money is ours.
    Captured,
    /// The bank or the provider said no.
    Declined {
        /// The provider's word for the reason, e.g. `insufficient_funds`.
        code: String,
        /// In the provider's words.
        message: String,
    },
    /// It was let go, and will never be captured.
    Voided,
    /// The provider does not know yet.
    Processing,
    /// Nobody has tried to pay it, or the customer would have to do something that this platform cannot ask for.
    NeedsMethod,
}

/// A refund, as the provider knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's name for it.
    pub reference: String,
    /// The key it was asked for with; nothing when it was not made by this platform.
    pub key: Option<String>,
    /// Where the money comes from.
    pub payment: PaymentReference,
    /// Where it stands.
    pub state: RefundState,
    /// How much.
    pub amount: Money,
}

/// Where a refund stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefundState {
    /// The money is on its way back.
    Paid,
    /// The provider will do it later.
    Pending,
    /// It came to nothing: the money is still ours. A new attempt needs a new key.
    Failed {
        /// The provider's word for the reason.
        reason: String,
    },
}

/// Why a call to the payment provider came to nothing: what is right to do next.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// A final no, for this payment method and amount.
    #[error("declined: {code}")]
    Declined {
        /// The provider's word for the reason, e.g. `insufficient_funds`.
        code: String,
        /// In the provider's words.
        message: String,
    },
    /// The provider is down, slow or busy: try again later.
    #[error("the payment provider did not do it; try again later")]
    Retry {
        /// Not before this time has passed.
        after: Option<Duration>,
        /// It may have taken effect all the same.
        unknown: bool,
        /// What happened.
        #[source]
        cause: Cause,
    },
    /// Trying again will not help: a mistake of ours, or a wrong setting.
    #[error("the payment provider cannot do what it was asked")]
    Never(#[source] Cause),
}

impl PaymentReference {
    /// The provider's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PaymentReference {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl From<PaymentReference> for String {
    fn from(reference: PaymentReference) -> Self {
        reference.0
    }
}

impl fmt::Display for PaymentReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_called_what_its_provider_calls_it() {
        let reference = PaymentReference::from("pi_1".to_owned());
        assert_eq!((reference.as_str(), reference.to_string()), ("pi_1", "pi_1".to_owned()));
        assert_eq!(String::from(reference), "pi_1");
    }
}

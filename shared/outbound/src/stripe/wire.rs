//! The parts of Stripe's objects that are read here. Source: <https://docs.stripe.com/api>.

use std::collections::BTreeMap;

use penstock_application::ports::payments::{
    PaymentReference, PaymentState, ProviderPayment, ProviderRefund, RefundState,
};
use penstock_domain::Money;
use serde::Deserialize;

use super::currency::{Unpayable, from_stripe};

/// What Stripe keeps for us with an object.
pub(super) type Metadata = BTreeMap<String, String>;

/// An object that is not what the documentation says.
#[derive(Debug, thiserror::Error)]
#[error("Stripe's answer is not as documented: {0}")]
pub(super) struct Unexpected(pub(super) String);

impl From<Unpayable> for Unexpected {
    fn from(error: Unpayable) -> Self {
        Self(error.to_string())
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct PaymentIntent {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    amount_received: i64,
    last_payment_error: Option<ErrorBody>,
    latest_charge: Option<Expandable<Charge>>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// An object, or its name where nobody asked for it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Expandable<T> {
    Object(T),
    Name(#[expect(dead_code, reason = "says which of the two it is")] String),
}

impl<T> Expandable<T> {
    fn object(self) -> Option<T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Name(_) => None,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Charge {
    amount: i64,
    amount_captured: i64,
    amount_refunded: i64,
    currency: String,
    captured: bool,
    payment_intent: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    id: String,
    status: String,
    amount: i64,
    currency: String,
    payment_intent: Option<String>,
    failure_reason: Option<String>,
    #[serde(default)]
    pub(super) metadata: Option<Metadata>,
}

/// Source: <https://docs.stripe.com/api/errors>.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ErrorBody {
    #[serde(default, rename = "type")]
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) decline_code: Option<String>,
    #[serde(default)]
    pub(super) message: String,
    pub(super) param: Option<String>,
}

impl ErrorBody {
    /// The most exact word there is for the reason.
    pub(super) fn reason(&self) -> String {
        self.decline_code.as_ref().or(self.code.as_ref()).unwrap_or(&self.kind).clone()
    }
}

impl Charge {
    /// What was given back of what was taken. Stripe counts as refunded too what was only set aside and let go, so that the sum is
    /// of no use where a part was captured.
    fn given_back(&self) -> Option<i64> {
        match self.amount_captured {
            0 => Some(0),
            captured if captured == self.amount => Some(self.amount_refunded),
            _ => None,
        }
    }
}

impl TryFrom<PaymentIntent> for ProviderPayment {
    type Error = Unexpected;

    fn try_from(mut intent: PaymentIntent) -> Result<Self, Unexpected> {
        let money = |amount| from_stripe(amount, &intent.currency);
        let (amount, captured) = (money(intent.amount)?, money(intent.amount_received)?);
        let charge = intent.latest_charge.take().and_then(Expandable::object);
        let refunded = charge.and_then(|charge| charge.given_back()).map(money).transpose()?;
        Ok(Self {
            reference: intent.id.clone().into(),
            key: intent.metadata.remove("key"),
            state: state(&intent)?,
            amount,
            captured,
            refunded,
        })
    }
}

/// Source: <https://docs.stripe.com/payments/paymentintents/lifecycle>.
fn state(intent: &PaymentIntent) -> Result<PaymentState, Unexpected> {
    Ok(match (&*intent.status, &intent.last_payment_error) {
        ("requires_capture", _) => PaymentState::Authorised,
        ("succeeded", _) => PaymentState::Captured,
        ("canceled", _) => PaymentState::Voided,
        ("processing", _) => PaymentState::Processing,
        ("requires_payment_method", Some(error)) => {
            PaymentState::Declined { code: error.reason(), message: error.message.clone() }
        }
        ("requires_payment_method" | "requires_confirmation" | "requires_action", _) => {
            PaymentState::NeedsMethod
        }
        (status, _) => return Err(Unexpected(format!("a payment that is {status:?}"))),
    })
}

impl TryFrom<Charge> for ProviderPayment {
    type Error = Unexpected;

    /// Only a charge that held money is told of here.
    fn try_from(mut charge: Charge) -> Result<Self, Unexpected> {
        let money = |amount| from_stripe(amount, &charge.currency);
        let state = match charge.captured {
            true => PaymentState::Captured,
            false if charge.amount_refunded == charge.amount => PaymentState::Voided,
            false => PaymentState::Authorised,
        };
        Ok(Self {
            reference: payment_of(charge.payment_intent.clone())?,
            key: charge.metadata.remove("key"),
            state,
            amount: money(charge.amount)?,
            captured: money(charge.amount_captured)?,
            refunded: charge.given_back().map(money).transpose()?,
        })
    }
}

impl TryFrom<Refund> for ProviderRefund {
    type Error = Unexpected;

    fn try_from(refund: Refund) -> Result<Self, Unexpected> {
        let amount: Money = from_stripe(refund.amount, &refund.currency)?;
        let state = match &*refund.status {
            "succeeded" => RefundState::Paid,
            "pending" | "requires_action" => RefundState::Pending,
            "failed" | "canceled" => {
                RefundState::Failed { reason: refund.failure_reason.unwrap_or(refund.status) }
            }
            status => return Err(Unexpected(format!("a refund that is {status:?}"))),
        };
        let key = refund.metadata.unwrap_or_default().remove("key");
        Ok(Self { reference: refund.id, key, payment: payment_of(refund.payment_intent)?, state, amount })
    }
}

fn payment_of(intent: Option<String>) -> Result<PaymentReference, Unexpected> {
    intent.map(Into::into).ok_or_else(|| Unexpected("money without a PaymentIntent".to_owned()))
}

//! Payments on the wire: what an order is to be paid with, and what came of it.

use penstock_domain::order::{Order, Outcome};
use penstock_domain::{InvalidPaymentMethod, Money, PaymentMethod};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{self, Problems, Value};
use crate::money::WireMoney;
use crate::problem::Problem;

/// What `POST /v1/orders/{orderId}/payments` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePayment {
    /// The payment provider's token, e.g. `pm_card_visa`. Card data must not be sent.
    #[schema(value_type = String, min_length = 1, max_length = 255, pattern = "^[A-Za-z0-9_]+$")]
    pub method: PaymentMethod,
}

impl CreatePayment {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, read)
    }
}

/// Reads `{"method": "pm_…"}`.
pub(crate) fn read(value: &Value<'_>, problems: &mut Problems) -> Option<CreatePayment> {
    let mut fields = value.object(problems)?;
    let method = fields.required("method", problems, method);
    fields.end(problems);
    Some(CreatePayment { method: method? })
}

fn method(value: &Value<'_>, problems: &mut Problems) -> Option<PaymentMethod> {
    match value.string(problems)?.parse() {
        Ok(method) => Some(method),
        Err(error) => {
            value.refuse(InvalidPaymentMethod::to_string(&error), problems);
            None
        }
    }
}

/// What a webhook is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Received {
    received: bool,
}

impl Received {
    /// The answer as JSON.
    pub fn to_json() -> String {
        serde_json::to_string(&Self { received: true }).expect("it is one boolean")
    }
}

/// What came of an attempt to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum PaymentStatus {
    Processing,
    Captured,
    Declined,
}

/// One attempt to pay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PaymentAttempt)]
#[serde(rename_all = "camelCase")]
struct AttemptView<'a> {
    #[schema(minimum = 1)]
    attempt: u32,
    status: PaymentStatus,
    /// The payment provider's word for why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    code: Option<&'a str>,
    /// Why it was declined, in the payment provider's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<&'a str>,
    /// The payment provider's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<&'a str>,
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Refund)]
#[serde(rename_all = "camelCase")]
struct RefundView {
    #[schema(minimum = 1)]
    refund: u32,
    amount: WireMoney,
    /// Whether the payment provider did it.
    paid: bool,
}

/// What an order was paid with, and what went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPayments)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentsView<'a> {
    /// What was captured for the order and is not going back.
    kept: WireMoney,
    attempts: Vec<AttemptView<'a>>,
    refunds: Vec<RefundView>,
}

impl<'a> PaymentsView<'a> {
    /// The payments of an order; nothing while none was tried.
    pub(crate) fn of(order: &'a Order) -> Option<Self> {
        let payments = &order.payments;
        if payments.attempts.is_empty() {
            return None;
        }
        let kept: Money = payments.kept(order.currency);
        let attempts = payments.attempts.iter().map(|it| AttemptView::new(it.number, &it.outcome));
        let refunds = payments.refunds.iter().map(|it| RefundView {
            refund: it.number,
            amount: WireMoney(it.amount),
            paid: it.paid,
        });
        Some(Self { kept: WireMoney(kept), attempts: attempts.collect(), refunds: refunds.collect() })
    }
}

impl<'a> AttemptView<'a> {
    fn new(attempt: u32, outcome: &'a Outcome) -> Self {
        let (status, code, reason, reference) = match outcome {
            Outcome::Asked => (PaymentStatus::Processing, None, None, None),
            Outcome::Captured { reference, .. } => {
                (PaymentStatus::Captured, None, None, reference.as_deref())
            }
            Outcome::Declined { code, reason } => {
                (PaymentStatus::Declined, code.as_deref(), reason.as_deref(), None)
            }
        };
        Self { attempt, status, code, reason, reference }
    }
}

//! The payment desk: asks the provider for the money, gives it back, and learns what the provider tells of itself.

use std::time::Duration;

use jiff::SignedDuration;
use penstock_domain::order::{Command, Outcome, Payments, Refund};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{Money, OrderId, TenantId};

use super::desk::{Errand, Undone, tell};
use crate::Clock;
use crate::catalogue::Catalogue;
use crate::history::History;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, PaymentState, ProviderPayment,
    RefundState, WantedRefund,
};
use crate::tenants::Tenants;

/// How long to leave a provider alone that does not know yet.
const PENDING: Duration = Duration::from_secs(30);
/// How long the same attempt is repeated at a provider that answers.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// What is younger was not tried before: a step comes again after a second at the earliest.
const AGAIN: SignedDuration = SignedDuration::from_secs(1);
/// The word for a payment that the provider went on failing to make.
const GIVEN_UP: &str = "provider_error";
/// The word for a payment that was given up because the order was called off.
const CANCELLED: &str = "cancelled";

/// Who asks for the money.
pub struct PaymentDesk<L, C, T, P> {
    orders: Orders<L, C, T>,
    provider: P,
    clock: Clock,
}

/// What the provider's answer means for an attempt.
enum Settled {
    Captured(PaymentReference, Money),
    Declined { code: String, message: String },
}

impl<L: Ledger, C: Catalogue, T: Tenants, P: PaymentProvider> PaymentDesk<L, C, T, P> {
    /// A desk for these orders with this provider.
    pub fn new(orders: Orders<L, C, T>, provider: P, clock: Clock) -> Self {
        Self { orders, provider, clock }
    }

    /// Has the money set aside and takes it.
    ///
    /// Every call has a key of the attempt's own, so that repeating it takes nothing twice. An attempt that was not answered is
    /// looked up before it is repeated, and never assumed to have failed.
    ///
    /// # Errors
    /// [`Undone::Later`] when the provider is down, slow or busy.
    pub async fn pay(&self, errand: &Errand, attempt: u32) -> Result<(), Undone> {
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let order = history.now()?.order;
        let Some(asked) = order.payments.under_way().filter(|asked| asked.number == attempt) else {
            // Settled, by its webhook or by another delivery of this step.
            return self.leave_nothing(errand, &order.payments, attempt).await;
        };
        let (amount, Some(method)) = (asked.amount.unwrap_or(order.total), asked.method.clone()) else {
            return Err(Undone::Failed(format!("attempt {attempt} has nothing to pay with")));
        };
        let (tenant, order_id) = (errand.tenant().clone(), errand.order);
        let mut key = attempt_key(&tenant, order_id, attempt);
        if planted::is(Bug::KeyOfEachAttempt) {
            key = format!("{key}/{}", errand.request.id);
        }
        let wanted = Authorisation { key, tenant, order: order_id, attempt, amount, method };
        let called_off = order.cancellation.is_some();
        let settled = self.settle(&wanted, errand, called_off).await?;
        self.tell(errand, history, attempt, settled).await
    }

    /// Lets go what was set aside for an attempt that came to nothing: whoever asked for the money ended before it could tell, and another
    /// delivery of the step called the attempt off.
    async fn leave_nothing(&self, errand: &Errand, known: &Payments, attempt: u32) -> Result<(), Undone> {
        let attempted = known.attempts.iter().find(|it| it.number == attempt);
        let declined = attempted.is_some_and(|it| matches!(it.outcome, Outcome::Declined { .. }));
        if !declined || !errand.was_tried((self.clock)()) {
            return Ok(());
        }
        let key = attempt_key(errand.tenant(), errand.order, attempt);
        let known = self.provider.look_up(&key).await.map_err(undone)?;
        if let Some(payment) = known.filter(|it| it.state == PaymentState::Authorised) {
            self.provider.void(&payment.reference, &void_key(&key)).await.map_err(undone)?;
        }
        Ok(())
    }

    async fn settle(
        &self,
        wanted: &Authorisation,
        errand: &Errand,
        called_off: bool,
    ) -> Result<Settled, Undone> {
        let now = (self.clock)();
        let tried = errand.was_tried(now) || (called_off && errand.age(now) >= AGAIN);
        if called_off && !tried {
            return Ok(Settled::cancelled());
        }
        let known = if tried { self.provider.look_up(&wanted.key).await } else { Ok(None) };
        let payment = match known {
            Ok(Some(payment)) => Ok(payment),
            Ok(None) => match self.provider.authorise(wanted).await {
                // It answers, knows of no payment, and will not make one: another attempt has another key.
                Err(PaymentError::Retry { cause, .. }) if tried && errand.age(now) > PATIENCE => {
                    return Ok(Settled::given_up(&cause.to_string()));
                }
                asked => asked,
            },
            Err(error) => Err(error),
        };
        match payment {
            Ok(payment) if payment.state == PaymentState::Authorised && called_off => {
                self.let_go(wanted, payment).await
            }
            Ok(payment) if payment.state == PaymentState::Authorised => self.take(wanted, payment).await,
            Ok(payment) => outcome(payment),
            Err(error) => declined(error),
        }
    }

    async fn take(&self, wanted: &Authorisation, payment: ProviderPayment) -> Result<Settled, Undone> {
        let key = format!("{}/capture", wanted.key);
        match self.provider.capture(&payment.reference, wanted.amount, &key).await {
            Ok(payment) => outcome(payment),
            Err(error) => declined(error),
        }
    }

    async fn let_go(&self, wanted: &Authorisation, payment: ProviderPayment) -> Result<Settled, Undone> {
        match self.provider.void(&payment.reference, &void_key(&wanted.key)).await {
            Ok(payment) if payment.state == PaymentState::Voided => Ok(Settled::cancelled()),
            Ok(payment) => outcome(payment),
            Err(error) => declined(error),
        }
    }

    /// Asks what became of a payment, after the provider said that something did: early, late, often, or out of order. What it
    /// says now is what counts.
    ///
    /// # Errors
    /// [`Undone::Later`] when the provider is not ready.
    pub async fn inquire(&self, errand: &Errand, reference: &str) -> Result<(), Undone> {
        let payment = PaymentReference::from(reference.to_owned());
        let found = self.provider.find(&payment).await.map_err(undone)?;
        let Some(payment) = found else {
            return Err(Undone::Failed(format!("the payment provider does not know {reference}")));
        };
        let key = payment.key.as_deref().unwrap_or_default();
        let Some(attempt) = attempt_of(key, errand.tenant(), errand.order) else {
            return Err(Undone::Failed(format!("payment {reference} is of no attempt of the order")));
        };
        // What is only set aside, or not known yet, an order has not to be told.
        let Ok(settled) = outcome(payment) else { return Ok(()) };
        let history = self.orders.history(&errand.caller, errand.order).await?;
        self.tell(errand, history, attempt, settled).await
    }

    async fn tell(
        &self,
        errand: &Errand,
        history: History,
        attempt: u32,
        settled: Settled,
    ) -> Result<(), Undone> {
        let command = match settled {
            Settled::Captured(reference, captured) => {
                Command::ConfirmPayment { attempt, captured, reference: reference.into() }
            }
            Settled::Declined { code, message } => {
                let terms = self.orders.terms(errand.tenant()).await?;
                let (code, reason) = (Some(code), Some(message));
                Command::DeclinePayment { attempt, code, reason, pay_by: terms.pay_by((self.clock)()) }
            }
        };
        match tell(&self.orders, errand, history, command).await? {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Undone::Failed(refusal.to_string())),
        }
    }

    /// Gives money back.
    ///
    /// # Errors
    /// [`Undone::Later`] when the provider is not ready, [`Undone::Failed`] when it refuses.
    pub async fn refund(&self, errand: &Errand, number: u32) -> Result<(), Undone> {
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let order = history.now()?.order;
        let known = order.payments.refunds.iter().find(|refund| refund.number == number);
        let Some(refund) = known.filter(|refund| !refund.paid) else { return Ok(()) };
        let reference = self.give_back(errand, refund).await?;
        match tell(&self.orders, errand, history, Command::ConfirmRefund { refund: number, reference })
            .await?
        {
            Ok(_) => Ok(()),
            Err(refusal) => Err(Undone::Failed(refusal.to_string())),
        }
    }

    /// Asks the provider, unless it has been asked with success; what came to nothing is asked with a new key.
    async fn give_back(&self, errand: &Errand, refund: &Refund) -> Result<String, Undone> {
        let Some(reference) = refund.reference.clone() else {
            return Err(Undone::Failed(format!(
                "nothing is known that refund {} could come from",
                refund.number
            )));
        };
        let payment = PaymentReference::from(reference);
        let prefix = format!("{}/{}/refund/{}/", errand.tenant(), errand.order, refund.number);
        let mut failed = 0;
        if errand.was_tried((self.clock)()) {
            for past in self.provider.refunds(&payment).await.map_err(undone)? {
                match past.state {
                    _ if !past.key.as_deref().unwrap_or_default().starts_with(&prefix) => {}
                    RefundState::Failed { .. } => failed += 1,
                    RefundState::Paid => return Ok(past.reference),
                    RefundState::Pending => return Err(pending("the refund")),
                }
            }
        }
        let (tenant, order) = (errand.tenant().clone(), errand.order);
        let (mut key, amount) = (format!("{prefix}{failed}"), refund.amount);
        if planted::is(Bug::RefundKeyOfEachAttempt) {
            key = format!("{key}/{}", errand.request.id);
        }
        let wanted = WantedRefund { key, tenant, order, refund: refund.number, payment, amount };
        let asked = self.provider.refund(&wanted).await.map_err(undone)?;
        match asked.state {
            RefundState::Paid => Ok(asked.reference),
            RefundState::Pending => Err(pending("the refund")),
            RefundState::Failed { reason } => Err(Undone::Failed(format!("the refund failed: {reason}"))),
        }
    }
}

impl Settled {
    fn given_up(cause: &str) -> Self {
        let message = format!("the payment provider went on failing: {cause}");
        Self::Declined { code: GIVEN_UP.to_owned(), message }
    }

    fn cancelled() -> Self {
        let message = "the order was called off before it was paid".to_owned();
        Self::Declined { code: CANCELLED.to_owned(), message }
    }
}

fn outcome(payment: ProviderPayment) -> Result<Settled, Undone> {
    let declined = |code: &str, message: &str| {
        Ok(Settled::Declined { code: code.to_owned(), message: message.to_owned() })
    };
    match payment.state {
        PaymentState::Captured => Ok(Settled::Captured(payment.reference, payment.captured)),
        PaymentState::Declined { code, message } => Ok(Settled::Declined { code, message }),
        PaymentState::Voided => declined("voided", "the payment was let go before it was taken"),
        PaymentState::NeedsMethod => declined("needs_method", "the payment needs another method"),
        PaymentState::Authorised | PaymentState::Processing => Err(pending("the payment")),
    }
}

fn declined(error: PaymentError) -> Result<Settled, Undone> {
    match error {
        PaymentError::Declined { code, message } => Ok(Settled::Declined { code, message }),
        PaymentError::Retry { unknown: true, cause, .. } if planted::is(Bug::TimeOutIsDecline) => {
            Ok(Settled::given_up(&cause.to_string()))
        }
        error => Err(undone(error)),
    }
}

fn pending(what: &str) -> Undone {
    Undone::Later {
        after: Some(PENDING),
        reason: format!("the provider does not know yet what becomes of {what}"),
    }
}

fn undone(error: PaymentError) -> Undone {
    match error {
        PaymentError::Retry { after, cause, .. } => {
            Undone::Later { after, reason: format!("the payment provider did not do it: {cause}") }
        }
        PaymentError::Declined { code, message } => Undone::Failed(format!("declined: {code}: {message}")),
        PaymentError::Never(cause) => Undone::Failed(format!("the payment provider cannot do it: {cause}")),
    }
}

/// The name of an attempt at the provider's.
pub(super) fn attempt_key(tenant: &TenantId, order: OrderId, attempt: u32) -> String {
    format!("{tenant}/{order}/pay/{attempt}")
}

fn void_key(attempt: &str) -> String {
    format!("{attempt}/void")
}

fn attempt_of(key: &str, tenant: &TenantId, order: OrderId) -> Option<u32> {
    key.strip_prefix(&format!("{tenant}/{order}/pay/"))?.parse().ok()
}

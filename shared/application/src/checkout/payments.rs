//! The payment desk: asks the provider for the money, gives it back, and learns what the provider tells of itself.

mod refunds;

use std::time::Duration;

use jiff::SignedDuration;
use penstock_domain::order::{Command, Outcome, Payments};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{Money, OrderId, TenantId};

use super::desk::{Errand, Undone, tell};
use crate::Clock;
use crate::catalogue::Catalogue;
use crate::history::History;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::ports::Cause;
use crate::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, PaymentState, ProviderPayment,
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
        let age = errand.age(now);
        let tried = errand.was_tried(now) || (called_off && age >= AGAIN);
        if called_off && !tried {
            return Ok(Settled::cancelled());
        }
        match self.payment(wanted, tried, age).await {
            Ok(payment) if payment.state != PaymentState::Authorised => outcome(payment),
            Ok(payment) if called_off => self.let_go(wanted, payment).await,
            Ok(payment) => self.take(wanted, payment).await,
            Err(error) => declined(error),
        }
    }

    /// The attempt's payment: the one that the provider knows, or a new one.
    async fn payment(
        &self,
        wanted: &Authorisation,
        tried: bool,
        age: SignedDuration,
    ) -> Result<ProviderPayment, PaymentError> {
        if tried && let Some(known) = self.provider.look_up(&wanted.key).await? {
            return Ok(known);
        }
        match self.provider.authorise(wanted).await {
            // It answers, knows of no payment, and will not make one: another attempt has another key.
            Err(PaymentError::Retry { cause, .. }) if tried && age > PATIENCE => Err(given_up(&cause)),
            asked => asked,
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
        let told = tell(&self.orders, errand, history, command).await?;
        told.map(drop).map_err(|refusal| Undone::Failed(refusal.to_string()))
    }
}

impl Settled {
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
            declined(given_up(&cause))
        }
        error => Err(undone(error)),
    }
}

fn given_up(cause: &Cause) -> PaymentError {
    let message = format!("the payment provider went on failing: {cause}");
    PaymentError::Declined { code: GIVEN_UP.to_owned(), message }
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

#[cfg(test)]
mod tests;

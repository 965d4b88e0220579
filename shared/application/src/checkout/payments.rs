//! The payment desk: asks the provider for the money, gives it back, and learns what the provider tells of itself.

mod refunds;
mod settled;

use jiff::SignedDuration;
use penstock_domain::order::{Command, Outcome};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{OrderId, TenantId};

use super::desk::{Errand, Undone, tell};
use crate::Clock;
use crate::catalogue::Catalogue;
use crate::history::History;
use crate::ledger::Ledger;
use crate::orders::Orders;
use crate::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, PaymentState, ProviderPayment,
};
use crate::tenants::Tenants;
use settled::{Reason, Settled, cancelled, declined, given_up, left_alone, outcome, undone};

/// How long the same attempt is repeated at a provider that answers.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// What is younger was not tried before: a step comes again after a second at the earliest.
const AGAIN: SignedDuration = SignedDuration::from_secs(1);

/// Who asks for the money.
pub struct PaymentDesk<L, C, T, P> {
    orders: Orders<L, C, T>,
    provider: P,
    clock: Clock,
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
            return self.leave_nothing(errand, history, attempt).await;
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
        let is_abandoned = matches!(settled, Settled::Abandoned(_));
        self.tell(errand, history, attempt, settled).await?;
        if is_abandoned { Err(left_alone()) } else { Ok(()) }
    }

    /// Lets go what was set aside for an attempt that came to nothing, and notes what was taken: whoever asked for the money ended before it
    /// could tell, and another delivery of the step ended the attempt.
    async fn leave_nothing(&self, errand: &Errand, history: History, attempt: u32) -> Result<(), Undone> {
        let order = history.now()?.order;
        let attempted = order.payments.attempts.iter().find(|it| it.number == attempt);
        let declined = attempted.is_some_and(|it| matches!(it.outcome, Outcome::Declined { .. }));
        if !declined || !errand.was_tried((self.clock)()) {
            return Ok(());
        }
        let key = attempt_key(errand.tenant(), errand.order, attempt);
        let Some(payment) = self.provider.look_up(&key).await.map_err(undone)? else { return Ok(()) };
        let settled = match payment.state {
            PaymentState::Authorised => self.let_go(&key, payment).await?,
            _ => outcome(payment)?,
        };
        match settled {
            Settled::Captured(..) => self.tell(errand, history, attempt, settled).await,
            _ => Ok(()),
        }
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
            return Ok(Settled::Abandoned(cancelled()));
        }
        match self.payment(wanted, tried).await {
            Ok(payment) if payment.state != PaymentState::Authorised => outcome(payment),
            Ok(payment) if called_off => self.let_go(&wanted.key, payment).await,
            Ok(payment) => self.take(wanted, payment).await,
            // It answers, knows of no payment, and will not make one: another attempt has another key.
            Err(Unpaid::NotMade(PaymentError::Retry { cause, .. })) if tried && age > PATIENCE => {
                Ok(Settled::Abandoned(given_up(&cause)))
            }
            Err(Unpaid::NotMade(error) | Unpaid::NotKnown(error)) => declined(error),
        }
    }

    /// The attempt's payment: the one that the provider knows, or a new one.
    async fn payment(&self, wanted: &Authorisation, tried: bool) -> Result<ProviderPayment, Unpaid> {
        if tried && let Some(known) = self.provider.look_up(&wanted.key).await.map_err(Unpaid::NotKnown)? {
            return Ok(known);
        }
        self.provider.authorise(wanted).await.map_err(Unpaid::NotMade)
    }

    async fn take(&self, wanted: &Authorisation, payment: ProviderPayment) -> Result<Settled, Undone> {
        let key = format!("{}/capture", wanted.key);
        match self.provider.capture(&payment.reference, wanted.amount, &key).await {
            Ok(payment) => outcome(payment),
            Err(error) => declined(error),
        }
    }

    async fn let_go(&self, key: &str, payment: ProviderPayment) -> Result<Settled, Undone> {
        match self.provider.void(&payment.reference, &format!("{key}/void")).await {
            Ok(payment) if payment.state == PaymentState::Voided => Ok(Settled::Declined(cancelled())),
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
            Settled::Declined(Reason { code, message }) | Settled::Abandoned(Reason { code, message }) => {
                let terms = self.orders.terms(errand.tenant()).await?;
                let (code, reason) = (Some(code), Some(message));
                Command::DeclinePayment { attempt, code, reason, pay_by: terms.pay_by((self.clock)()) }
            }
        };
        let told = tell(&self.orders, errand, history, command).await?;
        told.map(drop).map_err(|refusal| Undone::Failed(refusal.to_string()))
    }
}

/// Why there is no payment to go on with.
enum Unpaid {
    /// Whether the provider knows one could not be learned.
    NotKnown(PaymentError),
    /// It was asked for one.
    NotMade(PaymentError),
}

/// The name of an attempt at the provider's.
pub(super) fn attempt_key(tenant: &TenantId, order: OrderId, attempt: u32) -> String {
    format!("{tenant}/{order}/pay/{attempt}")
}

fn attempt_of(key: &str, tenant: &TenantId, order: OrderId) -> Option<u32> {
    key.strip_prefix(&format!("{tenant}/{order}/pay/"))?.parse().ok()
}

#[cfg(test)]
mod tests;

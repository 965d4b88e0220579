//! A payment provider that behaves as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use super::till::gbp;
use super::*;
use crate::ports::payments::{ProviderRefund, RefundState, WantedRefund};

/// What the provider does when it is asked to authorise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Decline,
    /// It sets the money aside, and the answer is lost.
    TakeAndVanish,
    /// Nothing arrives.
    Down,
}

#[derive(Default)]
struct Books {
    says: VecDeque<Says>,
    calls: Vec<&'static str>,
    keys: Vec<String>,
    payments: BTreeMap<String, ProviderPayment>,
    refunds: Vec<ProviderRefund>,
    refunds_become: VecDeque<RefundState>,
    vanish: bool,
    captured_meanwhile: bool,
}

impl Books {
    fn spend(&mut self, call: &'static str, key: &str) {
        self.calls.push(call);
        self.keys.push(key.to_owned());
    }

    fn turn(&mut self, state: &PaymentState) {
        for payment in self.payments.values_mut() {
            payment.state = state.clone();
            payment.captured = if *state == PaymentState::Captured { payment.amount } else { gbp(0) };
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Provider(Arc<Mutex<Books>>);

impl Provider {
    pub(super) fn says<const N: usize>(says: [Says; N]) -> Self {
        Self(Arc::new(Mutex::new(Books { says: says.into(), ..Books::default() })))
    }

    /// What it was asked.
    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    /// The keys of all calls that move money.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().keys.clone()
    }

    pub(super) fn refunded(&self) -> i64 {
        let books = self.0.lock().unwrap();
        books.refunds.iter().filter(|it| it.state == RefundState::Paid).map(|it| it.amount.minor()).sum()
    }

    /// What becomes of the next refunds; they are paid when nothing is said.
    pub(super) fn refunds_become<const N: usize>(&self, states: [RefundState; N]) {
        self.0.lock().unwrap().refunds_become = states.into();
    }

    /// The refunds that wait are paid.
    pub(super) fn pay_what_waits(&self) {
        for refund in &mut self.0.lock().unwrap().refunds {
            refund.state = RefundState::Paid;
        }
    }

    /// Somebody gives money of the payment back by hand, or for something else.
    pub(super) fn refund_for_another(&self, key: Option<String>) {
        let (reference, payment) = ("re_other".to_owned(), "pi_1".to_owned().into());
        let refund = ProviderRefund { reference, key, payment, state: RefundState::Paid, amount: gbp(100) };
        self.0.lock().unwrap().refunds.push(refund);
    }

    pub(super) fn vanish_after_refund(&self) {
        self.0.lock().unwrap().vanish = true;
    }

    /// From now on its payments are in that state.
    pub(super) fn turn(&self, state: &PaymentState) {
        self.0.lock().unwrap().turn(state);
    }

    /// Its payments are captured just before one is let go.
    pub(super) fn capture_meanwhile(&self) {
        self.0.lock().unwrap().captured_meanwhile = true;
    }

    /// Its payments were made with that key.
    pub(super) fn key_by(&self, key: &str) {
        for payment in self.0.lock().unwrap().payments.values_mut() {
            payment.key = Some(key.to_owned());
        }
    }
}

fn vanished() -> PaymentError {
    PaymentError::Retry { after: None, unknown: true, cause: "no answer".into() }
}

impl PaymentProvider for Provider {
    async fn authorise(&self, wanted: &Authorisation) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.spend("authorise", &wanted.key);
        let said = books.says.pop_front();
        if said == Some(Says::Down) {
            return Err(vanished());
        }
        if said == Some(Says::Decline) {
            return Err(PaymentError::Declined { code: "generic_decline".into(), message: "no".into() });
        }
        let payment = ProviderPayment {
            reference: format!("pi_{}", wanted.attempt).into(),
            key: Some(wanted.key.clone()),
            state: PaymentState::Authorised,
            amount: wanted.amount,
            captured: gbp(0),
            refunded: None,
        };
        books.payments.insert(wanted.key.clone(), payment.clone());
        if said == Some(Says::TakeAndVanish) { Err(vanished()) } else { Ok(payment) }
    }

    async fn capture(
        &self,
        payment: &PaymentReference,
        amount: Money,
        key: &str,
    ) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.spend("capture", key);
        let known = books.payments.values_mut().find(|it| it.reference == *payment).unwrap();
        if known.state == PaymentState::Authorised {
            (known.state, known.captured) = (PaymentState::Captured, amount);
        }
        Ok(known.clone())
    }

    async fn void(&self, payment: &PaymentReference, key: &str) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.spend("void", key);
        if books.captured_meanwhile {
            books.turn(&PaymentState::Captured);
        }
        let known = books.payments.values_mut().find(|it| it.reference == *payment).unwrap();
        if known.state == PaymentState::Authorised {
            known.state = PaymentState::Voided;
        }
        Ok(known.clone())
    }

    async fn refund(&self, wanted: &WantedRefund) -> Result<ProviderRefund, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.spend("refund", &wanted.key);
        if let Some(done) = books.refunds.iter().find(|it| it.key.as_ref() == Some(&wanted.key)) {
            return Ok(done.clone());
        }
        let state = books.refunds_become.pop_front().unwrap_or(RefundState::Paid);
        let refund = ProviderRefund {
            reference: format!("re_{}", books.refunds.len()),
            key: Some(wanted.key.clone()),
            payment: wanted.payment.clone(),
            state,
            amount: wanted.amount,
        };
        books.refunds.push(refund.clone());
        if std::mem::take(&mut books.vanish) { Err(vanished()) } else { Ok(refund) }
    }

    async fn look_up(&self, key: &str) -> Result<Option<ProviderPayment>, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.calls.push("look up");
        Ok(books.payments.get(key).cloned())
    }

    async fn find(&self, payment: &PaymentReference) -> Result<Option<ProviderPayment>, PaymentError> {
        Ok(self.0.lock().unwrap().payments.values().find(|it| it.reference == *payment).cloned())
    }

    async fn refunds(&self, payment: &PaymentReference) -> Result<Vec<ProviderRefund>, PaymentError> {
        let books = self.0.lock().unwrap();
        Ok(books.refunds.iter().filter(|it| it.payment == *payment).cloned().collect())
    }
}

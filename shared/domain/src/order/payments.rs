//! What was asked of the payment provider for an order, and what came of it: a small state machine of its own, kept in the
//! order's events, so that the two never disagree.

use crate::{Currency, Money, PaymentMethod};

use super::Event;

/// The payments and refunds of one order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Payments {
    /// What the next attempt is made with.
    pub method: Option<PaymentMethod>,
    /// Every time the provider was asked for the money, oldest first.
    pub attempts: Vec<Attempt>,
    /// Captured money the order had no use for: the provider's name for it, and how much.
    pub strays: Vec<(String, Money)>,
    /// What went back, or is going back, oldest first.
    pub refunds: Vec<Refund>,
}

/// One time the provider was asked for the money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// How much, where that was kept.
    pub amount: Option<Money>,
    /// What with.
    pub method: Option<PaymentMethod>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Not known yet.
    Asked,
    /// The money is ours.
    Captured {
        /// How much.
        amount: Money,
        /// The provider's name for it; nothing where there was nothing to pay.
        reference: Option<String>,
    },
    /// The provider said no.
    Declined {
        /// The provider's word for the reason.
        code: Option<String>,
        /// In the provider's words.
        reason: Option<String>,
    },
}

/// Money that goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// Counted from 1.
    pub number: u32,
    /// How much.
    pub amount: Money,
    /// The provider's name for the payment it comes from.
    pub reference: Option<String>,
    /// Whether the provider did it.
    pub paid: bool,
}

impl Payments {
    /// The attempt that the provider has not answered.
    pub fn under_way(&self) -> Option<&Attempt> {
        self.attempts.last().filter(|attempt| attempt.outcome == Outcome::Asked)
    }

    /// Whether money under that name is known, and if so as what the order is paid with or as a stray.
    pub fn knows(&self, reference: &str) -> bool {
        let stray = self.strays.iter().any(|(known, _)| known == reference);
        stray || self.capture().and_then(|(_, known)| known) == Some(reference)
    }

    /// What the order is paid with: how much, and the provider's name for it.
    pub fn capture(&self) -> Option<(Money, Option<&str>)> {
        self.attempts.iter().find_map(|attempt| match &attempt.outcome {
            Outcome::Captured { amount, reference } => Some((*amount, reference.as_deref())),
            _ => None,
        })
    }

    /// What was captured for the order and is not going back. Never negative.
    pub fn kept(&self, currency: Currency) -> Money {
        let Some((captured, reference)) = self.capture() else { return Money::zero(currency) };
        let of_it = self.refunds.iter().filter(|refund| refund.reference.as_deref() == reference);
        let gone: i64 = of_it.map(|refund| refund.amount.minor()).sum();
        Money::from_minor(captured.minor().saturating_sub(gone), currency).unwrap_or(Money::zero(currency))
    }

    /// Whether all money that is to go back has gone.
    pub fn settled(&self) -> bool {
        self.refunds.iter().all(|refund| refund.paid)
    }

    /// What went back, strays apart.
    pub(super) fn refunded(&self, currency: Currency) -> Money {
        let reference = self.capture().and_then(|(_, reference)| reference);
        let of_it = self.refunds.iter().filter(|refund| refund.reference.as_deref() == reference);
        let gone: i64 = of_it.map(|refund| refund.amount.minor()).sum();
        Money::from_minor(gone, currency).unwrap_or(Money::zero(currency))
    }

    pub(super) fn next_attempt(&self) -> u32 {
        self.attempts.last().map_or(1, |attempt| attempt.number + 1)
    }

    pub(super) fn next_refund(&self) -> u32 {
        self.refunds.last().map_or(1, |refund| refund.number + 1)
    }

    /// The state after one more event of the order.
    pub(super) fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { payment, .. } => self.method.clone_from(payment),
            Event::PaymentMethodGiven { method, .. } => self.method = Some(method.clone()),
            Event::PaymentStarted { attempt, amount, method, .. } => self.attempts.push(Attempt {
                number: (*attempt).max(self.next_attempt()),
                amount: *amount,
                method: method.clone(),
                outcome: Outcome::Asked,
            }),
            Event::PaymentConfirmed { captured, reference, .. } => {
                self.settle(Outcome::Captured { amount: *captured, reference: reference.clone() });
            }
            Event::PaymentDeclined { code, reason, .. } => {
                self.settle(Outcome::Declined { code: code.clone(), reason: reason.clone() });
            }
            Event::StrayPaymentFound { reference, captured, .. } => {
                self.strays.push((reference.clone(), *captured));
            }
            Event::RefundRequested { refund, amount, reference, .. } => self.refunds.push(Refund {
                number: *refund,
                amount: *amount,
                reference: reference.clone(),
                paid: false,
            }),
            Event::RefundPaid { refund, .. } => {
                self.refunds.iter_mut().filter(|it| it.number == *refund).for_each(|it| it.paid = true);
            }
            _ => {}
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.outcome = outcome;
        }
    }
}

//! Giving money back.

use penstock_domain::order::{Command, Refund};
use penstock_domain::planted::{self, Bug};

use super::PaymentDesk;
use super::settled::{pending, undone};
use crate::catalogue::Catalogue;
use crate::checkout::desk::{Errand, Undone, tell};
use crate::ledger::Ledger;
use crate::ports::payments::{PaymentProvider, PaymentReference, ProviderRefund, RefundState, WantedRefund};
use crate::tenants::Tenants;

impl<L: Ledger, C: Catalogue, T: Tenants, P: PaymentProvider> PaymentDesk<L, C, T, P> {
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
        let command = Command::ConfirmRefund { refund: number, reference };
        let told = tell(&self.orders, errand, history, command).await?;
        told.map(drop).map_err(|refusal| Undone::Failed(refusal.to_string()))
    }

    /// Asks the provider, unless it has been asked with success; what came to nothing is asked with a new key.
    async fn give_back(&self, errand: &Errand, refund: &Refund) -> Result<String, Undone> {
        let number = refund.number;
        let Some(reference) = refund.reference.clone() else {
            return Err(Undone::Failed(format!("nothing is known that refund {number} could come from")));
        };
        let (tenant, order, payment) = (errand.tenant().clone(), errand.order, reference.into());
        let prefix = format!("{tenant}/{order}/refund/{number}/");
        let asked = self.asked_before(errand, &payment, &prefix).await?;
        let is_failed = |it: &ProviderRefund| matches!(it.state, RefundState::Failed { .. });
        let (failed, asked): (Vec<_>, Vec<_>) = asked.into_iter().partition(is_failed);
        if let Some(asked) = asked.into_iter().next() {
            return given_back(asked);
        }
        let mut key = format!("{prefix}{}", failed.len());
        if planted::is(Bug::RefundKeyOfEachAttempt) {
            key = format!("{key}/{}", errand.request.id);
        }
        let wanted = WantedRefund { key, tenant, order, refund: number, payment, amount: refund.amount };
        given_back(self.provider.refund(&wanted).await.map_err(undone)?)
    }

    /// What the provider was asked for with such keys; nothing when it cannot have been asked.
    async fn asked_before(
        &self,
        errand: &Errand,
        payment: &PaymentReference,
        prefix: &str,
    ) -> Result<Vec<ProviderRefund>, Undone> {
        if !errand.was_tried((self.clock)()) {
            return Ok(vec![]);
        }
        let mut asked = self.provider.refunds(payment).await.map_err(undone)?;
        asked.retain(|it| it.key.as_deref().is_some_and(|key| key.starts_with(prefix)));
        Ok(asked)
    }
}

/// The provider's name for money that is on its way back.
fn given_back(refund: ProviderRefund) -> Result<String, Undone> {
    match refund.state {
        RefundState::Paid => Ok(refund.reference),
        RefundState::Pending => Err(pending("the refund")),
        RefundState::Failed { reason } => Err(Undone::Failed(format!("the refund failed: {reason}"))),
    }
}

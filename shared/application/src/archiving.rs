//! Putting orders away: when it is time, and the command that does it.

use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::{Command, Status, Summary};
use penstock_domain::{OrderId, TenantId};

use crate::caller::{Caller, Request};
use crate::catalogue::Catalogue;
use crate::ledger::Ledger;
use crate::orders::{OrderError, Orders};
use crate::tenants::Tenants;

/// How long a cancelled or refunded order stays as it is, though it may be archived at once: a day in which whoever asks what
/// became of it still sees the answer. A delivered one has had its 30 days.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// After when an order is to be archived; nothing as long as it has not ended.
pub fn due(summary: &Summary) -> Option<Timestamp> {
    let from = summary.archivable_at?;
    let grace = if summary.status == Status::Delivered { SignedDuration::ZERO } else { GRACE };
    Some(from.saturating_add(grace).unwrap_or(Timestamp::MAX))
}

impl<L: Ledger, C: Catalogue, T: Tenants> Orders<L, C, T> {
    /// Archives an order on the platform's own behalf; one that is archived stays as it is. `run` is the id of what caused it.
    ///
    /// # Errors
    /// Any [`OrderError`]; [`OrderError::Refused`] when it has not ended yet, or money is still owed.
    pub async fn archive(&self, tenant: &TenantId, order: OrderId, run: &str) -> Result<(), OrderError> {
        let caller = Caller {
            tenant: tenant.clone(),
            subject: "penstock/archive-orders".to_owned(),
            roles: [].into(),
        };
        let request = Request {
            key: order.within(tenant, "archive").into(),
            digest: "archiveOrder".to_owned(),
            id: run.to_owned(),
            traceparent: None,
            correlation_id: run.to_owned(),
        };
        let history = self.history(&caller, order).await?;
        self.step(&caller, &request, history, Command::ArchiveOrder).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use penstock_domain::Money;
    use penstock_domain::order::FulfilmentStatus;

    use super::*;
    use crate::orders::tests::{Shop, caller};

    #[tokio::test]
    async fn an_order_that_has_ended_is_put_away_once_and_no_other() {
        let shop = Shop::new();
        let (tenant, order) = (caller().tenant, shop.draft(1).await);
        let early = shop.orders.archive(&tenant, order, "run-1").await;
        assert!(matches!(early, Err(OrderError::Refused(_))));
        shop.cancel(order, 2, "c", None).await.unwrap();
        for run in ["run-2", "run-3"] {
            shop.orders.archive(&tenant, order, run).await.unwrap();
        }
        let history = shop.orders.history(&caller(), order).await.unwrap();
        assert_eq!(history.now().unwrap().order.status, Status::Archived);
        let by: Vec<_> = history.commits().iter().map(|it| (&*it.actor, &*it.correlation_id)).collect();
        assert_eq!(by, [("clerk", "c"), ("clerk", "c"), ("penstock/archive-orders", "run-2")]);
    }

    #[test]
    fn a_delivered_order_is_archived_when_its_returns_are_over_and_others_a_day_after_their_end() {
        let ended: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(due(&summary(Status::Delivered, Some(ended))), Some(ended));
        let day_after = "2026-11-21T12:00:00Z".parse().ok();
        assert_eq!(due(&summary(Status::Cancelled, Some(ended))), day_after);
        assert_eq!(due(&summary(Status::Refunded, Some(ended))), day_after);
        assert_eq!(due(&summary(Status::Shipped, None)), None);
    }

    fn summary(status: Status, archivable_at: Option<Timestamp>) -> Summary {
        let total = Money::from_minor(250, "GBP".parse().unwrap()).unwrap();
        let created_at = "2026-10-01T12:00:00Z".parse().unwrap();
        Summary { status, total, fulfilment: FulfilmentStatus::Unfulfilled, created_at, archivable_at }
    }
}

//! What all desks share: the errand they are on, and how one ends undone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::{Command, Refusal};
use penstock_domain::{OrderId, TenantId};

use crate::Unavailable;
use crate::caller::{Caller, Request};
use crate::catalogue::Catalogue;
use crate::history::{History, OrderRecord};
use crate::ledger::Ledger;
use crate::orders::{OrderError, Orders};
use crate::tenants::Tenants;

/// One step of one order, and what is kept with what it does.
#[derive(Debug, Clone)]
pub struct Errand {
    /// Which order.
    pub order: OrderId,
    /// On whose behalf: the platform's own, within the order's tenant.
    pub caller: Caller,
    /// The step as a request: the same key for the same step, and an id for each time it is done.
    pub request: Request,
    /// How often it was tried before, as far as that was counted.
    pub attempts: u32,
    /// Since when it is to be done.
    pub since: Timestamp,
}

/// What is older may have been tried before, though nobody counted: it was redriven, or its message was lost for a while.
const FRESH: SignedDuration = SignedDuration::from_mins(1);

impl Errand {
    /// Whose order.
    pub fn tenant(&self) -> &TenantId {
        &self.caller.tenant
    }

    /// Whether it may have been tried before.
    pub(super) fn was_tried(&self, now: Timestamp) -> bool {
        self.attempts > 0 || self.age(now) > FRESH
    }

    /// How long it is to be done.
    pub(super) fn age(&self, now: Timestamp) -> SignedDuration {
        now.duration_since(self.since)
    }
}

/// Why a step is not done.
#[derive(Debug, thiserror::Error)]
pub enum Undone {
    /// The world outside is not ready, which is no failure.
    #[error("{reason}; to be done later")]
    Later {
        /// Not before this time has passed, where something is known.
        after: Option<Duration>,
        /// What is waited for.
        reason: String,
    },
    /// It failed, and may succeed another time; a human has to look when it goes on failing.
    #[error("{0}")]
    Failed(String),
    /// The order could not be read or told.
    #[error(transparent)]
    Order(#[from] OrderError),
}

impl Undone {
    /// What may be done at any later time.
    pub(super) fn later(reason: impl Into<String>) -> Self {
        Self::Later { after: None, reason: reason.into() }
    }
}

impl From<Unavailable> for Undone {
    fn from(error: Unavailable) -> Self {
        Self::Order(error.into())
    }
}

/// Tells the order what came of an errand; what its state does not allow any more is answered with the refusal.
pub(super) async fn tell<L: Ledger, C: Catalogue, T: Tenants>(
    orders: &Orders<L, C, T>,
    errand: &Errand,
    history: History,
    command: Command,
) -> Result<Result<OrderRecord, Refusal>, Undone> {
    match orders.step(&errand.caller, &errand.request, history, command).await {
        Ok(record) => Ok(Ok(record)),
        Err(OrderError::Refused(refusal)) => Ok(Err(refusal)),
        Err(error) => Err(error.into()),
    }
}

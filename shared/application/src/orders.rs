//! What callers do with orders.

mod command;
mod create;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, TimestampRound, Unit};
use penstock_domain::order::{Line, LineProblemKind, Refusal, Terms, WantedLine, check_count, price_lines};
use penstock_domain::{Currency, Limits, OrderId, ProductId, TenantId, Terms as CheckoutTerms};

use crate::Unavailable;
use crate::caller::Caller;
use crate::catalogue::{Catalogue, Found};
use crate::history::{History, OrderRecord};
use crate::ledger::{AppendError, Ledger};
use crate::tenants::Tenants;

pub use command::ToOrder;
pub use create::{Created, WantedOrder};

/// What time it is. An argument, so that tests and simulations can say.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How often a command is decided anew when others were faster.
pub(crate) const ATTEMPTS_MAX: u32 = 8;

/// How many commits an order has at most. What is decided beyond is refused; an ordinary order has some ten.
pub(crate) const COMMITS_MAX: usize = 2_000;

/// Why a use case on an order failed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// The business says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such order, or was none then.
    #[error("order {0} does not exist")]
    NotFound(OrderId),
    /// The idempotency key was used for something else.
    #[error("the idempotency key was used before, with another request")]
    KeyReused,
    /// The caller knows another version.
    #[error("the order is at version {0}")]
    VersionMoved(u32),
    /// Too many others at once.
    #[error("the order changed {ATTEMPTS_MAX} times while we tried; try again")]
    Contended,
    /// More commits than an order may have.
    #[error("the order has {COMMITS_MAX} commits, the most there may be")]
    TooLong,
    /// More than one item holds.
    #[error("the order has {bytes} bytes; {max} fit")]
    TooLarge {
        /// Its size as stored.
        bytes: usize,
        /// What fits.
        max: usize,
    },
    /// Stored events that make no order: a bug, or damage.
    #[error("the events of order {0} do not begin with its creation")]
    Corrupt(OrderId),
    /// Something behind a port could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The use cases on orders.
pub struct Orders<L, C, T> {
    ledger: L,
    catalogue: C,
    tenants: T,
    clock: Clock,
}

impl<L: Ledger, C: Catalogue, T: Tenants> Orders<L, C, T> {
    /// Use cases over these ports.
    pub fn new(ledger: L, catalogue: C, tenants: T, clock: Clock) -> Self {
        Self { ledger, catalogue, tenants, clock }
    }

    /// The order, now or as it was at a time. One read.
    ///
    /// # Errors
    /// [`OrderError::NotFound`], [`OrderError::Unavailable`].
    pub async fn get(
        &self,
        caller: &Caller,
        order: OrderId,
        as_of: Option<Timestamp>,
    ) -> Result<OrderRecord, OrderError> {
        let history = self.history(caller, order).await?;
        match as_of {
            Some(time) => history.as_of(time),
            None => history.now(),
        }
    }

    /// All that happened to the order. One read.
    ///
    /// # Errors
    /// [`OrderError::NotFound`], [`OrderError::Unavailable`].
    pub async fn history(&self, caller: &Caller, order: OrderId) -> Result<History, OrderError> {
        History::new(order, self.ledger.read(&caller.tenant, order).await?)
    }

    /// How a tenant's orders are checked out.
    ///
    /// # Errors
    /// When its settings cannot be read.
    pub async fn terms(&self, tenant: &TenantId) -> Result<CheckoutTerms, Unavailable> {
        Ok(self.tenants.settings(tenant).await?.terms)
    }

    /// The time, in the milliseconds that are shown and stored.
    fn now(&self) -> Timestamp {
        let now = (self.clock)();
        now.round(TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor))
            .unwrap_or(now)
    }

    /// Prices lines. A price is never called wrong from memory: what was remembered is read anew first.
    async fn price(
        &self,
        caller: &Caller,
        wanted: &[WantedLine],
        currency: Option<Currency>,
        limits: Limits,
    ) -> Result<(Currency, Vec<Line>), OrderError> {
        check_count(wanted.len(), limits)?;
        let may_set_prices = caller.may_set_prices();
        let price = |found: &Found| {
            price_lines(wanted, &Terms { products: &found.products, currency, limits, may_set_prices })
        };
        let ids: BTreeSet<_> = wanted.iter().map(|line| line.product_id).collect();
        let found = self.catalogue.find(&caller.tenant, &ids).await?;
        let priced = price(&found);
        let mut doubtful = priced.as_ref().err().map(|refusal| repriced(refusal, wanted)).unwrap_or_default();
        doubtful.retain(|id| found.remembered.contains(id));
        if doubtful.is_empty() {
            return Ok(priced?);
        }
        self.catalogue.forget(&caller.tenant, &doubtful);
        let found = self.catalogue.find(&caller.tenant, &ids).await?;
        Ok(price(&found)?)
    }
}

/// The products whose price is said to be another than the caller thinks.
fn repriced(refusal: &Refusal, wanted: &[WantedLine]) -> BTreeSet<ProductId> {
    let Refusal::Lines(problems) = refusal else { return BTreeSet::new() };
    problems
        .iter()
        .filter(|problem| {
            matches!(problem.kind, LineProblemKind::PriceChanged(_) | LineProblemKind::OtherCurrency { .. })
        })
        .map(|problem| wanted[problem.line].product_id)
        .collect()
}

impl From<AppendError> for OrderError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict(_) => Self::Contended,
            AppendError::TooLarge { bytes, max } => Self::TooLarge { bytes, max },
            AppendError::Unavailable(unavailable) => Self::Unavailable(unavailable),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

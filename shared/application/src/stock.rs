//! The use cases on stock: receipts and corrections by hand, and operations for orders, many at a time.
//!
//! What is decided holds for what was read, and is written on that condition: of two who decide on the same card one is told that
//! it has changed, and decides anew.

mod adjust;
mod apply;
mod batch;
mod draft;
pub mod ledger;

use std::sync::Arc;

use futures::lock::{Mutex, MutexGuard};
use penstock_domain::stock::{NotEnough, Totals, Units};
use penstock_domain::{IdempotencyKey, ProductId, TenantId};

use crate::{Clock, Unavailable};
use ledger::{Keys, StockLedger};

pub use adjust::Adjusted;

/// How often a transaction is decided anew when others were faster.
const ATTEMPTS_MAX: u32 = 12;

/// Why a use case on stock failed.
#[derive(Debug, thiserror::Error)]
pub enum StockError {
    /// What would be taken away is promised.
    #[error(transparent)]
    NotEnough(#[from] NotEnough),
    /// The idempotency key was used for something else.
    #[error("the idempotency key {0} was used before, with another request")]
    KeyReused(IdempotencyKey),
    /// Too many others at once.
    #[error("the stock changed {ATTEMPTS_MAX} times while we tried; try again")]
    Contended,
    /// Something behind a port could not be reached. What was asked may or may not have been done.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What became of an operation.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is done; what was moved, of tracked products.
    Done(Units),
    /// It was done before; what was moved then, of tracked products.
    AlreadyDone(Units),
    /// The order's reservation was released before: nothing is reserved or sold for it any more.
    AlreadyOver,
    /// Nothing was done: so much is missing of these products.
    Short(Units),
    /// It may or may not have been done: it is to be repeated.
    Failed(Arc<StockError>),
}

/// The use cases on stock.
pub struct Stock<L> {
    ledger: L,
    clock: Clock,
    /// Held by whoever has lost a race: of this process one at a time tries again, or those who want one product would go on getting in
    /// each other's way.
    turn: Mutex<()>,
}

impl<L: StockLedger> Stock<L> {
    /// Use cases over this ledger.
    pub fn new(ledger: L, clock: Clock) -> Self {
        Self { ledger, clock, turn: Mutex::new(()) }
    }

    /// A product's totals; nothing when it is not tracked. One read.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn get(&self, tenant: &TenantId, product: ProductId) -> Result<Option<Totals>, Unavailable> {
        let keys = Keys { products: [product].into(), ..Keys::default() };
        let found = self.ledger.read(tenant, &keys).await?;
        Ok(found.cards.get(&product).map(|card| *card.totals()))
    }

    /// Waits after a conflict, until it is this one's turn.
    async fn wait<'a>(&'a self, conflict: u32, turn: &mut Option<MutexGuard<'a, ()>>) {
        metrics::counter!("StockConflicts").increment(1);
        self.ledger.pause(conflict).await;
        if turn.is_none() {
            *turn = Some(self.turn.lock().await);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! Operations for orders, many at a time: those that touch the same products share a card's one write.

use penstock_domain::TenantId;
use penstock_domain::stock::Operation;

use super::batch::{Batch, Round};
use super::ledger::{AppendError, StockLedger};
use super::{ATTEMPTS_MAX, Outcome, Stock, StockError};
use crate::Unavailable;

/// How many transactions one call makes at most. An order of the most lines there may be takes some twenty.
const ROUNDS_MAX: usize = 500;

impl<L: StockLedger> Stock<L> {
    /// Does what is to be done for orders of one tenant, and says what became of each, in the given order.
    ///
    /// An operation is done as a whole or not at all, and repeating it does nothing more. Those that come first are served first; where
    /// one finds too little, the others are served all the same. One read, and one transaction for as many operations as fit its
    /// [`ITEMS_MAX`](super::ledger::ITEMS_MAX) items; a release adds a read, and so does each lost race, with another transaction.
    ///
    /// An operation beyond one transaction is done in parts. When the process ends between them, repeating the operation goes on from
    /// there; a reservation can as well be released.
    pub async fn apply(&self, tenant: &TenantId, operations: &[Operation]) -> Vec<Outcome> {
        let mut batch = Batch::new(operations);
        let (mut conflicts, mut turn) = (0, None);
        for _ in 0..ROUNDS_MAX {
            if batch.is_done() {
                break;
            }
            if self.round(tenant, &mut batch, conflicts).await {
                conflicts = 0;
            } else {
                self.wait(conflicts, &mut turn).await;
                conflicts += 1;
            }
        }
        batch.fail(StockError::Contended);
        batch.outcomes()
    }

    /// Reads what is missing, and does what one transaction takes. False when it is to be tried again, after so many conflicts in a row
    /// and one more.
    async fn round(&self, tenant: &TenantId, batch: &mut Batch<'_>, conflicts: u32) -> bool {
        if let Err(error) = self.read(tenant, batch).await {
            batch.fail(error.into());
            return true;
        }
        let round = batch.round((self.clock)());
        match self.write(tenant, &round).await {
            Ok(()) => batch.written(round),
            Err(AppendError::Conflict) if conflicts + 1 < ATTEMPTS_MAX => {
                batch.forget(&round.keys);
                return false;
            }
            Err(AppendError::Conflict) => batch.failed(&round, StockError::Contended),
            Err(AppendError::Unavailable(error)) => batch.failed(&round, error.into()),
        }
        true
    }

    async fn read(&self, tenant: &TenantId, batch: &mut Batch<'_>) -> Result<(), Unavailable> {
        loop {
            let keys = batch.unread();
            if keys.is_empty() {
                return Ok(());
            }
            let found = self.ledger.read(tenant, &keys).await?;
            batch.learn(keys, found);
        }
    }

    async fn write(&self, tenant: &TenantId, round: &Round) -> Result<(), AppendError> {
        if round.append.reservations.is_empty() {
            return Ok(());
        }
        self.ledger.append(tenant, &round.append).await
    }
}

//! Receipts and corrections: one read, one transaction, and both again for each lost race.

use penstock_domain::ProductId;
use penstock_domain::stock::{self, Adjustment};

use super::ledger::{AdjustmentRecord, Append, AppendError, CardWrite, Found, Keys, StockLedger};
use super::{ATTEMPTS_MAX, Stock, StockError};
use crate::caller::{Caller, Request};

/// What became of an adjustment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adjusted {
    /// It is done.
    New(AdjustmentRecord),
    /// It was done by this very request before; as it was then.
    Before(AdjustmentRecord),
}

impl<L: StockLedger> Stock<L> {
    /// Notes what came in, or what a count found. From the first of a product on it is tracked.
    ///
    /// One read of two items, one transaction of two.
    ///
    /// # Errors
    /// Any [`StockError`].
    pub async fn adjust(
        &self,
        caller: &Caller,
        request: &Request,
        product: ProductId,
        adjustment: &Adjustment,
    ) -> Result<Adjusted, StockError> {
        let keys = Keys { products: [product].into(), adjustment: Some(request.key), ..Keys::default() };
        let mut turn = None;
        for conflict in 0..ATTEMPTS_MAX {
            let found = self.ledger.read(&caller.tenant, &keys).await?;
            if let Some(record) = found.adjustment {
                return before(record, request, product);
            }
            let (append, record) = self.decide(&found, caller, request, product, adjustment)?;
            match self.ledger.append(&caller.tenant, &append).await {
                Ok(()) => return Ok(Adjusted::New(record)),
                Err(AppendError::Conflict) => self.wait(conflict, &mut turn).await,
                Err(AppendError::Unavailable(error)) => return Err(error.into()),
            }
        }
        Err(StockError::Contended)
    }

    fn decide(
        &self,
        found: &Found,
        caller: &Caller,
        request: &Request,
        product: ProductId,
        adjustment: &Adjustment,
    ) -> Result<(Append, AdjustmentRecord), StockError> {
        let at = (self.clock)();
        let card = found.cards.get(&product);
        let adjusted = stock::adjust(card, at, adjustment)?;
        let record = AdjustmentRecord {
            key: request.key,
            product,
            digest: request.digest.clone(),
            request_id: request.id.clone(),
            actor: caller.subject.clone(),
            at,
            after: *adjusted.totals(),
        };
        let write = CardWrite::new(card.map_or(0, |card| card.number()), adjusted);
        let adjustment = Some(record.clone());
        Ok((Append { cards: [(product, write)].into(), adjustment, ..Append::default() }, record))
    }
}

/// What the adjustment that was done under this key says to the request.
fn before(record: AdjustmentRecord, request: &Request, product: ProductId) -> Result<Adjusted, StockError> {
    if record.digest != request.digest || record.product != product {
        return Err(StockError::KeyReused(request.key));
    }
    // Written by this very attempt, whose answer was lost on the way: to the caller it is new.
    let ours = record.request_id == request.id;
    Ok(if ours { Adjusted::New(record) } else { Adjusted::Before(record) })
}

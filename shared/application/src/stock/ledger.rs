//! The port to where stock cards and reservations are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use jiff::Timestamp;
use penstock_domain::stock::{Reservation, Sheet, StockCard, Totals};
use penstock_domain::{IdempotencyKey, OrderId, ProductId, TenantId};

use crate::Unavailable;

/// How many items one transaction writes at most. A card is one, the sheet it files another, a reservation one.
pub const ITEMS_MAX: usize = 100;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// The cards of these products.
    pub products: BTreeSet<ProductId>,
    /// The reservations of these orders.
    pub orders: BTreeSet<OrderId>,
    /// The adjustment with this key.
    pub adjustment: Option<IdempotencyKey>,
}

impl Keys {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        self.products.is_empty() && self.orders.is_empty() && self.adjustment.is_none()
    }
}

/// What is there of what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// What is missing is not tracked.
    pub cards: BTreeMap<ProductId, StockCard>,
    /// Of what is missing nothing is known.
    pub reservations: BTreeMap<OrderId, Reservation>,
    /// What is missing was not done.
    pub adjustment: Option<AdjustmentRecord>,
}

/// An adjustment that was done, so that its repetition is answered and not done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdjustmentRecord {
    /// What the caller named it by.
    pub key: IdempotencyKey,
    /// What was adjusted.
    pub product: ProductId,
    /// The digest of what was asked.
    pub digest: String,
    /// The id of the request that did it.
    pub request_id: String,
    /// Who asked.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// What was there after it.
    pub after: Totals,
}

/// What is written together: all of it, or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Append {
    /// Cards, as they shall be.
    pub cards: BTreeMap<ProductId, CardWrite>,
    /// Reservations, as they shall be. Each has the version after the one that was read; the first is 1.
    pub reservations: BTreeMap<OrderId, Reservation>,
    /// An adjustment that was not done before.
    pub adjustment: Option<AdjustmentRecord>,
}

/// A card, as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardWrite {
    /// The number of the card that was read; 0 when there was none.
    pub before: u64,
    /// The card.
    pub card: StockCard,
    /// The sheet that was taken out of it, to be filed.
    pub filed: Option<Sheet>,
}

impl CardWrite {
    /// The write of a card that has got new movements. Its sheet is filed when it is full.
    pub fn new(before: u64, mut card: StockCard) -> Self {
        let filed = card.turn();
        Self { before, card, filed }
    }
}

/// Why nothing was appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Something is not as it was read, or somebody else is writing it.
    #[error("the stock has changed since it was read")]
    Conflict,
    /// It may or may not have been written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Where stock cards and reservations are kept.
pub trait StockLedger: Send + Sync {
    /// What is there, as it is now.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn read(&self, tenant: &TenantId, keys: &Keys)
    -> impl Future<Output = Result<Found, Unavailable>> + Send;

    /// Writes all of it, if everything is still as it was read.
    ///
    /// # Errors
    /// - [`AppendError::Conflict`] when something has changed: nothing was written.
    /// - [`AppendError::Unavailable`] when nothing is known.
    fn append(
        &self,
        tenant: &TenantId,
        append: &Append,
    ) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// Waits after the conflict with this number, counted from 0, so that those who were in it do not meet again: each time up to
    /// twice as long, by chance (full jitter).
    fn pause(&self, conflict: u32) -> impl Future<Output = ()> + Send;
}

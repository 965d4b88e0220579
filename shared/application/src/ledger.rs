//! The port to where orders' events are kept.

use std::future::Future;

use jiff::Timestamp;
use penstock_domain::order::{Event, Summary};
use penstock_domain::{IdempotencyKey, OrderId, TenantId};

use crate::Unavailable;

/// All that one command did to one order: written whole, once, or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Whose order.
    pub tenant: TenantId,
    /// Which order.
    pub order: OrderId,
    /// 1, 2, …: the order's version after it.
    pub number: u32,
    /// When the command was decided.
    pub at: Timestamp,
    /// Who gave it.
    pub actor: String,
    /// The command's idempotency key.
    pub key: IdempotencyKey,
    /// The digest of what was asked.
    pub digest: String,
    /// The id of the request that wrote it.
    pub request_id: String,
    /// W3C trace context of that request.
    pub traceparent: Option<String>,
    /// What ties requests of one business transaction together.
    pub correlation_id: String,
    /// What happened; nothing when the command had been said before.
    pub events: Vec<Event>,
    /// What would otherwise have to be read from the commits before it; commits stored before there was one have none.
    pub head: Option<Head>,
}

/// What a commit says about the order beyond its own events.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// The number of the commit's first event among the order's, counted from 1.
    pub first_sequence: u32,
    /// The order after it.
    pub summary: Summary,
}

/// Why a commit was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another commit holds that number; carried, so that no extra read is needed.
    #[error("commit {} exists", .0.number)]
    Conflict(Box<Commit>),
    /// Larger than what is kept in one item; nothing was written.
    #[error("the commit has {bytes} bytes; {max} fit")]
    TooLarge {
        /// Its size as stored.
        bytes: usize,
        /// What fits.
        max: usize,
    },
    /// It may or may not have been written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Where orders' events are kept.
pub trait Ledger: Send + Sync {
    /// All commits of an order, oldest first; none when there is no such order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn read(
        &self,
        tenant: &TenantId,
        order: OrderId,
    ) -> impl Future<Output = Result<Vec<Commit>, Unavailable>> + Send;

    /// An order's first commit.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    fn first(
        &self,
        tenant: &TenantId,
        order: OrderId,
    ) -> impl Future<Output = Result<Option<Commit>, Unavailable>> + Send;

    /// Appends a commit, if its number is free.
    ///
    /// # Errors
    /// - [`AppendError::Conflict`] when the number is taken.
    /// - [`AppendError::TooLarge`] before anything is written.
    /// - [`AppendError::Unavailable`] when nothing is known.
    fn append(&self, commit: &Commit) -> impl Future<Output = Result<(), AppendError>> + Send;
}

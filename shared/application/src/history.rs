//! An order's commits, and what follows from them: its state now or then, and what was answered before.

use jiff::Timestamp;
use penstock_domain::OrderId;
use penstock_domain::order::{self, Event, Order, Summary};
use penstock_domain::planted::{self, Bug};

use crate::caller::Request;
use crate::ledger::{Commit, Head};
use crate::orders::OrderError;

/// An order as of one version.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRecord {
    /// Which.
    pub id: OrderId,
    /// The number of its newest commit.
    pub version: u32,
    /// Its state.
    pub order: Order,
}

/// An order's commits, oldest first and without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    id: OrderId,
    commits: Vec<Commit>,
}

impl History {
    /// A history of what was read.
    ///
    /// # Errors
    /// [`OrderError::NotFound`] when there are no commits.
    pub fn new(id: OrderId, commits: Vec<Commit>) -> Result<Self, OrderError> {
        if commits.is_empty() { Err(OrderError::NotFound(id)) } else { Ok(Self { id, commits }) }
    }

    /// Which order's.
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// The commits.
    pub fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// The order now.
    ///
    /// # Errors
    /// [`OrderError::Corrupt`] when the commits do not begin with a creation.
    pub fn now(&self) -> Result<OrderRecord, OrderError> {
        self.after(self.commits.len())
    }

    /// The order as it was at `time`.
    ///
    /// # Errors
    /// [`OrderError::NotFound`] when it did not exist then.
    pub fn as_of(&self, time: Timestamp) -> Result<OrderRecord, OrderError> {
        match self.commits.iter().take_while(|commit| commit.at <= time).count() {
            0 => Err(OrderError::NotFound(self.id)),
            commits => self.after(commits),
        }
    }

    /// What this request was answered, if it was made before.
    ///
    /// # Errors
    /// [`OrderError::KeyReused`] when its key stood for something else.
    pub fn answered(&self, request: &Request) -> Result<Option<OrderRecord>, OrderError> {
        let looked_at = if planted::is(Bug::KeyForgotten) { 1 } else { self.commits.len() };
        match self.commits[..looked_at].iter().position(|commit| commit.key == request.key) {
            None => Ok(None),
            Some(index) if self.commits[index].digest == request.digest => self.after(index + 1).map(Some),
            Some(_) => Err(OrderError::KeyReused),
        }
    }

    /// Adds the commit that comes next.
    pub(crate) fn push(&mut self, commit: Commit) {
        self.commits.push(commit);
    }

    /// What the commit that comes next says about the order, `events` having happened to it as it is `now`.
    pub(crate) fn head(&self, now: &OrderRecord, events: &[Event]) -> Head {
        let before: usize = self.commits.iter().map(|commit| commit.events.len()).sum();
        let first_sequence = u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1);
        let after = events.iter().fold(Some(now.order.clone()), order::evolve);
        Head { first_sequence, summary: Summary::of(after.as_ref().unwrap_or(&now.order)) }
    }

    /// When its newest commit was: no later one may be earlier.
    pub(crate) fn newest_at(&self) -> Timestamp {
        self.commits.last().map_or(Timestamp::MIN, |commit| commit.at)
    }

    fn after(&self, commits: usize) -> Result<OrderRecord, OrderError> {
        let read = &self.commits[..commits];
        let order = Order::fold(read.iter().flat_map(|commit| &commit.events));
        let version = read.last().map_or(0, |commit| commit.number);
        order.map(|order| OrderRecord { id: self.id, version, order }).ok_or(OrderError::Corrupt(self.id))
    }
}

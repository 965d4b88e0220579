//! A ledger in memory that checks what a real one checks, and goes wrong when a test says so.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use penstock_domain::IdempotencyKey;
use penstock_domain::stock::{Operation, Reservation, StockCard};

use super::*;
use crate::stock::batch::Batch;
use crate::stock::ledger::{AdjustmentRecord, Append, AppendError, Found, ITEMS_MAX, StockLedger};

/// What the next append does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// What it should.
    Go,
    /// Nothing, as somebody else is writing.
    Conflict,
    /// Nothing, and nobody knows.
    Fail,
    /// What it should, and nobody knows.
    LoseAnswer,
    /// What it should; then it is tried again, and meets itself.
    WriteTwice,
}

#[derive(Clone, Default)]
pub(crate) struct MemoryStock(Arc<Inner>);

#[derive(Default)]
struct Inner {
    kept: Mutex<Kept>,
    plan: Mutex<VecDeque<Next>>,
    /// How many appends are still to come until these operations are done by somebody else, just before it.
    rivals: Mutex<Option<(u32, Vec<Operation>)>>,
    down: Mutex<bool>,
    reads: AtomicU32,
    writes: AtomicU32,
    pauses: Mutex<Vec<u32>>,
}

#[derive(Default)]
struct Kept {
    cards: BTreeMap<ProductId, StockCard>,
    reservations: BTreeMap<OrderId, Reservation>,
    adjustments: BTreeMap<IdempotencyKey, AdjustmentRecord>,
}

impl MemoryStock {
    pub(super) fn plan(&self, next: Vec<Next>) {
        *self.0.plan.lock().unwrap() = next.into();
    }

    pub(super) fn meanwhile(&self, append: u32, operations: Vec<Operation>) {
        *self.0.rivals.lock().unwrap() = Some((append, operations));
    }

    pub(crate) fn go_down(&self) {
        *self.0.down.lock().unwrap() = true;
    }

    pub(crate) fn reset(&self) {
        self.0.reads.store(0, Ordering::SeqCst);
        self.0.writes.store(0, Ordering::SeqCst);
    }

    pub(super) fn reads(&self) -> u32 {
        self.0.reads.load(Ordering::SeqCst)
    }

    pub(crate) fn writes(&self) -> u32 {
        self.0.writes.load(Ordering::SeqCst)
    }

    /// The conflicts that were waited after.
    pub(super) fn pauses(&self) -> Vec<u32> {
        self.0.pauses.lock().unwrap().clone()
    }

    fn let_rivals_go_first(&self) {
        let mut rivals = self.0.rivals.lock().unwrap();
        let Some((appends, operations)) = rivals.take() else { return };
        if appends > 1 {
            *rivals = Some((appends - 1, operations));
            return;
        }
        let mut batch = Batch::new(&operations);
        let keys = batch.unread();
        batch.learn(keys.clone(), self.find(&keys));
        self.write(&batch.round(Timestamp::UNIX_EPOCH).append).unwrap();
    }

    fn find(&self, keys: &Keys) -> Found {
        let kept = self.0.kept.lock().unwrap();
        let card = |id: &ProductId| Some((*id, kept.cards.get(id)?.clone()));
        let reservation = |id: &OrderId| Some((*id, kept.reservations.get(id)?.clone()));
        Found {
            cards: keys.products.iter().filter_map(card).collect(),
            reservations: keys.orders.iter().filter_map(reservation).collect(),
            adjustment: keys.adjustment.and_then(|key| kept.adjustments.get(&key).cloned()),
        }
    }

    fn write(&self, append: &Append) -> Result<(), AppendError> {
        let mut kept = self.0.kept.lock().unwrap();
        let cards = append
            .cards
            .iter()
            .all(|(id, write)| kept.cards.get(id).map_or(0, StockCard::number) == write.before);
        let reservations = append
            .reservations
            .iter()
            .all(|(id, next)| kept.reservations.get(id).map_or(0, |it| it.version) + 1 == next.version);
        let adjustment = append.adjustment.as_ref().is_none_or(|it| !kept.adjustments.contains_key(&it.key));
        if !(cards && reservations && adjustment) {
            return Err(AppendError::Conflict);
        }
        kept.cards.extend(append.cards.iter().map(|(id, write)| (*id, write.card.clone())));
        kept.reservations.extend(append.reservations.clone());
        kept.adjustments.extend(append.adjustment.clone().map(|it| (it.key, it)));
        Ok(())
    }
}

impl StockLedger for MemoryStock {
    async fn read(&self, _: &TenantId, keys: &Keys) -> Result<Found, Unavailable> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        if *self.0.down.lock().unwrap() { Err(unknown()) } else { Ok(self.find(keys)) }
    }

    async fn append(&self, _: &TenantId, append: &Append) -> Result<(), AppendError> {
        let filed = append.cards.values().filter(|write| write.filed.is_some()).count();
        assert!(append.cards.len() + filed + append.reservations.len() <= ITEMS_MAX);
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        self.let_rivals_go_first();
        let next = self.0.plan.lock().unwrap().pop_front().unwrap_or(Next::Go);
        match next {
            Next::Go => self.write(append),
            Next::Conflict => Err(AppendError::Conflict),
            Next::Fail => Err(unknown().into()),
            Next::LoseAnswer => self.write(append).and(Err(unknown().into())),
            Next::WriteTwice => self.write(append).and_then(|()| self.write(append)),
        }
    }

    async fn pause(&self, conflict: u32) {
        self.0.pauses.lock().unwrap().push(conflict);
    }
}

fn unknown() -> Unavailable {
    Unavailable { what: "the stock", cause: "planted".into() }
}

//! The operations of one call: which are left, and what is known for them.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use penstock_domain::ProductId;
use penstock_domain::stock::{Operation, Reservation, ReservationState};

use super::draft::{Draft, Taken};
use super::ledger::{Append, Found, Keys};
use super::{Outcome, StockError};

/// Operations in the order in which they are served.
pub(super) struct Batch<'a> {
    operations: &'a [Operation],
    /// The places of those that are not done.
    left: VecDeque<usize>,
    outcomes: Vec<Option<Outcome>>,
    asked: Keys,
    found: Found,
}

/// The next transaction, and what becomes of the first operations that are left once it is written.
pub(super) struct Round {
    pub(super) append: Append,
    /// What is to be read anew when it is not written.
    pub(super) keys: Keys,
    outcomes: Vec<Outcome>,
    is_part: bool,
}

impl<'a> Batch<'a> {
    pub(super) fn new(operations: &'a [Operation]) -> Self {
        Self {
            operations,
            left: (0..operations.len()).collect(),
            outcomes: vec![None; operations.len()],
            asked: Keys::default(),
            found: Found::default(),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// What is to be read before the next round.
    pub(super) fn unread(&self) -> Keys {
        let mut keys = Keys::default();
        for operation in self.left.iter().map(|place| &self.operations[*place]) {
            keys.orders.insert(operation.order());
            keys.products.extend(operation.wanted().into_keys());
            let reservation = self.found.reservations.get(&operation.order());
            keys.products.extend(reservation.into_iter().flat_map(|it| given_back(operation, it)));
        }
        keys.orders.retain(|order| !self.asked.orders.contains(order));
        keys.products.retain(|product| !self.asked.products.contains(product));
        keys
    }

    /// Notes what was found of what was asked.
    pub(super) fn learn(&mut self, asked: Keys, found: Found) {
        self.asked.orders.extend(asked.orders);
        self.asked.products.extend(asked.products);
        self.found.cards.extend(found.cards);
        self.found.reservations.extend(found.reservations);
    }

    /// Forgets what may have changed.
    pub(super) fn forget(&mut self, keys: &Keys) {
        for order in &keys.orders {
            self.asked.orders.remove(order);
            self.found.reservations.remove(order);
        }
        for product in &keys.products {
            self.asked.products.remove(product);
            self.found.cards.remove(product);
        }
    }

    /// As many operations as one transaction takes, first come first served. A shortage of one leaves what is there to the next.
    pub(super) fn round(&self, at: Timestamp) -> Round {
        let mut draft = Draft::new(&self.found);
        let (mut outcomes, mut is_part) = (Vec::new(), false);
        for place in &self.left {
            match draft.take(&self.operations[*place], at) {
                Taken::Whole(outcome) => outcomes.push(outcome),
                Taken::Part => is_part = true,
                Taken::Not => break,
            }
            if is_part {
                break;
            }
        }
        Round { keys: draft.keys(), append: draft.into_append(), outcomes, is_part }
    }

    /// Notes that a round is written.
    pub(super) fn written(&mut self, round: Round) {
        let cards = round.append.cards.into_iter().map(|(product, write)| (product, write.card));
        self.found.cards.extend(cards);
        self.found.reservations.extend(round.append.reservations);
        for (place, outcome) in self.left.drain(..round.outcomes.len()).zip(round.outcomes) {
            self.outcomes[place] = Some(outcome);
        }
    }

    /// Gives up a round: nobody knows whether it is written.
    pub(super) fn failed(&mut self, round: &Round, error: StockError) {
        self.forget(&round.keys);
        self.give_up(round.outcomes.len() + usize::from(round.is_part), error);
    }

    /// Gives up all that is left.
    pub(super) fn fail(&mut self, error: StockError) {
        self.give_up(self.left.len(), error);
    }

    fn give_up(&mut self, count: usize, error: StockError) {
        let error = Arc::new(error);
        for place in self.left.drain(..count) {
            self.outcomes[place] = Some(Outcome::Failed(Arc::clone(&error)));
        }
    }

    /// What became of each, in the given order.
    pub(super) fn outcomes(self) -> Vec<Outcome> {
        self.outcomes.into_iter().map(|it| it.expect("every operation is served or given up")).collect()
    }
}

/// The products whose cards an operation may need without naming them: known only once its reservation is.
fn given_back(operation: &Operation, reservation: &Reservation) -> Vec<ProductId> {
    let is_release = matches!(operation, Operation::Release { .. });
    if !is_release && reservation.state != ReservationState::Reserving {
        return Vec::new();
    }
    let kept = reservation.kept().into_keys();
    kept.filter(|product| reservation.is_tracked(*product)).collect()
}

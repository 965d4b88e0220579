//! One transaction in the making: what the operations decided so far come to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use penstock_domain::stock::{
    Cause, Decision, Movement, Operation, Reservation, Shelf, Step, StockCard, decide,
};
use penstock_domain::{OrderId, ProductId};

use super::Outcome;
use super::ledger::{Append, CardWrite, Found, ITEMS_MAX, Keys};

/// A step moves a product twice at most: what comes back may be written off at once.
const MOVES_MAX: usize = 2;

/// What is to be written, over what was read.
pub(super) struct Draft<'a> {
    found: &'a Found,
    cards: BTreeMap<ProductId, StockCard>,
    reservations: BTreeMap<OrderId, Reservation>,
}

/// What a draft did with an operation.
pub(super) enum Taken {
    /// The draft has all of it, or has nothing to do with it.
    Whole(Outcome),
    /// The draft has a part of it.
    Part,
    /// It does not fit beside the others.
    Not,
}

impl<'a> Draft<'a> {
    pub(super) fn new(found: &'a Found) -> Self {
        Self { found, cards: BTreeMap::new(), reservations: BTreeMap::new() }
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.reservations.is_empty()
    }

    /// Takes an operation, if it fits. One that fits nowhere as a whole is taken in part, alone.
    pub(super) fn take(&mut self, operation: &Operation, at: Timestamp) -> Taken {
        match self.decide(operation) {
            None => Taken::Not,
            Some(Decision::Step(step)) if !step.is_last && !self.is_empty() => Taken::Not,
            Some(Decision::Step(step)) => {
                let outcome = Outcome::Done(operation.moved(&step.reservation));
                let is_last = step.is_last;
                self.write(operation.order(), step, at);
                if is_last { Taken::Whole(outcome) } else { Taken::Part }
            }
            Some(Decision::DoneBefore) => {
                let reservation = self.reservation(operation.order());
                Taken::Whole(Outcome::AlreadyDone(operation.moved(&reservation)))
            }
            Some(Decision::Over) => Taken::Whole(Outcome::AlreadyOver),
            Some(Decision::Short(missing)) => Taken::Whole(Outcome::Short(missing)),
        }
    }

    fn decide(&self, operation: &Operation) -> Option<Decision> {
        let order = operation.order();
        let reservation = usize::from(!self.reservations.contains_key(&order));
        let mut room = ITEMS_MAX.checked_sub(self.items() + reservation)?;
        let mut fits = |product| {
            let left = room.checked_sub(self.weight(product));
            room = left.unwrap_or_default();
            left.is_some()
        };
        let totals = |product| self.card(product).map(|card| *card.totals());
        Some(decide(&self.reservation(order), operation, Shelf { totals: &totals, fits: &mut fits }))
    }

    fn write(&mut self, order: OrderId, step: Step, at: Timestamp) {
        for moved in &step.moves {
            let card = self.card(moved.product).cloned();
            let mut card = card.expect("what moves is tracked, and its card was read");
            let (kind, quantity) = (moved.kind, i64::from(moved.quantity));
            card.record(Movement { kind, quantity, at, cause: Cause::Order(order) });
            self.cards.insert(moved.product, card);
        }
        self.reservations.insert(order, step.reservation);
    }

    fn card(&self, product: ProductId) -> Option<&StockCard> {
        self.cards.get(&product).or_else(|| self.found.cards.get(&product))
    }

    fn reservation(&self, order: OrderId) -> Reservation {
        let reservation = self.reservations.get(&order).or_else(|| self.found.reservations.get(&order));
        reservation.cloned().unwrap_or_default()
    }

    fn items(&self) -> usize {
        self.cards.values().map(|card| items(card, 0)).sum::<usize>() + self.reservations.len()
    }

    /// How many items a product adds, at most.
    fn weight(&self, product: ProductId) -> usize {
        let after = self.card(product).map_or(1, |card| items(card, MOVES_MAX));
        after - self.cards.get(&product).map_or(0, |card| items(card, 0))
    }

    /// What is read of what would be written.
    pub(super) fn keys(&self) -> Keys {
        Keys {
            products: self.cards.keys().copied().collect(),
            orders: self.reservations.keys().copied().collect(),
            adjustment: None,
        }
    }

    /// The transaction.
    pub(super) fn into_append(self) -> Append {
        let before = |product| self.found.cards.get(&product).map_or(0, StockCard::number);
        let card = |(product, card)| (product, CardWrite::new(before(product), card));
        let next = |(order, mut reservation): (OrderId, Reservation)| {
            reservation.version += 1;
            (order, reservation)
        };
        Append {
            cards: self.cards.into_iter().map(card).collect(),
            reservations: self.reservations.into_iter().map(next).collect(),
            adjustment: None,
        }
    }
}

/// The items that a card takes once it has so many movements more: itself, and the sheet it files.
fn items(card: &StockCard, more: usize) -> usize {
    1 + usize::from(card.is_full_with(more))
}

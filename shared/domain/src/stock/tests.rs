//! Stock's rules as sentences, and as properties of any sequence of operations.

mod cards;
mod properties;
mod rules;

use std::collections::BTreeMap;

use uuid::Uuid;

use super::*;
use crate::{OrderId, ProductId};

/// More steps than any operation here may take: each moves something.
const STEPS_MAX: usize = 100;

/// Everything in memory, and how many products one step may write.
struct House {
    cards: BTreeMap<ProductId, StockCard>,
    filed: BTreeMap<ProductId, Vec<Sheet>>,
    reservations: BTreeMap<OrderId, Reservation>,
    room: usize,
}

impl House {
    fn with(stocked: &[(u128, i64)]) -> Self {
        let mut house = Self {
            cards: BTreeMap::new(),
            filed: BTreeMap::new(),
            reservations: BTreeMap::new(),
            room: usize::MAX,
        };
        for (number, quantity) in stocked {
            house.receive(*number, *quantity).unwrap();
        }
        house
    }

    fn receive(&mut self, number: u128, quantity: i64) -> Result<(), NotEnough> {
        self.adjust(number, quantity, None)
    }

    fn adjust(
        &mut self,
        number: u128,
        quantity: i64,
        backorder_threshold: Option<u32>,
    ) -> Result<(), NotEnough> {
        let adjustment = Adjustment { quantity, reason: "counted".to_owned(), backorder_threshold };
        let card = adjust(self.cards.get(&product(number)), jiff::Timestamp::UNIX_EPOCH, &adjustment)?;
        self.keep(product(number), card);
        Ok(())
    }

    /// One step of an operation, written.
    fn step(&mut self, operation: &Operation) -> Decision {
        let mut room = self.room;
        let decision = {
            let mut fits = |_| {
                room = room.wrapping_sub(1);
                room != usize::MAX
            };
            let totals = |product| self.cards.get(&product).map(|card| *card.totals());
            let reservation = self.reservation(operation.order());
            decide(&reservation, operation, Shelf { totals: &totals, fits: &mut fits })
        };
        if let Decision::Step(step) = &decision {
            self.write(operation.order(), step);
        }
        decision
    }

    /// The whole operation; what it came to in the end.
    fn run(&mut self, operation: &Operation) -> Decision {
        let mut steps = (0..STEPS_MAX).map(|_| self.step(operation));
        let is_end = |it: &Decision| !matches!(it, Decision::Step(Step { is_last: false, .. }));
        steps.find(is_end).expect("an operation ends")
    }

    fn write(&mut self, order: OrderId, step: &Step) {
        self.reservations.insert(order, step.reservation.clone());
        for Move { product, kind, quantity } in &step.moves {
            let mut card = self.cards[product].clone();
            let (quantity, at) = (i64::from(*quantity), jiff::Timestamp::UNIX_EPOCH);
            card.record(Movement { kind: *kind, quantity, at, cause: Cause::Order(order) });
            self.keep(*product, card);
        }
    }

    fn keep(&mut self, product: ProductId, mut card: StockCard) {
        self.filed.entry(product).or_default().extend(card.turn());
        self.cards.insert(product, card);
    }

    fn reservation(&self, order: OrderId) -> Reservation {
        self.reservations.get(&order).cloned().unwrap_or_default()
    }

    /// On hand, reserved, available.
    fn of(&self, number: u128) -> [i64; 3] {
        let totals = self.cards[&product(number)].totals();
        [totals.on_hand(), totals.reserved, totals.available()]
    }

    /// A product's whole history, newest first.
    fn history(&self, product: ProductId) -> Vec<Entry> {
        let filed = self.filed.get(&product).into_iter().flatten().cloned().rev();
        let sheets = std::iter::once(self.cards[&product].sheet()).chain(filed);
        sheets.flat_map(Sheet::entries).collect()
    }
}

fn reserve(order_number: u128, lines: &[(u128, u32)]) -> Operation {
    Operation::Reserve { order: order(order_number), lines: of(lines) }
}

fn release(order_number: u128) -> Operation {
    Operation::Release { order: order(order_number) }
}

fn sell(order_number: u128, key: &str, lines: &[(u128, u32)]) -> Operation {
    Operation::Sell { order: order(order_number), key: key.to_owned(), lines: of(lines) }
}

fn take_back(order_number: u128, key: &str, lines: &[(u128, u32)], restock: bool) -> Operation {
    Operation::TakeBack { order: order(order_number), key: key.to_owned(), lines: of(lines), restock }
}

fn of(lines: &[(u128, u32)]) -> Vec<(ProductId, u32)> {
    lines.iter().map(|(number, quantity)| (product(*number), *quantity)).collect()
}

fn short(missing: &[(u128, u32)]) -> Decision {
    Decision::Short(of(missing).into_iter().collect())
}

fn product(number: u128) -> ProductId {
    Uuid::from_u128(number).into()
}

fn order(number: u128) -> OrderId {
    Uuid::from_u128(0x100 + number).into()
}

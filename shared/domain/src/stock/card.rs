//! A product's stock card: its totals, and its newest movements until their sheet is full.
//!
//! A full sheet is filed, and the card goes on with an empty one. So the card stays small, whatever its history, and writing it
//! costs what the first movement did; and a sheet that is filed never changes.

use super::{Movement, MovementKind, Totals};

/// A sheet with more movements than this is full. A card, and a sheet that was filled one by one, stay below 1 KB.
pub const SHEET_MAX: usize = 10;

/// A product's stock card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockCard {
    totals: Totals,
    number: u64,
    sheet: Vec<Movement>,
}

/// What is there, and how much of it is kept for orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// Units in the house.
    pub on_hand: i64,
    /// Units kept for orders.
    pub reserved: i64,
}

/// Some movements in a row, and what was there after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The number of the first of them; a product's movements are counted from 1.
    pub first: u64,
    /// Oldest first.
    pub movements: Vec<Movement>,
    /// What was there after the last of them.
    pub after: Balance,
}

/// A movement in its product's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the history, counted from 1.
    pub number: u64,
    /// What moved.
    pub movement: Movement,
    /// What was there after it.
    pub after: Balance,
}

impl StockCard {
    /// A card as it was stored.
    pub fn restore(totals: Totals, number: u64, sheet: Vec<Movement>) -> Self {
        Self { totals, number, sheet }
    }

    /// All movements, added up.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How many movements there were: the card's version.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The movements that are not filed yet.
    pub fn sheet(&self) -> Sheet {
        let first = self.number + 1 - self.sheet.len() as u64;
        Sheet { first, movements: self.sheet.clone(), after: Balance::of(&self.totals) }
    }

    /// Notes a movement.
    pub fn record(&mut self, movement: Movement) {
        self.totals = self.totals.after(movement.kind, movement.quantity);
        self.number += 1;
        self.sheet.push(movement);
    }

    /// Whether the sheet is full once it has so many movements more.
    pub fn is_full_with(&self, more: usize) -> bool {
        self.sheet.len() + more > SHEET_MAX
    }

    /// Takes out the sheet, if it is full, to be filed.
    pub fn turn(&mut self) -> Option<Sheet> {
        let full = self.is_full_with(0).then(|| self.sheet());
        if full.is_some() {
            self.sheet.clear();
        }
        full
    }

    pub(super) fn set_backorder_threshold(&mut self, threshold: u32) {
        self.totals.backorder_threshold = threshold;
    }
}

impl Balance {
    /// What these totals leave.
    pub fn of(totals: &Totals) -> Self {
        Self { on_hand: totals.on_hand(), reserved: totals.reserved }
    }

    /// Units kept for nobody.
    pub fn available(self) -> i64 {
        self.on_hand - self.reserved
    }

    /// What was there before a movement, from what was there after it.
    fn before(self, movement: &Movement) -> Self {
        let quantity = movement.quantity;
        let (on_hand, reserved) = match movement.kind {
            MovementKind::Received | MovementKind::Corrected | MovementKind::Returned => (quantity, 0),
            MovementKind::WrittenOff => (-quantity, 0),
            MovementKind::Reserved => (0, quantity),
            MovementKind::Released => (0, -quantity),
            MovementKind::Sold => (-quantity, -quantity),
        };
        Self { on_hand: self.on_hand - on_hand, reserved: self.reserved - reserved }
    }
}

impl Sheet {
    /// Its movements, newest first, each with what was there after it.
    pub fn entries(self) -> Vec<Entry> {
        let mut after = self.after;
        let mut entries = Vec::with_capacity(self.movements.len());
        for (number, movement) in (self.first..).zip(self.movements).collect::<Vec<_>>().into_iter().rev() {
            let before = after.before(&movement);
            entries.push(Entry { number, movement, after });
            after = before;
        }
        entries
    }
}

//! What an operation on an order moves.
//!
//! An operation may touch more products than one transaction takes. It is then decided in steps, each on what the one before left:
//! how far it has come stands in the [`Reservation`], so that whoever repeats the operation goes on from there.

use super::{Held, MovementKind, Operation, Reservation, ReservationState, Totals, Units};
use crate::ProductId;
use crate::planted::{self, Bug};
use MovementKind::{Released, Reserved, Returned, Sold, WrittenOff};

/// What an operation means for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This is to be written.
    Step(Step),
    /// It was done before.
    DoneBefore,
    /// The reservation is over: nothing can be reserved or sold for this order.
    Over,
    /// So much is missing of these products, and nothing is done. For a sale or a return: so much more than was kept or sold.
    Short(Units),
}

/// One transaction's part of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The reservation after it.
    pub reservation: Reservation,
    /// What moves.
    pub moves: Vec<Move>,
    /// Whether that is all. Otherwise it is to be decided again once this is written.
    pub is_last: bool,
}

/// Units of a product that move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// What moves.
    pub product: ProductId,
    /// How.
    pub kind: MovementKind,
    /// Units.
    pub quantity: u32,
}

/// What the products' cards say, and how many of them one step may write.
pub struct Shelf<'a> {
    /// A product's totals; nothing when it is not tracked.
    pub totals: &'a dyn Fn(ProductId) -> Option<Totals>,
    /// Whether the step has room for one more product, which then is in it.
    pub fits: &'a mut dyn FnMut(ProductId) -> bool,
}

/// Decides the next step of an operation.
pub fn decide(reservation: &Reservation, operation: &Operation, shelf: Shelf<'_>) -> Decision {
    match operation {
        Operation::Reserve { .. } => reserve(reservation, operation.wanted(), shelf),
        Operation::Release { .. } => release(reservation, shelf),
        Operation::Sell { .. } | Operation::TakeBack { .. } => hand_over(reservation, operation, shelf),
    }
}

fn reserve(before: &Reservation, mut wanted: Units, mut shelf: Shelf<'_>) -> Decision {
    match before.state {
        ReservationState::Released => return Decision::Over,
        ReservationState::Reserved if !planted::is(Bug::ReservedTwice) => return Decision::DoneBefore,
        _ => {}
    }
    wanted.retain(|product, _| planted::is(Bug::ReservedTwice) || !before.lines.contains_key(product));
    let totals = shelf.totals;
    let missing = missing(&wanted, |product| totals(product).map(|totals| totals.free()));
    if !missing.is_empty() {
        return if before.lines.is_empty() { Decision::Short(missing) } else { undo(before, shelf) };
    }
    let (taken, is_all) = shelf.take(wanted, |product| totals(product).is_some());
    let mut step = Step::after(before, is_all);
    step.reservation.state = if is_all { ReservationState::Reserved } else { ReservationState::Reserving };
    for (product, quantity) in taken {
        let held = Held { tracked: totals(product).is_some(), reserved: quantity, ..Held::default() };
        step.reservation.lines.insert(product, held);
        step.shift(product, Reserved, quantity);
    }
    Decision::Step(step)
}

/// A part was reserved, and the rest is not to be had: gives the part back. That is never the last step, as it is then decided anew
/// whether the rest is still missing.
fn undo(before: &Reservation, mut shelf: Shelf<'_>) -> Decision {
    let (taken, _) = shelf.take(before.kept(), |product| before.is_tracked(product));
    let mut step = Step::after(before, false);
    for (product, quantity) in taken {
        step.shift(product, Released, quantity);
        step.reservation.lines.remove(&product);
    }
    if step.reservation.lines.is_empty() {
        step.reservation.state = ReservationState::Open;
    }
    Decision::Step(step)
}

fn release(before: &Reservation, mut shelf: Shelf<'_>) -> Decision {
    let kept = before.kept();
    if before.state == ReservationState::Released && kept.is_empty() {
        return Decision::DoneBefore;
    }
    let (taken, is_all) = shelf.take(kept, |product| before.is_tracked(product));
    let mut step = Step::after(before, is_all);
    step.reservation.state = ReservationState::Released;
    for (product, quantity) in taken {
        step.held(product).released += quantity;
        step.shift(product, Released, quantity);
    }
    Decision::Step(step)
}

/// A sale or a return.
fn hand_over(before: &Reservation, operation: &Operation, mut shelf: Shelf<'_>) -> Decision {
    let name = operation.name();
    if before.done.contains(&name) && !planted::is(Bug::SoldTwice) {
        return Decision::DoneBefore;
    }
    if matches!(operation, Operation::Sell { .. }) && before.state == ReservationState::Released {
        return Decision::Over;
    }
    let mut wanted = operation.wanted();
    wanted.retain(|product, _| !before.partly.get(&name).is_some_and(|done| done.contains(product)));
    let missing = missing(&wanted, |product| Some(before.there_for(operation, product)));
    if !missing.is_empty() {
        return Decision::Short(missing);
    }
    let (taken, is_all) = shelf.take(wanted, |product| before.is_tracked(product));
    let mut step = Step::after(before, is_all);
    taken.iter().for_each(|(product, quantity)| step.hand(operation, *product, *quantity));
    step.reservation.note(name, taken.into_keys(), is_all);
    Decision::Step(step)
}

/// How many units are wanted beyond what there is. What has no number is there without end.
fn missing(wanted: &Units, there: impl Fn(ProductId) -> Option<i64>) -> Units {
    let short = |(product, quantity): (&ProductId, &u32)| {
        let there = u32::try_from(there(*product)?.max(0)).unwrap_or(u32::MAX);
        Some((*product, quantity.checked_sub(there).filter(|units| *units > 0)?))
    };
    wanted.iter().filter_map(short).collect()
}

impl Shelf<'_> {
    /// As many as the step has room for, and whether that is all. What is not tracked takes no room.
    fn take(&mut self, wanted: Units, is_tracked: impl Fn(ProductId) -> bool) -> (Units, bool) {
        let all = wanted.len();
        let mut fits = |product| !is_tracked(product) || (self.fits)(product);
        let taken: Units = wanted.into_iter().take_while(|(product, _)| fits(*product)).collect();
        let is_all = taken.len() == all;
        (taken, is_all)
    }
}

impl Step {
    fn after(before: &Reservation, is_last: bool) -> Self {
        Self { reservation: before.clone(), moves: Vec::new(), is_last }
    }

    fn held(&mut self, product: ProductId) -> &mut Held {
        self.reservation.lines.entry(product).or_default()
    }

    /// Moves units, where they are counted.
    fn shift(&mut self, product: ProductId, kind: MovementKind, quantity: u32) {
        if self.held(product).tracked {
            self.moves.push(Move { product, kind, quantity });
        }
    }

    fn hand(&mut self, operation: &Operation, product: ProductId, quantity: u32) {
        let Operation::TakeBack { restock, .. } = operation else {
            self.held(product).sold += quantity;
            return self.shift(product, Sold, quantity);
        };
        self.held(product).returned += quantity;
        self.shift(product, Returned, quantity);
        if !restock {
            self.shift(product, WrittenOff, quantity);
        }
    }
}

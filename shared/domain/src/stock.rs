//! Stock: how much of each product there is, and what is kept for which order.
//!
//! A product has a [`StockCard`], an order a [`Reservation`]. [`decide`] says what an operation on an order moves; [`adjust`]
//! what a receipt or correction does. Both are told what is there and write nothing: what they say is only true for the cards and
//! reservations they were shown, and is to be written on that condition.

mod adjustment;
mod card;
mod decide;
mod movement;
mod operation;
mod reservation;

pub use adjustment::{Adjustment, InvalidAdjustment, NotEnough, adjust};
pub use card::{Balance, Entry, SHEET_MAX, Sheet, StockCard};
pub use decide::{Decision, Move, Shelf, Step, decide};
pub use movement::{Cause, Movement, MovementKind, Totals};
pub use operation::{Operation, Units};
pub use reservation::{Held, Reservation, ReservationState};

#[cfg(test)]
mod tests;

//! The order aggregate: events, state, commands, refusals, `decide`.
//!
//! The table of transitions is data ([`TRANSITIONS`]): what is allowed from a state is read from it, never repeated.
//! Payments and parcels are part of the order, so that one commit settles both.

mod command;
mod contact;
mod decide;
mod event;
mod fulfilment;
mod life;
mod payments;
mod pricing;
mod refusal;
mod returns;
mod shipping;
mod summary;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Currency, CustomerId, Limits, Money, MoneyError, ProductId};

pub use command::{Command, Creation, create};
pub use contact::{Address, Contact};
pub use decide::decide;
pub use event::Event;
pub use fulfilment::{Consignment, Fulfilment, FulfilmentStatus, Parcel, ParcelStatus, Part, Return, Units};
pub use life::{Action, Status, TRANSITIONS, allowed};
pub use payments::{Attempt, Outcome, Payments, Refund};
pub use pricing::{Terms, WantedLine, price_lines};
pub use refusal::{LineProblem, LineProblemKind, Refusal};
pub use summary::Summary;

use Action::*;
use Status::*;

/// One line: so many of one product, at the price agreed when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Of the catalogue.
    pub product_id: ProductId,
    /// The shop's code at that moment.
    pub sku: String,
    /// The name at that moment.
    pub name: String,
    /// Units, at least 1.
    pub quantity: u32,
    /// For one unit.
    pub unit_price: Money,
}

/// How long after delivery a return may be asked for; after it a delivered order may be archived.
pub const RETURN_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How many lines a draft's history may hold, all its versions together. An edit counts as
/// [`EDIT_LINES_MIN`] at least. Reading an order reads its history, and shows it in one answer.
pub const HISTORY_LINES_MAX: usize = 10_000;
/// What an edit counts as, however few its lines.
pub const EDIT_LINES_MIN: usize = 20;

/// The longest reason, in characters.
pub const REASON_LENGTH_MAX: usize = 500;

/// What an order's events add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// Who buys.
    pub customer_id: CustomerId,
    /// Who is told, and where it goes.
    pub contact: Contact,
    /// Where it is in its life.
    pub status: Status,
    /// What all its money is in.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
    /// What was asked of the payment provider, and what came of it.
    pub payments: Payments,
    /// Its parcels, and what came back.
    pub fulfilment: Fulfilment,
    /// What the warehouse keeps for it; nothing while it keeps nothing.
    pub reserved: Option<Vec<Units>>,
    /// Until when it waits for a payment or for goods: after that it is cancelled.
    pub waits_until: Option<Timestamp>,
    /// Set when it is to be cancelled as soon as the payment under way is settled; holds the reason.
    pub cancellation: Option<Option<String>>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When its newest event was.
    pub updated_at: Timestamp,
    /// What was done to it last: doing that again is nothing new.
    last: Action,
    delivered_at: Option<Timestamp>,
    history_lines: usize,
}

impl Order {
    /// The state after `events`, oldest first; nothing when they do not begin with a creation.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        events.into_iter().fold(None, evolve)
    }

    /// What may be done to it now, as far as its state goes.
    pub fn allowed(&self) -> Vec<Action> {
        allowed(self.status)
    }

    /// Until when it can be sent back; nothing while it has not arrived.
    pub fn returnable_until(&self) -> Option<Timestamp> {
        self.delivered_at.map(|at| at.saturating_add(RETURN_WINDOW).unwrap_or(Timestamp::MAX))
    }
}

/// The state after one more event. Events before a creation mean nothing.
pub fn evolve(order: Option<Order>, event: &Event) -> Option<Order> {
    let mut order = match (order, event) {
        (_, Event::Created { at, customer_id, currency, lines, contact, .. }) => {
            let contact = contact.as_deref().cloned().unwrap_or_default();
            created(*at, *customer_id, *currency, lines, contact)
        }
        (order, _) => order?,
    };
    order.apply(event);
    Some(order)
}

/// Where an action leads to; an action that the table does not know from there leads nowhere.
fn next(status: Status, action: Action) -> Status {
    let found = TRANSITIONS.iter().find(|&&(from, by, _)| from == status && by == action);
    found.map_or(status, |&(.., to)| to)
}

fn created(
    at: Timestamp,
    customer_id: CustomerId,
    currency: Currency,
    lines: &[Line],
    contact: Contact,
) -> Order {
    Order {
        customer_id,
        contact,
        status: Draft,
        currency,
        lines: lines.to_vec(),
        // A stored sum was checked when it was decided; it cannot have become too large since.
        total: total(lines, currency).unwrap_or(Money::zero(currency)),
        payments: Payments::default(),
        fulfilment: Fulfilment::default(),
        reserved: None,
        waits_until: None,
        cancellation: None,
        created_at: at,
        updated_at: at,
        last: CreateOrder,
        delivered_at: None,
        history_lines: lines.len().max(EDIT_LINES_MIN),
    }
}

impl Order {
    /// The state after one more event.
    fn apply(&mut self, event: &Event) {
        self.updated_at = event.at();
        self.payments.evolve(event);
        self.fulfilment.evolve(event);
        if let Some(action) = event.action() {
            self.last = action;
            self.status = next(self.status, action);
        }
        self.note(event);
    }

    /// What an event changes beside the state, the payments and the parcels.
    fn note(&mut self, event: &Event) {
        match event {
            Event::LinesReplaced { lines, .. } => {
                self.total = total(lines, self.currency).unwrap_or(self.total);
                self.lines.clone_from(lines);
                self.history_lines += lines.len().max(EDIT_LINES_MIN);
            }
            Event::StockReserved { units, pay_by, .. } => {
                self.reserved = Some(units.clone());
                self.waits_until = *pay_by;
            }
            Event::StockShort { wait_until, .. } => self.waits_until = *wait_until,
            Event::PaymentDeclined { pay_by, .. } => self.waits_until = *pay_by,
            Event::PaymentStarted { .. } | Event::Cancelled { .. } => self.waits_until = None,
            Event::CancellationRequested { reason, .. } => self.cancellation = Some(reason.clone()),
            Event::Delivered { at } => self.delivered_at = Some(*at),
            _ => {}
        }
    }
}

/// The total of lines that may be ordered.
fn check_lines(lines: &[Line], currency: Currency, limits: Limits) -> Result<Money, Refusal> {
    check_count(lines.len(), limits)?;
    let problems: Vec<_> = lines
        .iter()
        .enumerate()
        .filter_map(|(line, of)| Some(LineProblem { line, kind: line_problem(of, currency, limits)? }))
        .collect();
    if !problems.is_empty() {
        return Err(Refusal::Lines(problems));
    }
    total(lines, currency).map_err(|_| Refusal::TotalTooLarge)
}

fn line_problem(line: &Line, order: Currency, limits: Limits) -> Option<LineProblemKind> {
    units_problem(line.quantity, limits).or_else(|| foreign_price(line, order))
}

fn units_problem(quantity: u32, limits: Limits) -> Option<LineProblemKind> {
    let max = limits.units_per_line_max();
    (!(1..=max).contains(&quantity)).then_some(LineProblemKind::Units { quantity, max })
}

fn foreign_price(line: &Line, order: Currency) -> Option<LineProblemKind> {
    let price = line.unit_price.currency();
    (price != order).then_some(LineProblemKind::OtherCurrency { price, order })
}

/// Whether an order may have so many lines: known before any of them is priced.
///
/// # Errors
/// [`Refusal::NoLines`] and [`Refusal::TooManyLines`].
pub fn check_count(lines: usize, limits: Limits) -> Result<(), Refusal> {
    let max = limits.lines_per_order_max();
    match lines {
        0 => Err(Refusal::NoLines),
        lines if lines > max as usize => Err(Refusal::TooManyLines { lines, max }),
        _ => Ok(()),
    }
}

fn check_history(order: &Order, lines: &[Line]) -> Result<(), Refusal> {
    let grown = order.history_lines + lines.len().max(EDIT_LINES_MIN);
    if grown > HISTORY_LINES_MAX { Err(Refusal::TooManyEdits) } else { Ok(()) }
}

fn total(lines: &[Line], currency: Currency) -> Result<Money, MoneyError> {
    lines.iter().try_fold(Money::zero(currency), |sum, line| sum.plus(line.total()?))
}

impl Line {
    /// Quantity times unit price.
    ///
    /// # Errors
    /// When that is beyond what is counted here.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.unit_price.times(self.quantity)
    }
}

#[cfg(test)]
mod tests;

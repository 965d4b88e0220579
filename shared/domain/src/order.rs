//! The order aggregate: events, state, commands, refusals, `decide`, always in that order.
//!
//! The table of transitions is data ([`TRANSITIONS`]): what is allowed from a state is read from it, never repeated.

mod life;
mod pricing;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Currency, CustomerId, Limits, Money, MoneyError, ProductId};

pub use life::{Action, Status, TRANSITIONS, allowed};
pub use pricing::{Terms, WantedLine, price_lines};

use Action::*;
use Status::*;

/// A fact about one order. Stored forever: add variants, never rename or reuse one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A draft came to be.
    Created {
        /// When.
        at: Timestamp,
        /// For whom.
        customer_id: CustomerId,
        /// What all its money is in.
        currency: Currency,
        /// What is wanted, at the prices of that moment.
        lines: Vec<Line>,
    },
    /// A draft's lines were edited.
    LinesReplaced {
        /// When.
        at: Timestamp,
        /// All lines there are now.
        lines: Vec<Line>,
    },
    /// The customer ordered.
    Placed {
        /// When.
        at: Timestamp,
        /// What it costs.
        total: Money,
    },
    /// The payment provider was asked for the money.
    PaymentStarted {
        /// When.
        at: Timestamp,
    },
    /// The money was captured.
    PaymentConfirmed {
        /// When.
        at: Timestamp,
        /// How much.
        captured: Money,
    },
    /// The payment provider said no.
    PaymentDeclined {
        /// When.
        at: Timestamp,
        /// Why, in the provider's words.
        reason: Option<String>,
    },
    /// A failed payment is to be tried once more.
    PaymentRetried {
        /// When.
        at: Timestamp,
    },
    /// It left the warehouse.
    Shipped {
        /// When.
        at: Timestamp,
    },
    /// The carrier scanned it for the first time.
    TrackingUpdated {
        /// When.
        at: Timestamp,
    },
    /// It arrived.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// The carrier lost it.
    ReportedLost {
        /// When.
        at: Timestamp,
    },
    /// The customer wants to send it back.
    ReturnRequested {
        /// When.
        at: Timestamp,
        /// Why, in the customer's words.
        reason: Option<String>,
    },
    /// It came back.
    Returned {
        /// When.
        at: Timestamp,
    },
    /// The money went back.
    Refunded {
        /// When.
        at: Timestamp,
        /// How much.
        amount: Money,
    },
    /// It will not happen.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why, in the caller's words.
        reason: Option<String>,
        /// What was captured and now goes back.
        refund: Option<Money>,
    },
    /// It is over and only kept.
    Archived {
        /// When.
        at: Timestamp,
    },
}

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
    /// Where it is in its life.
    pub status: Status,
    /// What all its money is in.
    pub currency: Currency,
    /// What is ordered.
    pub lines: Vec<Line>,
    /// What it costs.
    pub total: Money,
    /// What was paid and not paid back.
    pub captured: Option<Money>,
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
}

/// The state after one more event. Events before a creation mean nothing.
pub fn evolve(order: Option<Order>, event: &Event) -> Option<Order> {
    if let Event::Created { at, customer_id, currency, lines } = event {
        return Some(created(*at, *customer_id, *currency, lines));
    }
    let mut order = order?;
    order.updated_at = event.at();
    order.last = event.action();
    order.status = TRANSITIONS
        .iter()
        .find_map(|&(from, by, to)| (from == order.status && by == order.last).then_some(to))
        .unwrap_or(order.status);
    match event {
        Event::LinesReplaced { lines, .. } => {
            order.total = total(lines, order.currency).unwrap_or(order.total);
            order.lines.clone_from(lines);
            order.history_lines += lines.len().max(EDIT_LINES_MIN);
        }
        Event::PaymentConfirmed { captured, .. } => order.captured = Some(*captured),
        Event::Delivered { at } => order.delivered_at = Some(*at),
        Event::Refunded { .. } | Event::Cancelled { .. } => order.captured = None,
        _ => {}
    }
    Some(order)
}

fn created(at: Timestamp, customer_id: CustomerId, currency: Currency, lines: &[Line]) -> Order {
    Order {
        customer_id,
        status: Draft,
        currency,
        lines: lines.to_vec(),
        // A stored sum was checked when it was decided; it cannot have become too large since.
        total: total(lines, currency).unwrap_or(Money::zero(currency)),
        captured: None,
        created_at: at,
        updated_at: at,
        last: CreateOrder,
        delivered_at: None,
        history_lines: lines.len().max(EDIT_LINES_MIN),
    }
}

impl Event {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Created { at, .. }
            | Self::LinesReplaced { at, .. }
            | Self::Placed { at, .. }
            | Self::PaymentStarted { at }
            | Self::PaymentConfirmed { at, .. }
            | Self::PaymentDeclined { at, .. }
            | Self::PaymentRetried { at }
            | Self::Shipped { at }
            | Self::TrackingUpdated { at }
            | Self::Delivered { at }
            | Self::ReportedLost { at }
            | Self::ReturnRequested { at, .. }
            | Self::Returned { at }
            | Self::Refunded { at, .. }
            | Self::Cancelled { at, .. }
            | Self::Archived { at } => *at,
        }
    }

    /// What caused it.
    pub fn action(&self) -> Action {
        match self {
            Self::Created { .. } => CreateOrder,
            Self::LinesReplaced { .. } => EditDraft,
            Self::Placed { .. } => PlaceOrder,
            Self::PaymentStarted { .. } => AuthorizePayment,
            Self::PaymentConfirmed { .. } => PaymentConfirmed,
            Self::PaymentDeclined { .. } => PaymentDeclined,
            Self::PaymentRetried { .. } => RetryPayment,
            Self::Shipped { .. } => Ship,
            Self::TrackingUpdated { .. } => UpdateTracking,
            Self::Delivered { .. } => ConfirmDelivery,
            Self::ReportedLost { .. } => ReportLost,
            Self::ReturnRequested { .. } => RequestReturn,
            Self::Returned { .. } => ProcessReturn,
            Self::Refunded { .. } => IssueRefund,
            Self::Cancelled { .. } => CancelOrder,
            Self::Archived { .. } => ArchiveOrder,
        }
    }
}

/// What is asked of an order that exists.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Replace a draft's lines.
    EditDraft {
        /// All lines there shall be.
        lines: Vec<Line>,
        /// The tenant's limits.
        limits: Limits,
    },
    /// Order what the draft says.
    PlaceOrder,
    /// Ask the payment provider.
    AuthorizePayment,
    /// The provider captured the money.
    PaymentConfirmed {
        /// How much.
        captured: Money,
    },
    /// The provider said no.
    PaymentDeclined {
        /// Why.
        reason: Option<String>,
    },
    /// Try the payment once more.
    RetryPayment,
    /// Call it off.
    CancelOrder {
        /// Why.
        reason: Option<String>,
    },
    /// Send it.
    Ship,
    /// The carrier has it.
    UpdateTracking,
    /// It arrived.
    ConfirmDelivery,
    /// The carrier lost it.
    ReportLost,
    /// The customer wants to send it back.
    RequestReturn {
        /// Why.
        reason: Option<String>,
    },
    /// It came back.
    ProcessReturn,
    /// Pay back what was captured.
    IssueRefund,
    /// Put it away.
    ArchiveOrder,
}

impl Command {
    /// Its name.
    pub fn action(&self) -> Action {
        match self {
            Self::EditDraft { .. } => EditDraft,
            Self::PlaceOrder => PlaceOrder,
            Self::AuthorizePayment => AuthorizePayment,
            Self::PaymentConfirmed { .. } => PaymentConfirmed,
            Self::PaymentDeclined { .. } => PaymentDeclined,
            Self::RetryPayment => RetryPayment,
            Self::CancelOrder { .. } => CancelOrder,
            Self::Ship => Ship,
            Self::UpdateTracking => UpdateTracking,
            Self::ConfirmDelivery => ConfirmDelivery,
            Self::ReportLost => ReportLost,
            Self::RequestReturn { .. } => RequestReturn,
            Self::ProcessReturn => ProcessReturn,
            Self::IssueRefund => IssueRefund,
            Self::ArchiveOrder => ArchiveOrder,
        }
    }
}

/// Why the business says no.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The state does not allow it.
    #[error("an order that is {status} does not allow {action}; allowed from there: {}", list(allowed))]
    NotAllowed {
        /// Where the order is.
        status: Status,
        /// What was asked.
        action: Action,
        /// What can be asked instead.
        allowed: Vec<Action>,
    },
    /// Lines that cannot be ordered, all of them.
    #[error("{} of the order's lines cannot be ordered", .0.len())]
    Lines(Vec<LineProblem>),
    /// No lines at all.
    #[error("an order has at least one line")]
    NoLines,
    /// More lines than the tenant allows.
    #[error("the order has {lines} lines; this tenant allows {max}")]
    TooManyLines {
        /// How many there are.
        lines: usize,
        /// How many there may be.
        max: u32,
    },
    /// More edits of a draft than its history holds.
    #[error("the draft was edited too often; create a new order with the lines you want")]
    TooManyEdits,
    /// A sum beyond what is counted here.
    #[error("the order's total is beyond {} minor units", Money::MINOR_MAX)]
    TotalTooLarge,
    /// A return that comes too late.
    #[error("returns were possible until {0}")]
    ReturnWindowClosed(Timestamp),
    /// An archiving that comes too early.
    #[error("returns are possible until {0}; the order can be archived after that")]
    ReturnWindowOpen(Timestamp),
}

/// Why one line cannot be ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// Which line, counted from 0.
    pub line: usize,
    /// What is wrong with it.
    pub kind: LineProblemKind,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblemKind {
    /// The catalogue does not have it.
    #[error("product {0} is not in the catalogue")]
    UnknownProduct(ProductId),
    /// The caller expected another price.
    #[error("the price is {0} now")]
    PriceChanged(Money),
    /// Priced in another currency than the order.
    #[error("the price is in {price}, the order in {order}")]
    OtherCurrency {
        /// The line's.
        price: Currency,
        /// The order's.
        order: Currency,
    },
    /// More units than the tenant allows.
    #[error("{quantity} units; this tenant allows 1 to {max} a line")]
    Units {
        /// How many were asked for.
        quantity: u32,
        /// How many there may be.
        max: u32,
    },
}

/// What creates an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Creation {
    /// Who buys.
    pub customer_id: CustomerId,
    /// What all its money is in.
    pub currency: Currency,
    /// What is wanted, priced.
    pub lines: Vec<Line>,
    /// The tenant's limits.
    pub limits: Limits,
    /// Stay a draft; otherwise it is placed at once.
    pub draft: bool,
}

/// Decides the first events of an order.
///
/// # Errors
/// When its lines cannot be ordered.
pub fn create(at: Timestamp, creation: Creation) -> Result<Vec<Event>, Refusal> {
    let Creation { customer_id, currency, lines, limits, draft } = creation;
    let total = check_lines(&lines, currency, limits)?;
    let created = Event::Created { at, customer_id, currency, lines };
    Ok(if draft { vec![created] } else { vec![created, Event::Placed { at, total }] })
}

/// Decides what a command means for an order. A command said before decides nothing new.
///
/// # Errors
/// When the order's state, its lines or the time forbid it.
pub fn decide(order: &Order, at: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
    let action = command.action();
    if order.last == action && action != EditDraft {
        return Ok(vec![]);
    }
    let allowed = allowed(order.status);
    if !allowed.contains(&action) {
        return Err(Refusal::NotAllowed { status: order.status, action, allowed });
    }
    let event = match command {
        Command::EditDraft { lines, .. } if lines == order.lines => return Ok(vec![]),
        Command::EditDraft { lines, limits } => {
            check_lines(&lines, order.currency, limits)?;
            check_history(order, &lines)?;
            Event::LinesReplaced { at, lines }
        }
        Command::PlaceOrder => Event::Placed { at, total: order.total },
        Command::AuthorizePayment => Event::PaymentStarted { at },
        Command::PaymentConfirmed { captured } => Event::PaymentConfirmed { at, captured },
        Command::PaymentDeclined { reason } => Event::PaymentDeclined { at, reason },
        Command::RetryPayment => Event::PaymentRetried { at },
        Command::CancelOrder { reason } => Event::Cancelled { at, reason, refund: order.captured },
        Command::Ship => Event::Shipped { at },
        Command::UpdateTracking => Event::TrackingUpdated { at },
        Command::ConfirmDelivery => Event::Delivered { at },
        Command::ReportLost => Event::ReportedLost { at },
        Command::RequestReturn { reason } => {
            return_window_open(order, at)?;
            Event::ReturnRequested { at, reason }
        }
        Command::ProcessReturn => Event::Returned { at },
        Command::IssueRefund => {
            Event::Refunded { at, amount: order.captured.unwrap_or(Money::zero(order.currency)) }
        }
        Command::ArchiveOrder => {
            return_window_closed(order, at)?;
            Event::Archived { at }
        }
    };
    Ok(vec![event])
}

fn return_window_open(order: &Order, at: Timestamp) -> Result<(), Refusal> {
    match returnable_until(order) {
        Some(until) if at > until => Err(Refusal::ReturnWindowClosed(until)),
        _ => Ok(()),
    }
}

fn return_window_closed(order: &Order, at: Timestamp) -> Result<(), Refusal> {
    match returnable_until(order) {
        Some(until) if order.status == Delivered && at <= until => Err(Refusal::ReturnWindowOpen(until)),
        _ => Ok(()),
    }
}

fn returnable_until(order: &Order) -> Option<Timestamp> {
    order.delivered_at.map(|delivered| delivered.saturating_add(RETURN_WINDOW).unwrap_or(Timestamp::MAX))
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

fn list(actions: &[Action]) -> String {
    if actions.is_empty() {
        return "nothing".to_owned();
    }
    actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;

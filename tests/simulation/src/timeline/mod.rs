//! What happened to one order, in order of virtual time, as text and as a page: what clients asked, what functions and queues did, what the
//! world outside said, what went wrong. And the journal of a whole run, as text.
//!
//! A `Watch` writes down what is about the order while the run lasts; `facts` adds what is known at its end. A run goes the
//! same way whether somebody watches or not.

mod books;
mod effects;
pub(crate) mod facts;
mod letters;
mod overview;
mod page;
pub(crate) mod records;
pub(crate) mod scene;
mod text;
pub(crate) mod watch;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use penstock_domain::OrderId;
use serde::{Deserialize, Serialize};

use crate::invariants::Violation;
use crate::run::{Outcome, Plan};

pub use page::page;
pub use text::text;

/// What is known of one order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Timeline {
    /// Whose it is; empty when it is in no ledger.
    pub tenant: String,
    /// What happened, by time.
    pub entries: Vec<Entry>,
    /// Its commits, as the ledger has them at the end.
    pub commits: Vec<Commit>,
    /// What else is known at the end: its money, its goods, its parcels.
    pub tables: Vec<Table>,
}

/// One thing that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it began.
    pub at: Timestamp,
    /// When it was over, if it took time.
    pub until: Option<Timestamp>,
    /// Where.
    pub lane: Lane,
    /// Who did it: a client, a function, a queue, a company.
    pub who: String,
    /// What was done.
    pub what: String,
    /// What came of it; empty when nothing is to be said.
    pub outcome: String,
    /// Whether it went wrong.
    pub is_bad: bool,
    /// How often it happened in a row.
    pub times: u32,
    /// What else is known of it, line by line.
    pub details: Vec<String>,
}

/// Where something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// What clients ask, and are told.
    Clients,
    /// Invocations.
    Functions,
    /// The order itself, and its goods.
    Order,
    /// Messages.
    Queues,
    /// Payment provider, carrier, mail server, the tenant's own server.
    World,
    /// What went wrong by the simulation's hand, and what does not hold.
    Faults,
}

impl Lane {
    /// All there are, from left to right.
    pub const ALL: [Self; 6] =
        [Self::Clients, Self::Functions, Self::Order, Self::Queues, Self::World, Self::Faults];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Order => "order",
            Self::Functions => "functions",
            Self::Queues => "queues",
            Self::World => "world",
            Self::Faults => "faults",
        }
    }
}

impl Entry {
    /// Something that happens now, and well.
    #[must_use]
    pub fn now(lane: Lane, who: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            at: Timestamp::now(),
            until: None,
            lane,
            who: who.into(),
            what: what.into(),
            outcome: String::new(),
            is_bad: false,
            times: 1,
            details: vec![],
        }
    }

    /// The same, having gone wrong.
    #[must_use]
    pub fn bad(self) -> Self {
        Self { is_bad: true, ..self }
    }

    /// The same with more that is known of it.
    #[must_use]
    pub fn with(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }
}

/// A commit of the order's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its number.
    pub number: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// Who gave the command.
    pub actor: String,
    /// What happened; nothing when the command had been said before.
    pub events: Vec<Event>,
}

/// An event of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place in the order's history, counted from 1.
    pub sequence: usize,
    /// What it is.
    pub kind: String,
    /// What it says.
    pub says: String,
    /// The state that it led to.
    pub status: String,
}

/// A table of what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it is about.
    pub title: String,
    /// What its columns are.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// The run's journal with what it broke, for a reader.
#[must_use]
pub fn journal(plan: &Plan, outcome: &Outcome) -> String {
    let mut text = format!("{plan}\n\n");
    for violation in &outcome.violations {
        let order = violation.order.map(|it| format!(" of order {it}")).unwrap_or_default();
        writeln!(text, "BROKEN: {}{order}: {}", violation.invariant, violation.what)
            .expect("a string can be written to");
    }
    text.push('\n');
    for line in &outcome.lines {
        writeln!(text, "{line}").expect("a string can be written to");
    }
    text
}

/// Writes the timeline of the plan's order to `seed-N-order-ID.txt` and `.html` in a folder; answers where.
///
/// # Errors
/// When there is no such order in the run, or a file cannot be written.
pub fn write(folder: &Path, plan: &Plan, outcome: &Outcome) -> Result<[PathBuf; 2], WriteError> {
    let Some((order, timeline)) = plan.order.zip(outcome.timeline.as_ref()) else {
        return Err(WriteError::Unknown(Unknown::of(plan, outcome)));
    };
    std::fs::create_dir_all(folder)?;
    let told = Told { plan, order, outcome, timeline };
    let file = |ending: &str| folder.join(format!("seed-{}-order-{order}.{ending}", plan.seed));
    let files = [file("txt"), file("html")];
    std::fs::write(&files[0], text(&told))?;
    std::fs::write(&files[1], page(&told))?;
    Ok(files)
}

/// What a timeline is told of.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// How it was run.
    pub plan: &'a Plan,
    /// The order.
    pub order: OrderId,
    /// What came of the run.
    pub outcome: &'a Outcome,
    /// What happened to the order.
    pub timeline: &'a Timeline,
}

impl Told<'_> {
    /// The command that tells it again.
    fn command(&self) -> String {
        format!("{} --order {}", self.plan, self.order)
    }

    /// What does not hold of the order, and how much else does not in the run.
    fn broken(&self) -> (BTreeMap<&str, Vec<&str>>, usize) {
        let (ours, others): (Vec<_>, Vec<_>) =
            self.outcome.violations.iter().partition(|it| it.order == Some(self.order));
        (by_invariant(ours.into_iter()), others.len())
    }

    /// Seconds since the first thing that happened: `12.345`.
    fn since(&self, at: Timestamp) -> String {
        let began = self.timeline.entries.first().map_or(at, |it| it.at);
        format!("{:.3}", at.duration_since(began).as_secs_f64())
    }
}

/// What does not hold, invariant by invariant.
fn by_invariant<'a>(violations: impl Iterator<Item = &'a Violation>) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut by_invariant: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for violation in violations {
        by_invariant.entry(&violation.invariant).or_default().push(&violation.what);
    }
    by_invariant
}

/// Why a timeline was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is nothing to tell.
    #[error("{0}")]
    Unknown(Unknown),
    /// A file cannot be written.
    #[error("it cannot be written")]
    File(#[from] std::io::Error),
}

/// An order that is not in the run, and those that are.
#[derive(Debug)]
pub struct Unknown {
    run: String,
    order: String,
    orders: Vec<OrderId>,
}

/// How many orders are named to who asks for one that there is not.
const NAMED_MAX: usize = 10;

impl Unknown {
    fn of(plan: &Plan, outcome: &Outcome) -> Self {
        let order = plan.order.map(|it| it.to_string()).unwrap_or_default();
        Self { run: plan.to_string(), order, orders: outcome.orders.clone() }
    }
}

impl std::fmt::Display for Unknown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "there is no order {} in this run; ask for one of its {}:",
            self.order,
            self.orders.len()
        )?;
        for order in self.orders.iter().take(NAMED_MAX) {
            writeln!(f, "  {} --order {order}", self.run)?;
        }
        Ok(())
    }
}

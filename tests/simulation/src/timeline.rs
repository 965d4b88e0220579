//! What happened to one order, or in a whole run, as text: what clients asked, what functions did, what went wrong.

use std::fmt::Write as _;

use crate::run::{Outcome, Plan};

/// The run's journal with what it broke, for a reader.
#[must_use]
pub fn text(plan: &Plan, outcome: &Outcome) -> String {
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

//! No handler panicked, no error was logged twice, and no invocation made more calls than its budget and what went wrong explain.

use super::Violation;
use crate::run::World;

const PANICS: &str = "no handler panics";
const TWICE: &str = "an error is logged once";
const BUDGET: &str = "an invocation keeps its budget";

/// What is wrong with what was seen on the way.
pub(super) fn judge(world: &World) -> Vec<Violation> {
    let panics = world.seen.panics().into_iter().map(|it| Violation::new(PANICS, it));
    let twice = world.seen.logged_twice().into_iter().map(|it| Violation::new(TWICE, it));
    let spent = world.seen.overspent().into_iter().map(|it| Violation::new(BUDGET, it));
    panics.chain(twice).chain(spent).collect()
}

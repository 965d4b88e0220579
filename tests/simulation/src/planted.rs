//! Plants each bug in turn, and runs seeds until it is found: the simulation is shown to be able to fail.

use std::process::ExitCode;
use std::time::Instant;

use penstock_domain::planted::Bug;
use penstock_simulation::run::{Outcome, Plan, run};

/// Each bug is found within so many order lives, or the hunt has failed.
const LIVES_MAX: usize = 2_000;

/// The names of all bugs.
pub(crate) fn names() -> String {
    Bug::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
}

/// Hunts for all of them, and prints a table of how soon each was found, and by what.
pub(crate) fn hunt(first: u64, lives: usize) -> ExitCode {
    println!("| planted bug | what is wrong with it | found after | by | again |");
    println!("| --- | --- | --- | --- | --- |");
    let began = Instant::now();
    let missed: Vec<&str> =
        Bug::ALL.iter().filter(|bug| !found(**bug, first, lives)).map(|bug| bug.name()).collect();
    eprintln!("{} bugs, {:.0} s", Bug::ALL.len(), began.elapsed().as_secs_f64());
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("not found within {LIVES_MAX} lives: {}", missed.join(", "));
    ExitCode::FAILURE
}

fn found(bug: Bug, first: u64, lives: usize) -> bool {
    let mut lived = 0;
    for seed in first.. {
        if lived >= LIVES_MAX {
            break;
        }
        let plan = Plan { planted: Some(bug), ..Plan::new(seed, lives) };
        let outcome = run(plan.clone());
        lived += lives;
        if !outcome.violations.is_empty() {
            tell(bug, lived, &plan, &outcome);
            return true;
        }
    }
    println!("| `{}` | {} | **not found** | | |", bug.name(), bug.words().trim());
    false
}

fn tell(bug: Bug, lived: usize, plan: &Plan, outcome: &Outcome) {
    let mut invariants: Vec<&str> = outcome.violations.iter().map(|it| it.invariant).collect();
    invariants.dedup();
    let by = invariants.join("; ");
    println!("| `{}` | {} | {lived} lives | {by} | `{plan}` |", bug.name(), bug.words().trim());
}

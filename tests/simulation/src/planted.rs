//! Plants each bug in turn, and runs seeds until it is found: the simulation is shown to be able to fail.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use penstock_domain::planted::Bug;
use penstock_simulation::apart::run;
use penstock_simulation::run::{Outcome, Plan};

/// Each bug is found within so many order lives, or the hunt has failed.
const LIVES_MAX: usize = 2_000;

/// The names of all bugs.
pub(crate) fn names() -> String {
    Bug::ALL.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
}

/// Hunts for all of them, several at once, and prints a table of how soon each was found, and by what.
pub(crate) fn hunt(first: u64, lives: usize, threads: usize) -> ExitCode {
    let began = Instant::now();
    let (next, finds) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(bug) = Bug::ALL.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let find = find(*bug, first, lives);
                    let words = find.as_ref().map_or("is not found", |_| "is found");
                    eprintln!("{:.0} s: {} {words}", began.elapsed().as_secs_f64(), bug.name());
                    finds.lock().unwrap_or_else(PoisonError::into_inner).insert(bug.name(), find);
                }
            });
        }
    });
    report(&finds.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A bug that was found: after how many lives, and in which run.
struct Find {
    lived: usize,
    plan: Plan,
    outcome: Outcome,
}

fn find(bug: Bug, first: u64, lives: usize) -> Option<Find> {
    let mut lived = 0;
    for seed in first.. {
        if lived >= LIVES_MAX {
            break;
        }
        let plan = Plan { planted: Some(bug), ..Plan::new(seed, lives) };
        let outcome = run(&plan);
        lived += lives;
        if !outcome.violations.is_empty() {
            return Some(Find { lived, plan, outcome });
        }
    }
    None
}

fn report(finds: &BTreeMap<&str, Option<Find>>) -> ExitCode {
    println!("| planted bug | what is wrong with it | found after | by | again |");
    println!("| --- | --- | --- | --- | --- |");
    for bug in Bug::ALL {
        println!("| `{}` | {} | {} |", bug.name(), bug.words().trim(), row(finds[bug.name()].as_ref()));
    }
    let missed: Vec<&str> = finds.iter().filter(|(_, find)| find.is_none()).map(|(name, _)| *name).collect();
    if missed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("not found within {LIVES_MAX} lives: {}", missed.join(", "));
    ExitCode::FAILURE
}

/// `40 lives | stock balances | command`
fn row(find: Option<&Find>) -> String {
    let Some(Find { lived, plan, outcome }) = find else { return "**not found** | |".to_owned() };
    let mut invariants: Vec<&str> = outcome.violations.iter().map(|it| &*it.invariant).collect();
    invariants.sort_unstable();
    invariants.dedup();
    format!("{lived} lives | {} | `{plan}`", invariants.join("; "))
}

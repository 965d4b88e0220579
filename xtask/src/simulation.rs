//! The simulation: the tests' part of it, and as much of it as somebody wants.

use std::path::Path;

use crate::command::{Command, SIMULATOR, cargo};

/// Seeds that every change is held against. Those that once found a bug of the product are named in docs/simulation.md, and are among the
/// simulator's own tests.
const KNOWN_SEEDS: [&str; 6] = ["--seed", "1", "--seeds", "10", "--lives", "12"];
/// Seeds that nobody has run before.
const FRESH_SEEDS: [&str; 4] = ["--minutes", "2", "--lives", "20"];

/// That the simulation is one, known seeds, and fresh ones for two minutes.
#[must_use]
pub fn commands() -> Vec<Command> {
    let simulate = |seeds: &[&str]| cargo(&["run", "--quiet", "-p", SIMULATOR, "--"]).and_all(seeds);
    vec![cargo(&["test", "--quiet", "-p", SIMULATOR]), simulate(&KNOWN_SEEDS), simulate(&FRESH_SEEDS)]
}

/// Runs the simulator with these arguments, built for speed.
///
/// # Errors
/// When something does not hold.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let simulate = cargo(&["run", "--profile", "simulation", "-p", SIMULATOR, "--"]);
    arguments.iter().fold(simulate, |command, argument| command.and(argument)).run(root)
}

//! `cargo xtask <task>`: reads the command line and says how it went.

use std::process::ExitCode;

use xtask::check::{self, Step};

const USAGE: &str = "\
usage: cargo xtask test [STEP ...]

Runs the steps named, or all of them, in this order, and stops at the first that fails:";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((task, steps)) if task == "test" => Step::parse_all(steps).and_then(|steps| check::run(&steps)),
        _ => Err(usage()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let steps: Vec<String> =
        Step::ALL.iter().map(|step| format!("  {:<9} {}", step.name(), step.purpose())).collect();
    format!("{USAGE}\n{}", steps.join("\n"))
}

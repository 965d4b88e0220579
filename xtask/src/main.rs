//! `cargo xtask <task>`: reads the command line and says how it went.

use std::process::ExitCode;

use xtask::check::{self, Step};
use xtask::{mutants, permissions, simulation};

const USAGE: &str = "\
usage: cargo xtask test [STEP ...]
       cargo xtask permissions
       cargo xtask mutants [ARGUMENT OF cargo-mutants ...]
       cargo xtask simulate [--seed N] [--lives N] [--minutes N] [--planted BUG|all] [--order ID] [--help]

simulate runs orders' lives on a virtual clock, with faults that follow from a seed.
mutants changes rules and use cases, one small change at a time, and names the changes that no test notices.
permissions lists what each function may do in AWS, and what of it the suite used.
test runs the steps named, or all of them, in this order, and stops at the first that fails:";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((task, steps)) if task == "test" => Step::parse_all(steps).and_then(|steps| check::run(&steps)),
        Some((task, [])) if task == "permissions" => permissions::run(&check::root()),
        Some((task, arguments)) if task == "mutants" => mutants::run(&check::root(), arguments),
        Some((task, arguments)) if task == "simulate" => simulation::run(&check::root(), arguments),
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
        Step::ALL.iter().map(|step| format!("  {:<11} {}", step.name(), step.purpose())).collect();
    format!("{USAGE}\n{}", steps.join("\n"))
}

//! `simulate`: runs seeds until time is up or enough was lived, and says what does not hold. `cargo xtask simulate` builds and runs it.

mod fleet;
mod planted;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use penstock_domain::planted::Bug;
use penstock_simulation::apart;
use penstock_simulation::run::{self, Outcome, Plan};
use penstock_simulation::shrink::shrink;
use penstock_simulation::timeline;

use fleet::{Fleet, Limit};

/// Order lives on a virtual clock, with faults that follow from a seed.
#[derive(Parser)]
struct Args {
    /// The first seed. Alone, it is the only one.
    #[arg(long)]
    seed: Option<u64>,
    /// How many orders a run has.
    #[arg(long, default_value_t = 60)]
    lives: usize,
    /// How many minutes fresh seeds are run for.
    #[arg(long)]
    minutes: Option<f64>,
    /// How many seeds are run.
    #[arg(long)]
    seeds: Option<u64>,
    /// How many seeds are run at once.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Kinds of faults that are left out.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// A bug that is planted; `all` for each in turn, until it is found.
    #[arg(long)]
    planted: Option<String>,
    /// One run, in this process, told as JSON.
    #[arg(long, hide = true)]
    apart: bool,
    /// With the journal's lines.
    #[arg(long, hide = true)]
    keeps: bool,
    /// Where the journal of a failing run goes.
    #[arg(long, default_value = "target/simulated")]
    out: PathBuf,
}

impl Args {
    fn plan(&self, seed: u64) -> Plan {
        Plan { without: self.without.clone(), planted: self.bug(), ..Plan::new(seed, self.lives) }
    }

    fn bug(&self) -> Option<Bug> {
        Bug::ALL.iter().copied().find(|it| self.planted.as_deref() == Some(it.name()))
    }

    fn limit(&self) -> Limit {
        match (self.minutes, self.seeds, self.seed) {
            (Some(minutes), ..) => Limit::Minutes(minutes),
            (None, Some(seeds), _) => Limit::Seeds(seeds),
            (None, None, Some(_)) => Limit::Seeds(1),
            (None, None, None) => Limit::Minutes(1.0),
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    if args.planted.as_deref() == Some("all") {
        return planted::hunt(args.seed.unwrap_or(1), args.lives, args.threads);
    }
    if let (Some(name), None) = (&args.planted, args.bug()) {
        eprintln!("there is no bug `{name}`; there are {}", planted::names());
        return ExitCode::FAILURE;
    }
    // Fresh seeds begin where nobody was: at the time, in milliseconds.
    let first = args.seed.unwrap_or_else(|| jiff::Timestamp::now().as_millisecond().unsigned_abs());
    if args.apart {
        let outcome = run::run(Plan { keeps: args.keeps, ..args.plan(first) });
        println!("{}", serde_json::to_string(&outcome).expect("an outcome is JSON"));
        return ExitCode::SUCCESS;
    }
    let broken = Fleet::new(args.limit(), args.threads).run(|number| apart::run(&args.plan(first + number)));
    match broken {
        None => ExitCode::SUCCESS,
        Some(outcome) => {
            explain(&args, &outcome);
            ExitCode::FAILURE
        }
    }
}

/// Says what a run broke, how to see it again, and what the shortest way there is.
fn explain(args: &Args, outcome: &Outcome) {
    let plan = args.plan(outcome.seed);
    for violation in &outcome.violations {
        let order = violation.order.map(|it| format!(" (order {it})")).unwrap_or_default();
        println!("BROKEN: {}{order}: {}", violation.invariant, violation.what);
    }
    println!("again: {plan}");
    let Some(first) = outcome.violations.first() else { return };
    let (shortest, outcome) = shrink(&plan, &first.invariant);
    println!("shortest found: {shortest}");
    match write(&args.out, &shortest, &outcome) {
        Ok(file) => println!("what happened there: {}", file.display()),
        Err(error) => println!("what happened there cannot be written: {error}"),
    }
}

fn write(folder: &Path, plan: &Plan, outcome: &Outcome) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("seed-{}.txt", plan.seed));
    std::fs::write(&file, timeline::text(plan, outcome))?;
    Ok(file)
}

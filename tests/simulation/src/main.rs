//! `simulate`: runs seeds until time is up or enough was lived, and says what does not hold. `cargo xtask simulate` builds and runs it.

mod fleet;
mod planted;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use penstock_domain::OrderId;
use penstock_domain::planted::Bug;
use penstock_simulation::apart;
use penstock_simulation::invariants::Violation;
use penstock_simulation::run::{self, Outcome, Plan};
use penstock_simulation::shrink::shrink;
use penstock_simulation::timeline;

use fleet::{Fleet, Limit};
use mimalloc::MiMalloc;

/// A fifth of a run was the C library's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// How many orders a run has.
const LIVES: usize = 60;
/// How many it has where many runs come after each other: what each begins and ends with is shared by more.
const LIVES_OF_MANY: usize = 300;

/// Order lives on a virtual clock, with faults that follow from a seed.
#[derive(Parser)]
struct Args {
    /// The first seed. Alone, it is the only one.
    #[arg(long)]
    seed: Option<u64>,
    /// How many orders a run has: 60, or 300 where seeds are run for minutes.
    #[arg(long)]
    lives: Option<usize>,
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
    /// An order whose timeline is written, as text and as a page.
    #[arg(long, requires = "seed", conflicts_with_all = ["minutes", "seeds"])]
    order: Option<OrderId>,
    /// A bug that is planted; `all` for each in turn, until it is found.
    #[arg(long)]
    planted: Option<String>,
    /// One run, in this process, told as JSON.
    #[arg(long, hide = true)]
    apart: bool,
    /// With the journal's lines.
    #[arg(long, hide = true)]
    keeps: bool,
    /// Where journals and timelines go.
    #[arg(long, default_value = "target/simulated")]
    out: PathBuf,
}

impl Args {
    fn plan(&self, seed: u64) -> Plan {
        Plan {
            without: self.without.clone(),
            planted: self.bug(),
            order: self.order,
            ..Plan::new(seed, self.lives())
        }
    }

    fn lives(&self) -> usize {
        let lasts = matches!(self.limit(), Limit::Minutes(_)) && self.planted.is_none();
        self.lives.unwrap_or(if lasts { LIVES_OF_MANY } else { LIVES })
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
        return planted::hunt(args.seed.unwrap_or(1), args.lives(), args.threads);
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
    if args.order.is_some() {
        return tell(&args, first);
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
        println!("{}", words(violation));
    }
    println!("again: {plan}");
    let Some(first) = outcome.violations.first() else { return };
    let (shortest, outcome) = shrink(&plan, &first.invariant);
    println!("shortest found: {shortest}");
    match write(&args.out, &shortest, &outcome) {
        Ok(file) => println!("what happened there: {}", file.display()),
        Err(error) => println!("what happened there cannot be written: {error}"),
    }
    if let Some(order) = outcome.violations.iter().find_map(|it| it.order) {
        let plan = Plan { order: Some(order), keeps: false, ..shortest };
        tell_of(&args.out, &plan, &apart::run(&plan));
    }
}

/// Runs a seed, and writes what happened to the order that was asked for.
fn tell(args: &Args, seed: u64) -> ExitCode {
    let plan = args.plan(seed);
    let outcome = apart::run(&plan);
    for violation in &outcome.violations {
        println!("{}", words(violation));
    }
    let is_told = tell_of(&args.out, &plan, &outcome);
    if is_told && outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Writes a timeline and says where; whether that was possible.
fn tell_of(folder: &Path, plan: &Plan, outcome: &Outcome) -> bool {
    match timeline::write(folder, plan, outcome) {
        Ok(files) => {
            for file in &files {
                println!("what happened to the order: {}", file.display());
            }
            true
        }
        Err(error) => {
            eprintln!("{error}");
            false
        }
    }
}

/// `BROKEN: stock balances (order …): what is wrong`
fn words(violation: &Violation) -> String {
    let order = violation.order.map(|it| format!(" (order {it})")).unwrap_or_default();
    format!("BROKEN: {}{order}: {}", violation.invariant, violation.what)
}

fn write(folder: &Path, plan: &Plan, outcome: &Outcome) -> std::io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("seed-{}.txt", plan.seed));
    std::fs::write(&file, timeline::journal(plan, outcome))?;
    Ok(file)
}

//! Measures a running platform over HTTP, and shows that it keeps its promises under load, crashes and races.
//!
//! It knows the HTTP contract and the laptop's binary, and none of the platform's crates. Each measurement prints a table
//! and a line of JSON, and the process fails when a promise is broken.

mod archive;
mod aws;
mod checkout;
mod client;
mod copies;
mod crash;
mod flat;
mod idle;
mod latencies;
mod load;
mod machine;
mod orders;
mod outcome;
mod platform;
mod queue;
mod race;
mod read_back;
mod services;
mod sqs;
mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use outcome::Outcome;
use platform::{Platform, Storage};

/// Measures the order platform over HTTP.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    measurement: Measurement,
    #[command(flatten)]
    target: Target,
}

/// What is measured: a platform that is running already, or one started for it.
#[derive(Args)]
struct Target {
    /// A platform that is running; without it, one is started and stopped.
    #[arg(long, global = true)]
    url: Option<String>,
    /// The binary to start.
    #[arg(long, global = true, default_value = "target/release/penstock")]
    platform: PathBuf,
    /// Keeps the started platform's state here instead of in a folder that is removed.
    #[arg(long, global = true, conflicts_with = "memory")]
    data_dir: Option<PathBuf>,
    /// Keeps the started platform's state in memory.
    #[arg(long, global = true)]
    memory: bool,
}

#[derive(Subcommand)]
enum Measurement {
    /// Many clients create orders at once: no error, no duplicate, and the list equals the ledger.
    Load(load::Options),
    /// kill -9 during the load and a restart, again and again: what got a 2xx is there, and every order once.
    Crash(crash::Options),
    /// Creates orders one window after another: the last costs what the first did.
    Flat(flat::Options),
    /// Orders are stocked, paid, shipped and delivered, before and after many are stored: none is lost.
    Checkout(checkout::Options),
    /// Two callers race on one order: exactly one wins.
    Race(race::Options),
    /// Messages are sent, received and deleted: a queue of a million is as fast as an empty one.
    Sqs(sqs::Options),
    /// Each service of the laptop's AWS, with 1 and 16 clients, and another AWS beside it.
    Services(services::Options),
    /// Fills the disk with orders, copies of one and messages: it still starts within two seconds.
    Start(start::Options),
    /// Leaves the platform alone: it takes next to nothing.
    Idle(idle::Options),
}

/// Why a measurement could not be made.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot start {}: {cause}; build it with `cargo build --release --package penstock-local`", binary.display())]
    Start { binary: PathBuf, cause: std::io::Error },
    #[error("the platform was not ready after {seconds} s; its log: {}", log.display())]
    NotReady { seconds: u64, log: PathBuf },
    #[error("cannot prepare a folder or file for the platform: {0}")]
    Folder(#[from] std::io::Error),
    #[error("an order was not placed, confirmed and delivered once: {0}")]
    Undelivered(String),
    #[error("AWS: {0}")]
    Aws(String),
    #[error("no answer: {0}")]
    Unanswered(#[from] reqwest::Error),
    #[error("{request} was answered {status}: {body}")]
    Refused { request: String, status: u16, body: String },
    #[error("an answer is not what the contract says: {0}")]
    Unexpected(#[from] serde_json::Error),
    #[error("this is shown only with a platform started for it: leave out --url")]
    NotOurs,
    #[error("this is shown only with a platform that keeps its state: leave out --memory")]
    Forgetful,
}

// One thread: the load generator must leave the other cores to what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Cli { measurement, target } = Cli::parse();
    match measure(measurement, target).await {
        Ok(outcome) => {
            println!("{outcome}");
            if outcome.kept() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn measure(measurement: Measurement, target: Target) -> Result<Outcome, Error> {
    match measurement {
        Measurement::Crash(options) => crash::measure(options, target.start_lasting().await?).await,
        Measurement::Start(options) => start::measure(options, target.start_lasting().await?).await,
        Measurement::Load(options) => target.measure(async |url, _| load::measure(options, url).await).await,
        Measurement::Flat(options) => {
            target.measure(async |url, started| flat::measure(options, url, started).await).await
        }
        Measurement::Checkout(options) => {
            target.measure(async |url, started| checkout::measure(options, url, started).await).await
        }
        Measurement::Race(options) => target.measure(async |url, _| race::measure(options, url).await).await,
        Measurement::Sqs(options) => {
            target.measure_own(async |it| sqs::measure(options, &it.aws_url()).await).await
        }
        Measurement::Services(options) => {
            target.measure_own(async |it| services::measure(options, &it.aws_url()).await).await
        }
        Measurement::Idle(options) => target.measure_own(async |it| idle::measure(options, it).await).await,
    }
}

impl Target {
    /// Measures the platform that is running, or one started for it.
    async fn measure<F>(&self, measurement: F) -> Result<Outcome, Error>
    where
        F: AsyncFnOnce(&str, Option<&Platform>) -> Result<Outcome, Error>,
    {
        match &self.url {
            Some(url) => measurement(url, None).await,
            None => self.measure_own(async |it| measurement(&it.url(), Some(it)).await).await,
        }
    }

    /// Measures a platform that is started for it and stopped.
    async fn measure_own<F>(&self, measurement: F) -> Result<Outcome, Error>
    where
        F: AsyncFnOnce(&Platform) -> Result<Outcome, Error>,
    {
        let platform = self.start_own().await?;
        Ok(platform.told(measurement(&platform).await?))
    }

    /// A platform that keeps its state.
    async fn start_lasting(&self) -> Result<Platform, Error> {
        if self.memory { Err(Error::Forgetful) } else { self.start_own().await }
    }

    /// A platform that nobody else uses.
    async fn start_own(&self) -> Result<Platform, Error> {
        if self.url.is_some() { Err(Error::NotOurs) } else { self.start().await }
    }

    async fn start(&self) -> Result<Platform, Error> {
        let storage = match (&self.data_dir, self.memory) {
            (_, true) => Storage::Memory,
            (Some(folder), false) => Storage::Folder(folder.clone()),
            (None, false) => Storage::Passing,
        };
        Platform::start(self.platform.clone(), storage).await
    }
}

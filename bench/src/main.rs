//! Measures a running platform over HTTP, and shows that it keeps its promises under load, crashes and races.
//!
//! It knows the HTTP contract and the laptop's binary, and none of the platform's crates. Each measurement prints a table
//! and a line of JSON, and the process fails when a promise is broken.

mod archive;
mod client;
mod crash;
mod flat;
mod latencies;
mod load;
mod machine;
mod orders;
mod outcome;
mod platform;
mod race;
mod read_back;
mod sqs;

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
    /// kill -9 during the load and a restart, again and again: every order that got a 2xx is there once.
    Crash(crash::Options),
    /// Creates orders one window after another: the last costs what the first did.
    Flat(flat::Options),
    /// Two callers race on one order: exactly one wins.
    Race(race::Options),
    /// Messages are sent, received and deleted: a queue of a million is as fast as an empty one.
    Sqs(sqs::Options),
}

impl Measurement {
    /// Where it is to be made, if that is not the platform's own address.
    fn aws_url(&self) -> Option<String> {
        match self {
            Self::Sqs(options) => options.aws_url.clone(),
            _ => None,
        }
    }
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
    #[error("AWS: {0}")]
    Aws(String),
    #[error("no answer: {0}")]
    Unanswered(#[from] reqwest::Error),
    #[error("{request} was answered {status}: {body}")]
    Refused { request: String, status: u16, body: String },
    #[error("an answer is not what the contract says: {0}")]
    Unexpected(#[from] serde_json::Error),
    #[error(
        "a crash can be shown only with a platform started for it that keeps its state: leave out --url and --memory"
    )]
    NothingToCrash,
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
    if let Measurement::Crash(options) = measurement {
        if target.url.is_some() || target.memory {
            return Err(Error::NothingToCrash);
        }
        return crash::measure(options, target.start().await?).await;
    }
    let (url, started) = match target.url.clone().or_else(|| measurement.aws_url()) {
        Some(url) => (url, None),
        None => {
            let platform = target.start().await?;
            (platform.url(), Some(platform))
        }
    };
    let outcome = match measurement {
        Measurement::Load(options) => load::measure(options, &url).await,
        Measurement::Flat(options) => flat::measure(options, &url, started.as_ref()).await,
        Measurement::Race(options) => race::measure(options, &url).await,
        Measurement::Sqs(options) => {
            sqs::measure(options, &started.as_ref().map_or(url, Platform::aws_url)).await
        }
        Measurement::Crash(_) => Err(Error::NothingToCrash),
    }?;
    Ok(match started {
        Some(platform) => {
            outcome.row("ready after start, ms", platform.ready_ms()).row("state", platform.storage())
        }
        None => outcome,
    })
}

impl Target {
    async fn start(&self) -> Result<Platform, Error> {
        let storage = match (&self.data_dir, self.memory) {
            (_, true) => Storage::Memory,
            (Some(folder), false) => Storage::Folder(folder.clone()),
            (None, false) => Storage::Passing,
        };
        Platform::start(self.platform.clone(), storage).await
    }
}

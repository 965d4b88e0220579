//! `penstock`: starts the platform on a laptop, replays a file of orders through it, or looks after its dead letters.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    // s3s logs failures that the caller of S3 logs with its own words.
    penstock_platform::telemetry::init("info,s3s=off");
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => cli::serve::run(cli.serve).await,
        Some(Command::Replay(replay)) => cli::replay::run(cli.serve, replay).await,
        Some(Command::Dlq(dlq)) => cli::dlq::run(cli.serve.port, dlq).await,
    };
    outcome.unwrap_or_else(|error| {
        cli::explain(&*error);
        ExitCode::FAILURE
    })
}

//! The command line, and what is written for the person at it.

pub(crate) mod dlq;
pub(crate) mod replay;
pub(crate) mod serve;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// An order platform on your own machine.
#[derive(Parser)]
#[command(name = "penstock", version, about, args_conflicts_with_subcommands = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

/// What else it does.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sends a file of invoices through the HTTP API and reconciles what comes back.
    Replay(Replay),
    /// Shows what consumers gave up, and gives it to them once more.
    Dlq(dlq::Dlq),
}

/// How to start the platform.
#[derive(Args)]
pub(crate) struct Serve {
    /// The port on 127.0.0.1.
    #[arg(long, default_value_t = 8080, global = true)]
    pub(crate) port: u16,
    /// The port of the embedded AWS on 127.0.0.1, for AWS_ENDPOINT_URL.
    #[arg(long, default_value_t = 4566, global = true)]
    pub(crate) aws_port: u16,
    /// The folder that keeps the state.
    #[arg(long, value_name = "DIR", default_value = ".penstock", global = true)]
    pub(crate) data_dir: PathBuf,
    /// Keep the state in memory only.
    #[arg(long, conflicts_with = "data_dir", global = true)]
    pub(crate) memory: bool,
    /// The template to run: by default the nearest template.yaml here or above, else the one built in.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) template: Option<PathBuf>,
    /// The first of the sandbox's three ports on 127.0.0.1 (payments, carrier, mail); 0 for any that are free.
    #[arg(long, default_value_t = 0, global = true)]
    pub(crate) sandbox_port: u16,
    /// Seconds in which the sandbox's carrier delivers a parcel; "never" for a shop that ships itself.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = delivery, global = true)]
    pub(crate) delivery: Delivery,
    /// Where functions run: all in this process, or each instance in a process of its own, as in Lambda.
    #[arg(long, value_enum, default_value_t = Where::InProcess, global = true)]
    pub(crate) runtime: Where,
    /// A value for a parameter of the template, e.g. ThrottlingRate=100.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter, global = true)]
    pub(crate) parameters: Vec<(String, String)>,
}

/// How long a parcel takes; nothing for one that stays where it is.
#[derive(Clone, Copy)]
pub(crate) struct Delivery(pub(crate) Option<Duration>);

/// Where functions run.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Where {
    /// In this process.
    InProcess,
    /// In processes of their own.
    Process,
}

/// What to replay, and where.
#[derive(Args)]
pub(crate) struct Replay {
    /// The file of invoices (CSV).
    pub(crate) file: PathBuf,
    /// A running platform; without it, the one at --port, and if there is none, one of its own.
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Stock, pay, ship and deliver them too, send back what the file cancels, and reconcile money and goods.
    #[arg(long)]
    pub(crate) checkout: bool,
    /// The tenant whose orders they become: by default online-retail, and with --checkout online-retail-checkout.
    #[arg(long)]
    pub(crate) tenant: Option<String>,
}

/// Says on standard error what went wrong, with its causes, for a person.
pub(crate) fn explain(error: &dyn Error) {
    eprintln!("penstock: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
}

fn delivery(text: &str) -> Result<Delivery, String> {
    let seconds =
        || text.parse().map(Duration::from_secs).map_err(|_| "it must be a number of seconds, or never");
    Ok(Delivery(if text == "never" { None } else { Some(seconds()?) }))
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

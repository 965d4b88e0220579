//! `penstock replay`: against a running platform, or one started for it.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use penstock_local::{Options, Platform};
use penstock_replay::Patience;
use tokio::net::TcpStream;

use super::serve::options;
use super::{Replay, Serve};

const ANSWER_MAX: Duration = Duration::from_millis(500);

/// Replays the file, and fails unless everything reconciles.
pub(crate) async fn run(serve: Serve, replay: Replay) -> Result<ExitCode, Box<dyn Error>> {
    let (url, own) = match replay.url {
        Some(url) => (url, None),
        None if listens(serve.port).await => (format!("http://127.0.0.1:{}", serve.port), None),
        None => {
            let platform = Platform::start(Options { port: 0, aws_port: 0, ..options(&serve)? }).await?;
            (platform.url().to_owned(), Some(platform))
        }
    };
    let tenant = replay.tenant.unwrap_or_else(|| tenant(replay.checkout).to_owned());
    let wanted = penstock_replay::Options {
        file: replay.file,
        url,
        tenant,
        checkout: replay.checkout,
        patience: Patience::default(),
    };
    let report = penstock_replay::run(wanted).await;
    if let Some(platform) = own {
        platform.stop().await;
    }
    let report = report?;
    println!("{report}");
    Ok(if report.reconciled() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// An order that waits for its payment is another one than the same order paid at once, so each kind has a tenant of its own.
fn tenant(checkout: bool) -> &'static str {
    if checkout { "online-retail-checkout" } else { "online-retail" }
}

async fn listens(port: u16) -> bool {
    let connection = TcpStream::connect(("127.0.0.1", port));
    matches!(tokio::time::timeout(ANSWER_MAX, connection).await, Ok(Ok(_)))
}

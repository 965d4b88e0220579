//! `penstock replay`: against a running platform, or one started for it.

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use penstock_local::{Options, Platform};
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
    let wanted = penstock_replay::Options { file: replay.file, url, tenant: replay.tenant };
    let report = penstock_replay::run(wanted).await;
    if let Some(platform) = own {
        platform.stop().await;
    }
    let report = report?;
    println!("{report}");
    Ok(if report.reconciled() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn listens(port: u16) -> bool {
    let connection = TcpStream::connect(("127.0.0.1", port));
    matches!(tokio::time::timeout(ANSWER_MAX, connection).await, Ok(Ok(_)))
}

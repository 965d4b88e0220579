//! Sends a file of real invoices through the HTTP API and reconciles what comes back with what was sent, to the penny.
//!
//! It knows the HTTP contract and nothing else of the platform: not its crates, its tables or its types, so that it
//! cannot agree with them by accident. It keeps nothing: every id and key is derived from the file, and a second run
//! finds everything there.
//!
//! What the file leaves open is decided so that no money is lost and nothing is invented:
//!
//! - An invoice without a customer is an order of a guest, and each guest has one order.
//! - Repeated products stay separate lines, at the price of their row. A give-away to a customer is a line at 0.00.
//! - Postage, fees, discounts and manual entries are not goods. They, write-offs and unbilled movements of stock are
//!   counted by reason with their units and money, so that the parts add up to the whole file.
//! - A document with a row that cannot be read is held back whole: mend the row and run again.
//! - A cancellation cancels an earlier order of the same customer with the very same goods. In a checkout it also takes back a
//!   part of one that was delivered. All others are reported, with the reason.
//! - Orders the tenant had before are left alone and not compared.

mod cancellations;
mod catalogue;
mod checkout;
mod classify;
mod client;
mod ids;
mod money;
mod plan;
mod progress;
mod read_back;
mod reconcile;
mod report;
mod send;
mod source;
mod wire;

#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod replay_tests;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use checkout::Settled;
use client::Client;
pub use client::RequestError;
use plan::Plan;
use read_back::list_ids;
pub use report::Report;
use source::SourceError;

/// What to replay, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file of invoices: CSV, one row a line of an invoice.
    pub file: PathBuf,
    /// Where the platform listens, e.g. `http://127.0.0.1:8080`.
    pub url: String,
    /// The tenant whose orders they become.
    pub tenant: String,
    /// Whether they are stocked, paid, shipped and delivered, and sent back; otherwise they wait for their payment.
    pub checkout: bool,
    /// How long to wait for what does not come.
    pub patience: Patience,
}

/// How long to wait before something counts as not coming.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How long the list of orders may show nothing new.
    pub list: Duration,
    /// How long no order, and no product's stock, may get to where it should be.
    pub checkout: Duration,
}

impl Default for Patience {
    /// 20 seconds for the list; 3 minutes for a checkout, whose steps are tried again after growing pauses.
    fn default() -> Self {
        Self { list: Duration::from_secs(20), checkout: Duration::from_secs(180) }
    }
}

/// Why a replay stopped before its end. It may be run again: what was done is not done twice.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open {}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// The file breaks off or is no CSV of invoices.
    #[error("cannot read {}: {problem}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The platform does not answer, or not as the contract says.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Replays `options.file`: puts its catalogue, creates and cancels its orders or checks them out, reads everything back.
///
/// # Errors
/// - [`Error::Open`] and [`Error::Read`] when there is no file of invoices there. Rows that make no sense are no
///   error; the report names them.
/// - [`Error::Request`] when the platform does not answer. Refusals are no error either.
pub async fn run(options: Options) -> Result<Report, Error> {
    let mut plan = read_plan(&options.file)?;
    let (client, tenant) = (Client::new(&options.url, &options.tenant), &options.tenant);
    client.raise_limits().await?;
    let before = list_ids(&client).await?;
    let begun = Instant::now();
    let products_refused = send::put_catalogue(&client, tenant, &plan).await?;
    let (sent, cancelled, settled) = if options.checkout {
        Settled::send(&client, tenant, &mut plan, options.patience.checkout).await?
    } else {
        let mut sent = send::send_orders(&client, tenant, &plan).await?;
        let cancelled = send::send_cancellations(&client, &plan, &mut sent).await?;
        (sent, cancelled, None)
    };
    let sending = begun.elapsed();
    let read_back =
        read_back::read_back(&client, tenant, &plan, &sent, &before, options.patience.list).await?;
    let checkout = match settled {
        Some(settled) => Some(settled.reconcile(&client, tenant, &plan, &sent, &before).await?),
        None => None,
    };
    let before = before.len();
    Ok(Report { options, plan, products_refused, sent, cancelled, checkout, read_back, before, sending })
}

fn read_plan(path: &Path) -> Result<Plan, Error> {
    let file = File::open(path).map_err(|cause| Error::Open { file: path.to_owned(), cause })?;
    plan::read(BufReader::new(file))
        .map_err(|error: SourceError| Error::Read { file: path.to_owned(), problem: error.to_string() })
}

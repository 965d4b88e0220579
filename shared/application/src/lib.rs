//! Use cases, and the ports they need.
//!
//! No AWS and no status codes: what a use case needs from outside is a trait here, kept by `penstock-platform`.

pub mod archiving;
mod caller;
pub mod catalogue;
pub mod checkout;
mod history;
pub mod ledger;
pub mod notifications;
mod orders;
pub mod ports;
pub mod stock;
pub mod tenants;
pub mod webhooks;

pub use caller::{Caller, Request};
pub use history::{History, OrderRecord};
pub use orders::{Clock, Created, OrderError, Orders, ToOrder, WantedOrder};

/// Why something behind a port could not be reached; the adapter's own error is kept as the cause.
#[derive(Debug, thiserror::Error)]
#[error("{what} is unavailable")]
pub struct Unavailable {
    /// What was asked: `the ledger`, `the catalogue`.
    pub what: &'static str,
    /// The adapter's error.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

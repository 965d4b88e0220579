//! Adapters to other companies: a payment provider that speaks Stripe's API, and a carrier.
//!
//! Each keeps a port of `penstock-application`. Calls have time limits, are tried again with jitter while there is time, and are not
//! made at all while the other side is down; keys come from Secrets Manager. What is right to do after an error, it says itself.

mod api;
pub mod carrier;
mod credentials;
mod endpoint;
mod guard;
mod guarded;
mod http;
mod retry_after;
mod secrets;
mod settings;
#[cfg(test)]
mod stage;
pub mod stripe;
#[cfg(test)]
mod tests;

pub use credentials::{CarrierSecret, PaymentsSecret};
pub use guard::breaker::{Breaker, BreakerSettings, Passage};
pub use guarded::Guarded;
pub use secrets::manager::SecretsManager;
pub use secrets::{Secret, SecretError, SecretSource};
pub use settings::{Parcels, Payments, carrier_secret, parcels, payments, payments_secret, secrets_manager};

//! The adapters, as a function's environment says: `PAYMENTS_URL` and `PAYMENTS_SECRET`, `CARRIER_URL` and `CARRIER_SECRET`.
//!
//! The secrets are names or ARNs in Secrets Manager. Building does no I/O.

use aws_sdk_secretsmanager::Client;
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::telemetry::CountRetries;

use crate::carrier::HttpCarrier;
use crate::credentials::{CarrierSecret, PaymentsSecret};
use crate::endpoint::Endpoint;
use crate::guard::GuardSettings;
use crate::guarded::Guarded;
use crate::http::{Http, Timeouts};
use crate::secrets::Secret;
use crate::secrets::manager::SecretsManager;
use crate::stripe::Stripe;

/// The payment provider, as functions use it.
pub type Payments = Guarded<Stripe<SecretsManager>>;
/// The carrier, as functions use it.
pub type Parcels = Guarded<HttpCarrier<SecretsManager>>;

/// The payment provider.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn payments(environment: &Environment) -> Result<Payments, StartError> {
    let endpoint = endpoint(environment, "PAYMENTS_URL")?;
    let stripe = Stripe::new(Http::new(Timeouts::default()), endpoint, payments_secret(environment)?);
    Ok(Guarded::new(stripe, "payments", GuardSettings::default()))
}

/// The carrier.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn parcels(environment: &Environment) -> Result<Parcels, StartError> {
    let endpoint = endpoint(environment, "CARRIER_URL")?;
    let carrier = HttpCarrier::new(Http::new(Timeouts::default()), endpoint, carrier_secret(environment)?);
    Ok(Guarded::new(carrier, "carrier", GuardSettings::default()))
}

/// What the payment provider's webhooks are signed with.
///
/// # Errors
/// When the variable is missing.
pub fn payments_secret(
    environment: &Environment,
) -> Result<Secret<PaymentsSecret, SecretsManager>, StartError> {
    Ok(Secret::new(secrets_manager(environment), environment.required("PAYMENTS_SECRET")?))
}

/// What the carrier's webhooks are signed with.
///
/// # Errors
/// When the variable is missing.
pub fn carrier_secret(
    environment: &Environment,
) -> Result<Secret<CarrierSecret, SecretsManager>, StartError> {
    Ok(Secret::new(secrets_manager(environment), environment.required("CARRIER_SECRET")?))
}

/// Secrets Manager. Does no I/O.
pub fn secrets_manager(environment: &Environment) -> SecretsManager {
    let config =
        aws_sdk_secretsmanager::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
    SecretsManager::new(Client::from_conf(config))
}

fn endpoint(environment: &Environment, variable: &'static str) -> Result<Endpoint, StartError> {
    let url = environment.required(variable)?;
    Endpoint::parse(&url).map_err(|error| StartError::Malformed { name: variable, reason: error.to_string() })
}

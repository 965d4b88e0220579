//! The adapters, as a function's environment says: `WEBHOOKS_TO_LOOPBACK`, `SMTP_URL`, `SMTP_SECRET` and `MAIL_FROM`.

use penstock_outbound::{Secret, secrets_manager};
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::webhooks::reach;

use crate::courier::{HttpCourier, Times};
use crate::mail::SmtpMailer;

/// What carries webhooks.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn courier(environment: &Environment) -> Result<HttpCourier, StartError> {
    Ok(HttpCourier::new(reach(environment)?, Times::default()))
}

/// What brings letters to customers.
///
/// # Errors
/// When a variable is missing or malformed.
pub fn mailer(environment: &Environment) -> Result<SmtpMailer, StartError> {
    let secret = Secret::new(secrets_manager(environment), environment.required("SMTP_SECRET")?);
    let (url, from) = (environment.required("SMTP_URL")?, environment.required("MAIL_FROM")?);
    SmtpMailer::new(&url, &from, secret)
        .map_err(|error| StartError::Malformed { name: error.variable(), reason: error.to_string() })
}

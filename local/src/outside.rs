//! The world outside, as a laptop has it: the sandbox, with keys that the functions find in Secrets Manager.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use penstock_sandbox::{Options, Place, Ports, Sandbox, SandboxError, Timing};
use serde::{Deserialize, Serialize};

use crate::aws::secrets::{Secrets, SecretsError};
use crate::data_dir::DataDir;
use crate::sources::Clock;
use crate::template::STACK;

/// How to start the world outside.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutsideOptions {
    /// The first of its three ports on 127.0.0.1: payments, carrier, mail; 0 for any that are free.
    pub port: u16,
    /// How long things take there.
    pub timing: Timing,
}

/// Why there is no world outside.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// It did not start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// Its keys cannot be kept.
    #[error("the embedded Secrets Manager cannot keep the sandbox's keys")]
    Secrets(#[from] SecretsError),
    /// A secret holds something else.
    #[error("the secret {0} must be a JSON object with apiKey and {1}")]
    Malformed(String, &'static str, #[source] serde_json::Error),
}

/// What the payment provider and its callers both know, as the template's `PaymentsSecret` holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentKeys {
    api_key: String,
    webhook_secrets: Vec<String>,
}

/// What the carrier and its callers both know, as the template's `CarrierSecret` holds it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CarrierKeys {
    api_key: String,
    webhook_secret: String,
}

/// A sandbox that runs, and the keys it takes.
pub(crate) struct Outside {
    pub(crate) sandbox: Sandbox,
    payment_keys: PaymentKeys,
    carrier_keys: CarrierKeys,
}

impl Outside {
    /// Starts it, with the keys that are in Secrets Manager, or new ones. Its webhooks go to the gateway at `url`.
    pub(crate) async fn start(
        data: Option<&DataDir>,
        secrets: &Secrets,
        clock: &Arc<dyn Clock>,
        options: OutsideOptions,
        url: &str,
    ) -> Result<Self, OutsideError> {
        let (payment_keys, carrier_keys) = (PaymentKeys::known(secrets)?, CarrierKeys::known(secrets)?);
        let clock = Arc::clone(clock);
        let sandbox = Sandbox::start(Options {
            place: data.map_or(Place::Memory, |it| Place::File(it.path("sandbox.sqlite"))),
            ports: ports(options.port),
            clock: Arc::new(move || clock.now()),
            seed: rand::random(),
            payment_key: payment_keys.api_key.clone(),
            payment_webhook_secrets: payment_keys.webhook_secrets.clone(),
            payment_webhook_url: Some(format!("{url}/v1/webhooks/payments")),
            carrier_key: carrier_keys.api_key.clone(),
            carrier_secret: carrier_keys.webhook_secret.clone(),
            carrier_webhook_url: Some(format!("{url}/v1/webhooks/carrier")),
            timing: options.timing,
        });
        Ok(Self { sandbox: sandbox.await?, payment_keys, carrier_keys })
    }

    /// Tells the template where it is, unless somebody chose another world.
    pub(crate) fn tell(&self, parameters: &mut BTreeMap<String, String>) {
        for (name, url) in [
            ("PaymentsUrl", self.sandbox.payments_url()),
            ("CarrierUrl", self.sandbox.carrier_url()),
            ("SmtpUrl", self.sandbox.smtp_url()),
        ] {
            parameters.entry(name.to_owned()).or_insert_with(|| url.to_owned());
        }
        // Who tries webhooks out on a laptop listens there too.
        parameters.entry("WebhooksToLoopback".to_owned()).or_insert_with(|| "true".to_owned());
    }

    /// Puts its keys into those of the template's secrets that are empty.
    pub(crate) fn plant_keys(&self, secrets: &Secrets) -> Result<(), SecretsError> {
        let json = "keys are texts";
        secrets.plant(&name(PAYMENTS), &serde_json::to_string(&self.payment_keys).expect(json))?;
        secrets.plant(&name(CARRIER), &serde_json::to_string(&self.carrier_keys).expect(json))?;
        secrets.plant(&name(MAIL), NOBODY)
    }
}

const PAYMENTS: &str = "payments";
const CARRIER: &str = "carrier";
const MAIL: &str = "mail";
/// The mailbox asks nobody for a key.
const NOBODY: &str = r#"{"username":"","password":""}"#;

impl PaymentKeys {
    fn known(secrets: &Secrets) -> Result<Self, OutsideError> {
        let Some(text) = secrets.current_text(&name(PAYMENTS))? else {
            let webhook_secrets = vec![format!("whsec_{}", random())];
            return Ok(Self { api_key: format!("sk_test_{}", random()), webhook_secrets });
        };
        serde_json::from_str(&text)
            .map_err(|it| OutsideError::Malformed(name(PAYMENTS), "webhookSecrets", it))
    }
}

impl CarrierKeys {
    fn known(secrets: &Secrets) -> Result<Self, OutsideError> {
        let Some(text) = secrets.current_text(&name(CARRIER))? else {
            let webhook_secret = format!("whsec_{}", BASE64_STANDARD.encode(random()));
            return Ok(Self { api_key: format!("ck_test_{}", random()), webhook_secret });
        };
        serde_json::from_str(&text).map_err(|it| OutsideError::Malformed(name(CARRIER), "webhookSecret", it))
    }
}

/// The name that the template gives the secret.
fn name(of: &str) -> String {
    format!("{STACK}-{of}")
}

fn ports(first: u16) -> Ports {
    match first {
        0 => Ports::default(),
        first => Ports { payments: first, carrier: first.saturating_add(1), smtp: first.saturating_add(2) },
    }
}

fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[cfg(test)]
mod tests;

//! What the secrets hold. None of it is ever printed.

use std::fmt;

use serde::Deserialize;

use crate::api::ApiKey;

/// The payment provider's secret: `{"apiKey": "sk_…", "webhookSecrets": ["whsec_…"]}`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentsSecret {
    /// What our calls are made with.
    pub api_key: String,
    /// What its webhooks are signed with: two while one replaces the other.
    #[serde(default)]
    pub webhook_secrets: Vec<String>,
}

/// The carrier's secret: `{"apiKey": "…", "webhookSecret": "whsec_…"}`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CarrierSecret {
    /// What our calls are made with.
    pub api_key: String,
    /// What its webhooks are signed with.
    pub webhook_secret: String,
}

impl ApiKey for PaymentsSecret {
    fn api_key(&self) -> &str {
        &self.api_key
    }
}

impl ApiKey for CarrierSecret {
    fn api_key(&self) -> &str {
        &self.api_key
    }
}

impl fmt::Debug for PaymentsSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaymentsSecret").finish_non_exhaustive()
    }
}

impl fmt::Debug for CarrierSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CarrierSecret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let payments: PaymentsSecret =
            serde_json::from_str(r#"{"apiKey":"sk_test_1","webhookSecrets":["whsec_1"]}"#).unwrap();
        let carrier: CarrierSecret =
            serde_json::from_str(r#"{"apiKey":"sk_test_1","webhookSecret":"whsec_1"}"#).unwrap();
        let printed = format!("{payments:?} {carrier:?}");
        assert!(!printed.contains("sk_test_1") && !printed.contains("whsec_1"), "{printed}");
    }
}

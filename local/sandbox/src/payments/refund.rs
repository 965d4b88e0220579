//! A refund. Ours are done at once: they succeeded, or they failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) charge: Option<String>,
    pub(super) created: i64,
    pub(super) currency: String,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) payment_intent: String,
    pub(super) reason: Option<String>,
    pub(super) failed: bool,
}

impl Refund {
    pub(super) const fn status(&self) -> &'static str {
        if self.failed { "failed" } else { "succeeded" }
    }

    /// The object as the API shows it.
    pub(super) fn object(&self) -> Value {
        let mut object = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "charge": self.charge, "created": self.created,
            "currency": self.currency, "metadata": self.metadata, "payment_intent": self.payment_intent,
            "reason": self.reason, "status": self.status(),
        });
        if self.failed {
            object["failure_reason"] = json!("unknown");
        }
        object
    }
}

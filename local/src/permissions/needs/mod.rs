//! What a call needs to be allowed: actions on resources, with the context that conditions ask about.
//!
//! Sources: "Actions, resources, and condition keys" for DynamoDB, SQS, S3 and Secrets Manager, Service Authorization Reference.

mod dynamodb;
mod s3;
mod secrets;
mod sqs;

use std::collections::BTreeMap;

pub(super) use dynamodb::PartitionKeys;

use crate::aws::service::ServiceRequest;
use crate::template::{ACCOUNT, REGION};

/// One action on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) action: String,
    pub(super) resource: String,
    /// By condition key, in lower case.
    pub(super) context: BTreeMap<&'static str, Vec<String>>,
}

impl Need {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let context = BTreeMap::from([
            ("aws:principalaccount", vec![ACCOUNT.to_owned()]),
            ("aws:requestedregion", vec![REGION.to_owned()]),
        ]);
        Self { action: action.into(), resource: resource.into(), context }
    }

    fn with(mut self, key: &'static str, values: Vec<String>) -> Self {
        if !values.is_empty() {
            self.context.insert(key, values);
        }
        self
    }
}

/// All that a request needs; nothing for a service that is not guarded.
pub(super) fn needs(service: &str, request: &ServiceRequest, keys: &PartitionKeys) -> Vec<Need> {
    match service {
        "dynamodb" => dynamodb::needs(request, keys),
        "sqs" => sqs::needs(request),
        "s3" => s3::needs(request),
        "secretsmanager" => secrets::needs(request),
        other => vec![Need::new(format!("{other}:{}", request.operation), "*")],
    }
}

/// The needs of each entry of a batch whose entries are refused one by one. `None` for what is no such batch.
pub(super) fn needs_in_batch(service: &str, request: &ServiceRequest) -> Option<Vec<Vec<Need>>> {
    ((service, request.operation.as_str()) == ("s3", "DeleteObjects")).then(|| s3::of_batch(request))?
}

/// What a caller needs besides to be told that there is nothing; else it is told that it may not look.
pub(super) fn needs_of_absence(service: &str, request: &ServiceRequest) -> Option<Need> {
    tells_of_absence(service).then(|| s3::of_absence(request))?
}

/// Whether a service's callers need something besides to be told that there is nothing.
pub(super) fn tells_of_absence(service: &str) -> bool {
    service == "s3"
}

/// The body as JSON. What cannot be read needs the action on anything, and is then refused by the service itself.
fn json(request: &ServiceRequest) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap_or_default()
}

//! Planted faults: what a test makes go wrong between a function and AWS. Nothing goes wrong by itself.

use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;

use super::service::{ServiceReply, ServiceRequest};

/// Judges one call: `Some` is answered instead of calling the service. It may await, so that a test can let another
/// writer win a race first.
pub type Plan = Arc<dyn Fn(ServiceRequest) -> BoxFuture<'static, Option<ServiceReply>> + Send + Sync>;

/// The plan in force, if any.
#[derive(Default)]
pub struct Faults {
    plan: RwLock<Option<Plan>>,
}

impl Faults {
    /// From now on `plan` judges every call.
    pub fn plant<F, R>(&self, plan: F)
    where
        F: Fn(ServiceRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Option<ServiceReply>> + Send + 'static,
    {
        let plan: Plan = Arc::new(move |request| Box::pin(plan(request)));
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Some(plan);
    }

    /// From now on nothing goes wrong.
    pub fn clear(&self) {
        *self.plan.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn plan(&self) -> Option<Plan> {
        self.plan.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The refusal AWS's JSON protocols give: `kind` is the error's type, e.g. `ThrottlingException`.
#[must_use]
pub fn refusal(status: u16, kind: &str, message: &str) -> ServiceReply {
    let body =
        serde_json::json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message});
    ServiceReply {
        status,
        body: body.to_string().into_bytes(),
        content_type: "application/x-amz-json-1.0",
        error: Some(kind.to_owned()),
        ..ServiceReply::default()
    }
}

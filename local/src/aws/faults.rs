//! Planted faults: what a test makes go wrong between a caller and AWS. Nothing goes wrong by itself.

use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;

use super::service::{Service, ServiceReply, ServiceRequest};

/// Stands between a caller and a service: it may answer itself, call the service once, twice or never, and change what either says. It
/// may await, so that a test can let another writer win a race first.
pub type Plan = Arc<dyn Fn(ServiceRequest, Target) -> BoxFuture<'static, ServiceReply> + Send + Sync>;

/// The service that a call is for.
#[derive(Clone)]
pub struct Target {
    pub(super) name: String,
    pub(super) service: Arc<dyn Service>,
}

impl Target {
    /// The service's name, e.g. `dynamodb`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets the call take effect.
    pub async fn call(&self, request: ServiceRequest) -> ServiceReply {
        self.service.call(request).await
    }
}

/// The plan in force, if any.
#[derive(Default)]
pub struct Faults {
    plan: RwLock<Option<Plan>>,
}

impl Faults {
    /// From now on `plan` judges every call: `Some` is answered instead of calling the service.
    pub fn plant<F, R>(&self, plan: F)
    where
        F: Fn(ServiceRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Option<ServiceReply>> + Send + 'static,
    {
        self.stand_between(move |request, target| {
            let planted = plan(request.clone());
            async move {
                match planted.await {
                    Some(reply) => reply,
                    None => target.call(request).await,
                }
            }
        });
    }

    /// From now on `plan` stands between callers and services.
    pub fn stand_between<F, R>(&self, plan: F)
    where
        F: Fn(ServiceRequest, Target) -> R + Send + Sync + 'static,
        R: Future<Output = ServiceReply> + Send + 'static,
    {
        let plan: Plan = Arc::new(move |request, target| Box::pin(plan(request, target)));
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

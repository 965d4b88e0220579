//! Embedded AWS, behind the real SDK: one connector through which every call of every function passes.
//!
//! The services themselves are behind [`service::Service`]; here is only the way to them and what is seen on it.

pub mod calls;
mod checkpointer;
mod connector;
pub mod dynamodb;
pub mod faults;
pub mod s3;
pub mod secrets;
pub mod service;
mod sqlite;
pub mod sqs;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;

use crate::permissions::Permissions;
use crate::template::REGION;
use calls::{Call, CallLog};
use faults::{Faults, Target};
use service::{Service, ServiceReply, ServiceRequest};
use wire::AccessKeys;

/// All embedded services.
#[derive(Clone)]
pub struct Cloud {
    inner: Arc<Inner>,
}

struct Inner {
    services: BTreeMap<&'static str, Arc<dyn Service>>,
    calls: CallLog,
    faults: Faults,
    access_keys: AccessKeys,
    permissions: OnceLock<Permissions>,
}

impl Cloud {
    /// These services, by the name they are signed for (`dynamodb`, `sqs`, `s3`, …).
    #[must_use]
    pub fn new(services: BTreeMap<&'static str, Arc<dyn Service>>) -> Self {
        Self::with_access_keys(services, AccessKeys::default())
    }

    /// The same, where the services know the access keys too.
    #[must_use]
    pub fn with_access_keys(
        services: BTreeMap<&'static str, Arc<dyn Service>>,
        access_keys: AccessKeys,
    ) -> Self {
        let (calls, faults) = (CallLog::default(), Faults::default());
        Self { inner: Arc::new(Inner { services, calls, faults, access_keys, permissions: OnceLock::new() }) }
    }

    /// The configuration of one function's clients. Its calls are known as that function's.
    #[must_use]
    pub fn sdk_config(&self, function: &str) -> SdkConfig {
        let connector = connector::Connector { function: Arc::from(function), cloud: self.clone() };
        let credentials = Credentials::new("test", "test", None, None, "laptop");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(SharedHttpClient::new(connector))
            .build()
    }

    /// What was called.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        &self.inner.calls
    }

    /// What is to go wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// Whose access keys the port takes.
    #[must_use]
    pub fn access_keys(&self) -> &AccessKeys {
        &self.inner.access_keys
    }

    /// From now on these judge the calls of functions. They are set once; who sets them again changes nothing.
    pub fn guard(&self, permissions: Permissions) -> &Permissions {
        self.inner.permissions.get_or_init(|| permissions)
    }

    /// What the service answers, if the caller may ask it and no test planned otherwise.
    async fn judged(
        &self,
        service: &str,
        target: &Arc<dyn Service>,
        mut request: ServiceRequest,
    ) -> ServiceReply {
        let permissions = self.inner.permissions.get();
        if let Some(refused) = permissions.and_then(|it| it.refusal(service, &request)) {
            return refused;
        }
        request.refused = permissions.map(|it| it.refused_in_batch(service, &request)).unwrap_or_default();
        let asked = permissions
            .filter(|it| it.may_conceal(service))
            .map(|it| (it, ServiceRequest { body: Bytes::new(), ..request.clone() }));
        let reply = match self.faults().plan() {
            None => target.call(request).await,
            Some(plan) => {
                plan(request, Target { name: service.to_owned(), service: Arc::clone(target) }).await
            }
        };
        asked.and_then(|(it, asked)| it.concealment(service, &asked, &reply)).unwrap_or(reply)
    }

    /// Calls a service: every call goes through here, whichever way it came. `None` when there is no such service.
    pub async fn call(&self, service: &str, mut request: ServiceRequest) -> Option<ServiceReply> {
        let target = self.inner.services.get(service)?;
        if let Some(operation) = target.operation(&request) {
            request.operation = operation.to_owned();
        }
        let (function, operation, started) =
            (request.function.clone(), request.operation.clone(), Instant::now());
        let reply = self.judged(service, target, request).await;
        self.calls().record(Call {
            function,
            service: service.to_owned(),
            operation,
            tables: reply.resources.clone(),
            read_units: reply.read_units,
            write_units: reply.write_units,
            duration: started.elapsed(),
            error: reply.error.clone(),
        });
        Some(reply)
    }
}

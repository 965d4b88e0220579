//! Embedded AWS, behind the real SDK: one connector through which every call of every function passes.
//!
//! The services themselves are behind [`service::Service`]; here is only the way to them and what is seen on it.

pub mod calls;
mod connector;
pub mod dynamodb;
pub mod faults;
pub mod service;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;

use crate::template::REGION;
use calls::CallLog;
use faults::Faults;
use service::Service;

/// All embedded services.
#[derive(Clone)]
pub struct Cloud {
    inner: Arc<Inner>,
}

struct Inner {
    services: BTreeMap<&'static str, Arc<dyn Service>>,
    calls: CallLog,
    faults: Faults,
}

impl Cloud {
    /// These services, by the name they are signed for (`dynamodb`, `sqs`, `s3`, …).
    #[must_use]
    pub fn new(services: BTreeMap<&'static str, Arc<dyn Service>>) -> Self {
        Self { inner: Arc::new(Inner { services, calls: CallLog::default(), faults: Faults::default() }) }
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

    fn service(&self, name: &str) -> Option<Arc<dyn Service>> {
        self.inner.services.get(name).cloned()
    }
}

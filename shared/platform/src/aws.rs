//! The AWS configuration of a Lambda function: built eagerly, once, from its environment.
//!
//! Not the default provider chain: Lambda always has credentials and region in variables, and looking elsewhere
//! costs start-up time. Five Amazon roots are embedded, so that no certificate store is parsed.

use std::env;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::{SharedTimeSource, SystemTimeSource};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

use crate::app::StartError;

/// Amazon Root CA 1 to 4 and Starfield Services Root G2, the roots of every AWS endpoint.
/// Source: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("aws/amazon-roots.pem");

/// The configuration from the process's variables.
///
/// `AWS_ENDPOINT_URL` points everything at another endpoint; `AWS_CA_BUNDLE` names a file of its roots.
///
/// # Errors
/// When credentials or region are missing, or the bundle cannot be read.
pub fn from_environment() -> Result<SdkConfig, StartError> {
    let credentials = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    let mut config = configuration(http_client()?, credentials, variable("AWS_REGION")?);
    if let Ok(endpoint) = env::var("AWS_ENDPOINT_URL") {
        config.set_endpoint_url(Some(endpoint));
    }
    Ok(config.build())
}

/// What all clients have in common: retries, time-outs, clocks.
///
/// A call ends within 6 seconds whatever happens, well inside the shortest function's time-out.
pub fn configuration(
    http: SharedHttpClient,
    credentials: Credentials,
    region: String,
) -> aws_types::sdk_config::Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(1_000))
        .operation_attempt_timeout(Duration::from_millis(2_500))
        .operation_timeout(Duration::from_millis(6_000))
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .region(Region::new(region))
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
}

fn http_client() -> Result<SharedHttpClient, StartError> {
    let roots = match env::var("AWS_CA_BUNDLE") {
        Ok(file) => {
            std::fs::read(&file).map_err(|error| StartError::malformed("AWS_CA_BUNDLE", error.to_string()))?
        }
        Err(_) => AMAZON_ROOTS.to_vec(),
    };
    let context = TlsContext::builder()
        .with_trust_store(TrustStore::empty().with_pem_certificate(roots))
        .build()
        .map_err(|error| StartError::malformed("AWS_CA_BUNDLE", error.to_string()))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

fn variable(name: &'static str) -> Result<String, StartError> {
    env::var(name).map_err(|_| StartError::missing(name))
}

//! What only a laptop has: tokens for whoever asks, tenants' settings, the count of AWS calls, and Lambda's `Invoke`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::aws::Cloud;
use crate::functions::{Functions, PAYLOAD_MAX_BYTES};
use crate::identity::Issuer;
use crate::invoke::invoke;
use crate::loopback::no_foreign_pages;
use crate::suite::{Settings, SettingsError, TenantSettings};

/// What the laptop's own endpoints need.
pub(crate) struct Dev {
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) cloud: Cloud,
    pub(crate) functions: Functions,
    pub(crate) tenants: Option<TenantSettings>,
}

type Shared = State<Arc<Dev>>;

/// The endpoints.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(dev: Dev) -> Router<S> {
    let endpoints = Router::new()
        .route("/dev/token", post(token))
        .route("/dev/.well-known/jwks.json", get(jwks))
        .route("/dev/.well-known/openid-configuration", get(discovery))
        .route("/dev/tenants/{tenant}", get(tenant).put(put_tenant))
        .route("/dev/calls", get(calls).delete(forget_calls))
        .route("/2015-03-31/functions/{name}/invocations", post(invoked))
        // One byte more, so that the limit's own answer is ours.
        .layer(DefaultBodyLimit::max(PAYLOAD_MAX_BYTES + 1))
        .with_state(Arc::new(dev));
    no_foreign_pages(endpoints)
}

async fn token(State(dev): Shared, body: Bytes) -> Response {
    let issued = read(&body).and_then(|it| dev.issuer.token(&it, Timestamp::now()));
    issued.map_or_else(|why| refused(&why), |token| Json(token).into_response())
}

async fn jwks(State(dev): Shared) -> Response {
    Json(dev.issuer.keys()).into_response()
}

async fn discovery(State(dev): Shared) -> Response {
    Json(dev.issuer.discovery()).into_response()
}

async fn tenant(State(dev): Shared, Path(tenant): Path<String>) -> Response {
    match &dev.tenants {
        Some(tenants) => settings(tenants.get(&tenant).await),
        None => refused(NO_TENANTS),
    }
}

async fn put_tenant(State(dev): Shared, Path(tenant): Path<String>, body: Bytes) -> Response {
    match (&dev.tenants, read::<Settings>(&body)) {
        (Some(tenants), Ok(given)) => settings(tenants.put(&tenant, given).await),
        (_, Err(why)) => refused(&why),
        (None, _) => refused(NO_TENANTS),
    }
}

const NO_TENANTS: &str = "the template's functions name no table of tenants";

fn settings(outcome: Result<Settings, SettingsError>) -> Response {
    match outcome {
        Ok(settings) => Json(settings).into_response(),
        Err(SettingsError::Refused(why)) => refused(&why),
        Err(error) => {
            let error: &dyn std::error::Error = &error;
            tracing::error!(error, "a tenant's settings failed");
            message(StatusCode::SERVICE_UNAVAILABLE, "the settings cannot be read or written; try again")
        }
    }
}

async fn calls(State(dev): Shared) -> Response {
    let calls = dev.cloud.calls();
    Json(json!({"total": calls.total(), "byOperation": calls.by_operation()})).into_response()
}

async fn forget_calls(State(dev): Shared) -> StatusCode {
    dev.cloud.calls().reset();
    StatusCode::NO_CONTENT
}

async fn invoked(State(dev): Shared, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    invoke(&dev.functions, &name, &headers, body).await
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|it| it.to_string())
}

fn refused(why: &str) -> Response {
    message(StatusCode::BAD_REQUEST, why)
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, Json::<Value>(json!({"message": text}))).into_response()
}

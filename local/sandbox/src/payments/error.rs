//! What the provider refuses, in Stripe's shapes.
//!
//! Source: "Errors" and "Error codes", Stripe API Reference.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// A refusal.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    message: String,
    param: Option<String>,
    /// Other members of `error`: the declined intent, the reason of the decline.
    more: Value,
    /// Whether it had begun to execute: then it is the key's answer.
    pub(super) kept: bool,
    retry_after_s: Option<u32>,
}

impl Refusal {
    fn new(status: u16, kind: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            status,
            kind,
            code: None,
            message,
            param: None,
            more: json!({}),
            kept: false,
            retry_after_s: None,
        }
    }

    fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// A parameter is wrong.
    pub(super) fn invalid(param: &str, code: Option<&'static str>, message: impl Into<String>) -> Self {
        let refusal = Self::new(400, "invalid_request_error", message);
        Self { code, param: Some(param.to_owned()), ..refusal }
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::invalid(param, Some("parameter_missing"), format!("Missing required param: {param}."))
    }

    /// What a path names is not there.
    pub(super) fn not_found(kind: &str, param: &str, id: &str) -> Self {
        let refusal = Self::invalid(param, Some("resource_missing"), format!("No such {kind}: '{id}'"));
        Self { status: 404, ..refusal }
    }

    pub(super) fn no_such_route(method: &str, path: &str) -> Self {
        Self::new(404, "invalid_request_error", format!("Unrecognized request URL ({method}: {path})."))
    }

    /// The state of things does not allow it.
    pub(super) fn state(code: &'static str, message: impl Into<String>, about: Option<Value>) -> Self {
        let refusal = Self::new(400, "invalid_request_error", message).with_code(code);
        let more = about.map_or(json!({}), |intent| json!({"payment_intent": intent}));
        Self { kept: true, more, ..refusal }
    }

    /// A declined card; `error` is the intent's `last_payment_error`.
    pub(super) fn declined(error: &Value, intent: Value) -> Self {
        let refusal = Self::new(402, "card_error", error["message"].as_str().unwrap_or_default());
        let more = json!({
            "decline_code": error["decline_code"], "charge": error["charge"],
            "payment_method": error["payment_method"], "payment_intent": intent,
        });
        Self { kept: true, more, ..refusal.with_code("card_declined") }
    }

    pub(super) fn unauthorized() -> Self {
        let words = "Invalid API Key provided. Send it as `Authorization: Bearer <key>`; the sandbox's is in its secret.";
        Self::new(401, "invalid_request_error", words)
    }

    pub(super) fn other_parameters(key: &str) -> Self {
        let words = format!(
            "Keys for idempotent requests can only be used with the same endpoint and parameters they were first used with. \
             Try using a key other than '{key}' if you meant to execute a different request."
        );
        Self::new(400, "idempotency_error", words)
    }

    pub(super) fn in_progress(key: &str) -> Self {
        let words =
            format!("There is currently another in-progress request using this Idempotent Key: {key}.");
        Self::new(409, "idempotency_error", words).with_code("idempotency_key_in_use")
    }

    pub(super) fn rate_limited() -> Self {
        let refusal = Self::new(429, "invalid_request_error", "Too many requests hit the API too quickly.");
        Self { retry_after_s: Some(1), ..refusal.with_code("rate_limit") }
    }

    pub(super) fn failed() -> Self {
        Self::new(500, "api_error", "An unknown error occurred.")
    }

    pub(super) fn down() -> Self {
        Self::new(503, "api_error", "The payment provider is down until /dev/payments/up is called.")
    }

    pub(super) fn body(&self) -> Value {
        let mut error = json!({"type": self.kind, "message": self.message});
        let mut set = |name: &str, value: Value| {
            if !value.is_null() {
                error[name] = value;
            }
        };
        set("code", self.code.into());
        set("param", self.param.as_deref().into());
        for (name, value) in self.more.as_object().into_iter().flatten() {
            set(name, value.clone());
        }
        json!({"error": error})
    }

    pub(super) fn response(&self) -> Response {
        let mut response = answer(self.status, &self.body());
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(error = error.to_string(), "the payment provider's file failed");
        Self::failed()
    }
}

pub(super) fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("every status here is one");
    (status, Json(body)).into_response()
}

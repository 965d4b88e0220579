//! A carrier with a small JSON API: `POST /v1/shipments`, with an `Idempotency-Key`.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use penstock_application::ports::carrier::{Carrier, CarrierError, Consignment, Parcel};
use serde::Deserialize;
use serde_json::json;

use crate::api::{Api, ApiError, Call};
use crate::credentials::CarrierSecret;
use crate::endpoint::Endpoint;
use crate::http::Http;
use crate::retry_after::retry_after;
use crate::secrets::{Secret, SecretError, SecretSource};

pub mod webhook;

/// So much of an error's text goes into our records.
const TEXT_LENGTH_MAX: usize = 300;

/// A carrier behind HTTP.
pub struct HttpCarrier<S> {
    api: Api<CarrierSecret, S>,
}

/// A call that the carrier answered with an error.
#[derive(Debug, thiserror::Error)]
#[error("the carrier answered {status}: {text}")]
struct Refused {
    status: StatusCode,
    text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shipment {
    id: String,
    tracking_number: String,
    tracking_url: String,
}

impl<S: SecretSource> HttpCarrier<S> {
    pub(crate) fn new(http: Http, endpoint: Endpoint, secret: Secret<CarrierSecret, S>) -> Self {
        Self { api: Api::new(http, endpoint, secret) }
    }
}

impl<S: SecretSource> Carrier for HttpCarrier<S> {
    async fn ship(&self, parcel: &Parcel) -> Result<Consignment, CarrierError> {
        let call = Call {
            method: Method::POST,
            path: "/v1/shipments".to_owned(),
            content_type: "application/json",
            headers: vec![("Idempotency-Key", parcel.key.clone())],
            body: body(parcel).into(),
        };
        let answer = self.api.send(&call).await.map_err(unanswered)?;
        if !answer.status().is_success() {
            return Err(refused(&answer));
        }
        let taken: Shipment = serde_json::from_slice(answer.body())
            .map_err(|error| CarrierError::Retry { after: None, cause: error.into() })?;
        let Shipment { id, tracking_number, tracking_url } = taken;
        Ok(Consignment { id, tracking_number, tracking_url })
    }
}

fn body(parcel: &Parcel) -> String {
    let items = parcel.items.iter();
    let items: Vec<_> =
        items.map(|it| json!({ "sku": it.sku, "name": it.name, "quantity": it.quantity })).collect();
    let to = &parcel.to;
    json!({
        "reference": parcel.reference,
        "service": parcel.service,
        "to": {
            "name": parcel.recipient,
            "lines": to.lines,
            "city": to.city,
            "postalCode": to.postal_code,
            "country": to.country,
        },
        "parcels": [{ "items": items }],
    })
    .to_string()
}

fn unanswered(error: ApiError) -> CarrierError {
    match error {
        ApiError::Http(_) | ApiError::Secret(SecretError::Unavailable { .. }) => {
            CarrierError::Retry { after: None, cause: error.into() }
        }
        ApiError::Secret(SecretError::Unusable { .. }) | ApiError::Malformed(_) => {
            CarrierError::Never(error.into())
        }
    }
}

fn refused(answer: &Response<Bytes>) -> CarrierError {
    let status = answer.status();
    let text = String::from_utf8_lossy(answer.body()).chars().take(TEXT_LENGTH_MAX).collect();
    let cause = Refused { status, text }.into();
    let later = [StatusCode::TOO_MANY_REQUESTS, StatusCode::CONFLICT, StatusCode::REQUEST_TIMEOUT];
    if status.is_server_error() || later.contains(&status) {
        CarrierError::Retry { after: retry_after(answer.headers()), cause }
    } else {
        CarrierError::Never(cause)
    }
}

#[cfg(test)]
mod tests;

//! A carrier with a small JSON API: `POST /v1/shipments` with an `Idempotency-Key`, `GET /v1/shipments?reference=…`, and
//! `POST /v1/shipments/{id}/cancellation`, which is refused with 409 once the parcel is on its way.

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{Method, Response, StatusCode};
use penstock_application::ports::Cause;
use penstock_application::ports::carrier::{Carrier, CarrierError, Consignment, Parcel, Recall};
use penstock_domain::planted::{self, Bug};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::api::{Api, ApiError, Call};
use crate::credentials::CarrierSecret;
use crate::endpoint::Endpoint;
use crate::http::Http;
use crate::retry_after::retry_after;
use crate::secrets::{Secret, SecretError, SecretSource};

pub mod webhook;

/// What may stand in a path as it is.
const OUTSIDE_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_');
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

/// Those with a reference: one, as each has a key of its own.
#[derive(Deserialize)]
struct Shipments {
    shipments: Vec<Shipment>,
}

impl<S: SecretSource> HttpCarrier<S> {
    pub(crate) fn new(http: Http, endpoint: Endpoint, secret: Secret<CarrierSecret, S>) -> Self {
        Self { api: Api::new(http, endpoint, secret) }
    }
}

impl<S: SecretSource> Carrier for HttpCarrier<S> {
    async fn ship(&self, parcel: &Parcel) -> Result<Consignment, CarrierError> {
        let mut headers = vec![("Idempotency-Key", parcel.key.clone())];
        if planted::is(Bug::ParcelWithoutKey) {
            headers.clear();
        }
        let call = call(Method::POST, "/v1/shipments".to_owned(), headers, body(parcel).into());
        let answer = self.api.send(&call).await.map_err(unanswered)?;
        Ok(read::<Shipment>(&answer)?.into())
    }

    async fn find(&self, reference: &str) -> Result<Option<Consignment>, CarrierError> {
        let query = Serializer::new(String::new()).append_pair("reference", reference).finish();
        let call = call(Method::GET, format!("/v1/shipments?{query}"), vec![], Bytes::new());
        let answer = self.api.send(&call).await.map_err(unanswered)?;
        let mut found = read::<Shipments>(&answer)?.shipments;
        Ok(found.pop().map(Into::into))
    }

    async fn call_back(&self, consignment: &str) -> Result<Recall, CarrierError> {
        let id = utf8_percent_encode(consignment, OUTSIDE_NAMES);
        let path = format!("/v1/shipments/{id}/cancellation");
        let answer =
            self.api.send(&call(Method::POST, path, vec![], Bytes::new())).await.map_err(unanswered)?;
        match answer.status() {
            StatusCode::CONFLICT => Ok(Recall::OnItsWay),
            status if status.is_success() => Ok(Recall::Stopped),
            _ => Err(refused(&answer)),
        }
    }
}

fn call(method: Method, path: String, headers: Vec<(&'static str, String)>, body: Bytes) -> Call {
    Call { method, path, content_type: "application/json", headers, body }
}

fn read<T: DeserializeOwned>(answer: &Response<Bytes>) -> Result<T, CarrierError> {
    if !answer.status().is_success() {
        return Err(refused(answer));
    }
    serde_json::from_slice(answer.body())
        .map_err(|error| CarrierError::Retry { after: None, cause: error.into() })
}

impl From<Shipment> for Consignment {
    fn from(Shipment { id, tracking_number, tracking_url }: Shipment) -> Self {
        Self { id, tracking_number, tracking_url }
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

/// The carrier's answer that it has enough to do: it works.
pub(crate) fn is_busy(cause: &Cause) -> bool {
    cause.downcast_ref::<Refused>().is_some_and(|refused| refused.status == StatusCode::TOO_MANY_REQUESTS)
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

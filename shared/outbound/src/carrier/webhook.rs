//! The carrier's webhooks, signed as Standard Webhooks says: whether one is the carrier's, and what it says.
//!
//! Source: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::ParcelStatus;
use serde::Deserialize;
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq;

/// How old a webhook may be, and how far ahead of our clock.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Signatures of one header that are looked at.
const SIGNATURES_MAX: usize = 16;

/// The three headers of Standard Webhooks.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// `webhook-id`: the same each time it is told.
    pub id: &'a str,
    /// `webhook-timestamp`, in seconds.
    pub timestamp: &'a str,
    /// `webhook-signature`: `v1,…` for each secret, with spaces between.
    pub signature: &'a str,
}

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The time is no number of seconds.
    #[error("webhook-timestamp is not a number of seconds")]
    Malformed,
    /// Nobody who knows one of the secrets signed it.
    #[error("no signature is by one of the secrets")]
    Forged,
    /// It is signed, but is an old one, or one of the future.
    #[error("it was signed {0:#} ago; more than five minutes either way are not taken")]
    Untimely(SignedDuration),
    /// It is the carrier's, but not what was agreed.
    #[error("the event cannot be read")]
    Unreadable(#[source] serde_json::Error),
}

/// What the carrier tells of a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackingEvent {
    /// The same each time it is told.
    pub id: String,
    /// When it happened.
    pub created: Timestamp,
    /// The carrier's name for the parcel.
    pub consignment: String,
    /// Our name for the parcel.
    pub reference: String,
    /// Where it is.
    pub status: ParcelStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    id: String,
    created_at: Timestamp,
    shipment: Shipment,
}

#[derive(Deserialize)]
struct Shipment {
    id: String,
    reference: String,
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    InTransit,
    Delivered,
    Lost,
}

/// Reads the webhook with these headers and `body`, byte for byte as they came, if it is signed with one of `secrets`
/// (`whsec_…`), not long before or after `now`.
///
/// # Errors
/// As [`WebhookError`] says. All but [`WebhookError::Unreadable`] may be anybody's doing. A forged one may also be signed with a secret
/// that is newer than the one at hand.
pub fn verify(
    secrets: &[impl AsRef<str>],
    signed: Signed<'_>,
    body: &[u8],
    now: Timestamp,
) -> Result<TrackingEvent, WebhookError> {
    let seconds: i64 = signed.timestamp.parse().map_err(|_| WebhookError::Malformed)?;
    let signed_at = Timestamp::from_second(seconds).map_err(|_| WebhookError::Malformed)?;
    if !secrets.iter().any(|secret| is_by(secret.as_ref(), signed, seconds, body)) {
        return Err(WebhookError::Forged);
    }
    let age = now.duration_since(signed_at);
    if age.abs() > TOLERANCE {
        return Err(WebhookError::Untimely(age));
    }
    serde_json::from_slice::<Envelope>(body).map(Into::into).map_err(WebhookError::Unreadable)
}

/// Whether one signature is made with `secret`. The crate signs; it could verify only against the machine's clock.
fn is_by(secret: &str, signed: Signed<'_>, seconds: i64, body: &[u8]) -> bool {
    let expected = Webhook::new(secret).and_then(|key| key.sign(signed.id, seconds, body));
    let Ok(expected) = expected else { return false };
    let signatures = signed.signature.split(' ').take(SIGNATURES_MAX);
    signatures.into_iter().any(|it| it.as_bytes().ct_eq(expected.as_bytes()).into())
}

impl From<Envelope> for TrackingEvent {
    fn from(Envelope { id, created_at, shipment }: Envelope) -> Self {
        let status = match shipment.status {
            Status::InTransit => ParcelStatus::InTransit,
            Status::Delivered => ParcelStatus::Delivered,
            Status::Lost => ParcelStatus::Lost,
        };
        Self { id, created: created_at, consignment: shipment.id, reference: shipment.reference, status }
    }
}

#[cfg(test)]
mod tests;

//! Stripe's webhooks: whether one is Stripe's, and what it says.
//!
//! Source: <https://docs.stripe.com/webhooks#verify-manually>. A webhook comes twice, late and out of order: what it tells of was so
//! when it was made. The signature says who sent it and when, so that a copy is of no use after five minutes; within them it is for
//! the receiver to know the event's id, or to be right whatever comes again.

use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use penstock_application::ports::payments::{ProviderPayment, ProviderRefund};
use penstock_domain::{OrderId, TenantId};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::Sha256;

use super::wire::{Charge, Metadata, PaymentIntent, Refund, Unexpected};

/// How old a webhook may be, and how far ahead of our clock.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Signatures of one header that are looked at: one for each secret that Stripe signs with.
const SIGNATURES_MAX: usize = 16;

/// Why a webhook is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The header is missing parts.
    #[error("the header Stripe-Signature is not t=<seconds>,v1=<hex>")]
    Malformed,
    /// Nobody who knows one of the secrets signed it.
    #[error("no signature is by one of the secrets")]
    Forged,
    /// It is signed, but is an old one, or one of the future.
    #[error("it was signed {0:#} ago; more than five minutes either way are not taken")]
    Untimely(SignedDuration),
    /// It is Stripe's, but not what the documentation says.
    #[error("the event cannot be read")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What Stripe tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same each time it is told.
    pub id: String,
    /// Stripe's word for what happened, e.g. `payment_intent.succeeded`.
    pub kind: String,
    /// When it happened, to the second.
    pub created: Timestamp,
    /// What it is about, as it was then.
    pub subject: Subject,
    /// Whose it is; nothing when this platform did not make it.
    pub origin: Option<Origin>,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A payment.
    Payment(ProviderPayment),
    /// A refund.
    Refund(ProviderRefund),
    /// Something that is of no concern here.
    Other,
}

/// Whose payment or refund something is: what we had Stripe keep with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Whose customer pays.
    pub tenant: TenantId,
    /// For which order.
    pub order: OrderId,
}

#[derive(Deserialize)]
struct Envelope {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    created: i64,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Box<RawValue>,
}

/// Reads the webhook with header `Stripe-Signature: header` and `body`, byte for byte as they came, if it is signed with one of
/// `secrets`, not long before or after `now`.
///
/// # Errors
/// As [`WebhookError`] says. All but [`WebhookError::Unreadable`] may be anybody's doing. A forged one may also be signed with a secret
/// that is newer than the one at hand.
pub fn verify(
    secrets: &[impl AsRef<str>],
    header: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Event, WebhookError> {
    let signed = Signed::parse(header).ok_or(WebhookError::Malformed)?;
    if !secrets.iter().any(|secret| signed.is_by(secret.as_ref(), body)) {
        return Err(WebhookError::Forged);
    }
    let signed_at = Timestamp::from_second(signed.at).map_err(|_| WebhookError::Malformed)?;
    let age = now.duration_since(signed_at);
    if age.abs() > TOLERANCE {
        return Err(WebhookError::Untimely(age));
    }
    read(body).map_err(WebhookError::Unreadable)
}

/// What the header says.
struct Signed<'a> {
    /// As it is written: that is what is signed.
    at_text: &'a str,
    at: i64,
    signatures: Vec<[u8; 32]>,
}

impl<'a> Signed<'a> {
    /// Other schemes than `v1` are not looked at, nor is what is no signature: Stripe may add to the header.
    fn parse(header: &'a str) -> Option<Self> {
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let (_, at_text) = parts().find(|(name, _)| *name == "t")?;
        let hexes = parts().filter(|(name, _)| *name == "v1").map(|(_, hex)| hex).take(SIGNATURES_MAX);
        let signatures: Vec<_> = hexes.filter_map(decode).collect();
        let at = at_text.parse().ok()?;
        (!signatures.is_empty()).then_some(Self { at_text, at, signatures })
    }

    /// Whether one signature is made with `secret`, in a time that does not tell how far a wrong one is right.
    fn is_by(&self, secret: &str, body: &[u8]) -> bool {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(self.at_text.as_bytes());
        mac.update(b".");
        mac.update(body);
        self.signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    }
}

fn decode(signature: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(signature, &mut bytes).ok()?;
    Some(bytes)
}

fn read(body: &[u8]) -> Result<Event, Box<dyn std::error::Error + Send + Sync>> {
    let Envelope { id, kind, created, data } = serde_json::from_slice(body)?;
    let (subject, metadata) = subject(&kind, data.object.get())?;
    Ok(Event { id, kind, created: Timestamp::from_second(created)?, subject, origin: origin(&metadata) })
}

type Told = Result<(Subject, Metadata), Box<dyn std::error::Error + Send + Sync>>;

fn subject(kind: &str, object: &str) -> Told {
    match kind.rsplit_once('.').map(|(noun, _)| noun) {
        Some("payment_intent") => {
            let intent: PaymentIntent = serde_json::from_str(object)?;
            let metadata = intent.metadata.clone();
            Ok((Subject::Payment(intent.try_into()?), metadata))
        }
        Some("refund" | "charge.refund") => {
            let refund: Refund = serde_json::from_str(object)?;
            let metadata = refund.metadata.clone().unwrap_or_default();
            Ok((Subject::Refund(refund.try_into()?), metadata))
        }
        _ if kind == "charge.refunded" => charge(serde_json::from_str(object)?).map_err(Into::into),
        _ => Ok((Subject::Other, Metadata::new())),
    }
}

/// A charge has the metadata that its payment had when it was made.
fn charge(charge: Charge) -> Result<(Subject, Metadata), Unexpected> {
    let metadata = charge.metadata.clone();
    Ok((Subject::Payment(charge.try_into()?), metadata))
}

fn origin(metadata: &Metadata) -> Option<Origin> {
    let tenant = TenantId::from_str(metadata.get("tenant")?).ok()?;
    let order = OrderId::from_str(metadata.get("order")?).ok()?;
    Some(Origin { tenant, order })
}

#[cfg(test)]
mod tests;

//! Signature Version 4 of the JSON services' requests, verified as AWS does it.
//!
//! Not S3's: its signatures also cover chunks of a body and URLs, and its own service verifies them.
//! Reference: "Create a signed AWS API request", AWS Identity and Access Management User Guide.

use std::time::SystemTime;

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use http::HeaderMap;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::keys::{AccessKey, AccessKeys};
use crate::aws::service::ServiceRequest;
use crate::template::REGION;

/// How far the caller's clock may be off.
pub(super) const SKEW_MAX: SignedDuration = SignedDuration::from_mins(15);

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Everything but RFC 3986's unreserved characters is encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_IN_PATH: &AsciiSet = &ENCODED.remove(b'/');
/// What must be signed when it is there: where the request goes, when, and what it asks for.
const ALWAYS_SIGNED: [&str; 3] = ["host", "x-amz-date", "x-amz-target"];

/// Why a request is not taken for what it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("Request is missing Authentication Token")]
    Missing,
    #[error("{0}")]
    Incomplete(String),
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    #[error("Signature not yet current or expired: {0} is more than 15 minutes from {1}")]
    Skewed(String, Timestamp),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    Differs,
    #[error("Credential should be scoped to a valid region, not '{0}'.")]
    OtherRegion(String),
    #[error("Credential should be scoped to correct service: '{0}'.")]
    OtherService(String),
}

/// The `Authorization` header in its parts.
pub(super) struct Authorization<'a> {
    pub(super) access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Whose request to `service` it is.
pub(super) fn verify(
    service: &str,
    request: &ServiceRequest,
    keys: &AccessKeys,
    now: Timestamp,
) -> Result<AccessKey, Refused> {
    let header = text(&request.headers, "authorization").ok_or(Refused::Missing)?;
    let given = Authorization::read(header)?;
    given.is_scoped_to(service)?;
    let key = keys.find(given.access_key).ok_or(Refused::UnknownKey)?;
    let date = text(&request.headers, "x-amz-date")
        .ok_or_else(|| incomplete("it must have an X-Amz-Date header"))?;
    let at = moment(date).ok_or_else(|| incomplete("its X-Amz-Date must be in ISO 8601's basic format"))?;
    if !date.starts_with(given.date) {
        return Err(Refused::Differs);
    }
    if now.duration_since(at).abs() > SKEW_MAX {
        return Err(Refused::Skewed(date.to_owned(), now));
    }
    let scope = format!("{}/{}/{}/aws4_request", given.date, given.region, given.service);
    let canonical = hex::encode(Sha256::digest(canonical_request(request, given.signed_headers)?));
    let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{canonical}");
    let signing_key = generate_signing_key(&key.secret, SystemTime::from(at), given.region, given.service);
    let expected = calculate_signature(signing_key, to_sign.as_bytes());
    match bool::from(expected.as_bytes().ct_eq(given.signature.as_bytes())) {
        true => Ok(key),
        false => Err(Refused::Differs),
    }
}

impl<'a> Authorization<'a> {
    pub(super) fn read(header: &'a str) -> Result<Self, Refused> {
        let parts =
            header.strip_prefix(ALGORITHM).ok_or_else(|| incomplete("it must be of AWS4-HMAC-SHA256"))?;
        let part = |name: &str| {
            let found = parts.split(',').find_map(|it| it.trim().strip_prefix(name)?.strip_prefix('='));
            found.ok_or_else(|| incomplete(&format!("Authorization header requires '{name}' parameter.")))
        };
        let credential: Vec<&str> = part("Credential")?.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = credential[..] else {
            return Err(incomplete("its Credential must be KEY/DATE/REGION/SERVICE/aws4_request"));
        };
        let (signed_headers, signature) = (part("SignedHeaders")?, part("Signature")?);
        Ok(Self { access_key, date, region, service, signed_headers, signature })
    }

    /// A signature for another service or region is none here.
    fn is_scoped_to(&self, service: &str) -> Result<(), Refused> {
        if self.region != REGION {
            return Err(Refused::OtherRegion(self.region.to_owned()));
        }
        if self.service != service {
            return Err(Refused::OtherService(service.to_owned()));
        }
        Ok(())
    }
}

fn canonical_request(request: &ServiceRequest, signed: &str) -> Result<String, Refused> {
    let names: Vec<&str> = signed.split(';').collect();
    let unsigned = ALWAYS_SIGNED.iter().find(|it| request.headers.contains_key(**it) && !names.contains(it));
    if let Some(name) = unsigned {
        return Err(incomplete(&format!("'{name}' must be a 'SignedHeader' in the AWS Authorization.")));
    }
    let headers: String =
        names.iter().map(|it| format!("{it}:{}\n", header_value(&request.headers, it))).collect();
    // The path is encoded on the wire, and once more here: all services but S3 sign it so.
    let path = utf8_percent_encode(&request.path, ENCODED_IN_PATH);
    let (query, body) = (canonical_query(&request.query), hex::encode(Sha256::digest(&request.body)));
    Ok(format!("{}\n{path}\n{query}\n{headers}\n{signed}\n{body}", request.method))
}

fn canonical_query(query: &str) -> String {
    let encoded =
        |it: &str| utf8_percent_encode(&percent_decode_str(it).decode_utf8_lossy(), ENCODED).to_string();
    let pairs = query.split('&').filter(|it| !it.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|it| it.split_once('=').unwrap_or((it, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// All values of a header, their spaces single, joined by commas.
fn header_value(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().filter_map(|it| it.to_str().ok());
    values.map(|it| it.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(",")
}

/// `20261120T115800Z`.
fn moment(text: &str) -> Option<Timestamp> {
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn incomplete(why: &str) -> Refused {
    Refused::Incomplete(why.to_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

//! Who may ask, and under which names S3 is known: what the wire format's crate asks of us.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::host::{S3Host, VirtualHost};
use s3s::{S3Result, s3_error};

use super::address::{bucket_of_host, parameter};
use crate::aws::wire::{AccessKeys, TEST_KEY};

/// The access keys of the AWS port.
pub(super) struct Keys(pub(super) AccessKeys);

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let key = self.0.find(access_key).map(|it| SecretKey::from(it.secret));
        let unknown = || {
            s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records.")
        };
        key.ok_or_else(unknown)
    }
}

/// What the call was logged and judged as.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) operation: String,
    /// Whose call it was taken for.
    pub(super) function: String,
    /// What of a batch the caller may not, by its place, and why.
    pub(super) refused: BTreeMap<usize, String>,
}

/// Lets nobody in who did not sign, and nothing pass as another operation, or another's, than it was judged as.
pub(super) struct SameOperation(pub(super) AccessKeys);

#[async_trait::async_trait]
impl S3Access for SameOperation {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let query = context.uri().query().unwrap_or_default();
        one_mechanism(context.headers(), query)?;
        nothing_not_done(context.headers(), query)?;
        let asked = context.extensions_mut().get::<Asked>().cloned();
        let (Some(asked), Some(verified)) = (asked, context.credentials()) else {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        };
        // Calls in this process are all signed with the key that everybody has: they are whose the connector says.
        let owner = self.0.find(&verified.access_key).map(|it| it.function);
        if verified.access_key != TEST_KEY && owner.as_ref() != Some(&asked.function) {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        let operation = context.s3_op().name();
        // The keys to delete are judged as the body names them, which it must do in one piece.
        let in_chunks = operation == "DeleteObjects" && is_in_chunks(context.headers());
        if asked.operation == operation && !in_chunks {
            Ok(())
        } else {
            Err(s3_error!(NotImplemented, "S3 on a laptop does not do {operation} this way"))
        }
    }
}

/// One signature, and of version 4: as S3 has it of buckets that are new.
fn one_mechanism(headers: &HeaderMap, query: &str) -> S3Result<()> {
    let signed_url = ["X-Amz-Signature", "X-Amz-Credential"].iter().any(|it| parameter(query, it).is_some());
    let old_url = ["Signature", "AWSAccessKeyId"].iter().any(|it| parameter(query, it).is_some());
    let given = headers.get_all(AUTHORIZATION);
    let old_header = given.iter().any(|it| !it.as_bytes().starts_with(b"AWS4-HMAC-SHA256"));
    if old_url || old_header {
        return Err(s3_error!(
            InvalidRequest,
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        ));
    }
    if given.iter().count() + usize::from(signed_url) > 1 {
        return Err(s3_error!(InvalidArgument, "Only one auth mechanism allowed"));
    }
    Ok(())
}

/// What an object is to be beyond what is done here. An object that is not what its writer asked for would be worse than none.
const NOT_DONE: [&str; 6] = [
    "x-amz-tagging",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
];
const ENCRYPTION: &str = "x-amz-server-side-encryption";
/// How S3 encrypts whatever nobody says anything about.
const ENCRYPTION_DEFAULT: &str = "AES256";

/// Refuses such a request, whether the header is one or (in a presigned URL) a parameter.
fn nothing_not_done(headers: &HeaderMap, query: &str) -> S3Result<()> {
    let given = |name: &str| {
        let header = headers.get(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
        header.or_else(|| parameter(&query.to_ascii_lowercase(), name))
    };
    if let Some(name) = NOT_DONE.iter().find(|it| given(it).is_some_and(|value| !value.is_empty())) {
        return Err(s3_error!(NotImplemented, "S3 on a laptop does not do {name}"));
    }
    match given(ENCRYPTION) {
        Some(other) if !other.eq_ignore_ascii_case(ENCRYPTION_DEFAULT) => {
            Err(s3_error!(NotImplemented, "S3 on a laptop does not do {ENCRYPTION}: {other}"))
        }
        _ => Ok(()),
    }
}

fn is_in_chunks(headers: &HeaderMap) -> bool {
    headers.get("x-amz-content-sha256").is_some_and(|it| it.as_bytes().starts_with(b"STREAMING"))
}

/// `bucket.localhost`, and the names S3 has in AWS.
pub(super) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let known = VirtualHost::new(host);
        Ok(match bucket_of_host(host) {
            Some(bucket) => known.with_bucket(bucket),
            None => known,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn what_is_not_done_is_refused_as_header_and_as_parameter() {
        for (header, query, done) in [
            (None, "", true),
            (Some(("x-amz-server-side-encryption", "AES256")), "", true),
            (Some(("x-amz-server-side-encryption", "aws:kms")), "", false),
            (Some(("x-amz-server-side-encryption-customer-algorithm", "AES256")), "", false),
            (Some(("x-amz-tagging", "a=b")), "", false),
            (Some(("x-amz-tagging", "")), "", true),
            (Some(("x-amz-object-lock-mode", "GOVERNANCE")), "", false),
            (None, "x-amz-tagging=a%3Db", false),
            (None, "X-Amz-Server-Side-Encryption=aws%3Akms", false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some((name, value)) = header {
                headers.insert(name, HeaderValue::from_static(value));
            }
            assert_eq!(nothing_not_done(&headers, query).is_ok(), done, "{header:?} {query}");
        }
    }

    #[test]
    fn a_request_has_one_signature_and_that_of_version_4() {
        const NEW: &str = "AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/s3/aws4_request";
        for (headers, query, code) in [
            (&[NEW][..], "", None),
            (&[], "X-Amz-Credential=a&X-Amz-Signature=b", None),
            (&["AWS test:c2lnbmF0dXJl"], "", Some("InvalidRequest")),
            (&[], "AWSAccessKeyId=test&Signature=a&Expires=1", Some("InvalidRequest")),
            (&[], "AWSAccess%4BeyId=test&%53ignature=a", Some("InvalidRequest")),
            (&[NEW], "X-Amz-Credential=a&X-Amz-Signature=b", Some("InvalidArgument")),
            (&[NEW], "X%2DAmz-Signature=b", Some("InvalidArgument")),
            (&[NEW, NEW], "", Some("InvalidArgument")),
        ] {
            let mut given = HeaderMap::new();
            for value in headers {
                given.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            let refused = one_mechanism(&given, query).err().map(|it| it.code().as_str().to_owned());
            assert_eq!(refused.as_deref(), code, "{headers:?} {query}");
        }
    }
}

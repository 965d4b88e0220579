//! Embedded S3: the `s3s` crate's wire format and signatures over files and an index of our own.
//!
//! What the suite and its tools use: buckets, versioning, objects with conditions and ranges, listings, uploads in parts,
//! presigned URLs. Not: access control lists, policies, tags, life cycles, events, encryption settings. What asks for a tag or for
//! a key of its own is refused.
//!
//! What was answered survives `kill -9` (the bytes are the operating system's by then), but not the machine losing power.

mod access;
pub mod address;
mod bucket_rows;
mod buckets;
mod checksums;
mod conditions;
mod files;
mod index;
mod listing;
mod multipart;
mod objects;
mod operations;
mod reading;
mod store;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http_body_util::BodyExt as _;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, HttpRequest, HttpResponse};

use super::service::{Service, ServiceReply, ServiceRequest};
use super::wire::AccessKeys;
use crate::template::Bucket;
use access::{Asked, Hosts, Keys, SameOperation};
use address::Address;
use operations::Operations;
use store::{Store, now_ms};

/// An embedded S3.
#[derive(Clone)]
pub struct S3 {
    service: S3Service,
    store: Arc<Store>,
}

/// Why the store could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the embedded S3's index failed")]
    Index(#[from] rusqlite::Error),
    /// The file system refused.
    #[error("the embedded S3's folder cannot be used")]
    Files(#[source] std::io::Error),
}

impl S3 {
    /// A store that is gone with the last clone; its objects are in a temporary folder.
    ///
    /// # Errors
    /// When SQLite or the file system refuses.
    pub fn memory(keys: AccessKeys) -> Result<Self, StoreError> {
        Store::memory().map(|it| Self::over(it, keys))
    }

    /// A store with its index in a file and its objects in a folder, created if missing.
    ///
    /// # Errors
    /// When SQLite or the file system refuses.
    pub fn open(index: &Path, folder: &Path, keys: AccessKeys) -> Result<Self, StoreError> {
        Store::open(index, folder).map(|it| Self::over(it, keys))
    }

    fn over(store: Store, keys: AccessKeys) -> Self {
        let store = Arc::new(store);
        let mut builder = S3ServiceBuilder::new(Operations { store: Arc::clone(&store) });
        builder.set_auth(Keys(keys.clone()));
        builder.set_access(SameOperation(keys));
        builder.set_host(Hosts);
        Self { service: builder.build(), store }
    }

    /// Creates the buckets that are missing; what is in the others stays.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn create_buckets(&self, buckets: &[Bucket]) -> Result<(), StoreError> {
        let index = self.store.index();
        for bucket in buckets {
            index.create_bucket(&bucket.name, now_ms())?;
            let before =
                index.bucket(&bucket.name)?.map_or(bucket_rows::Versioning::Never, |it| it.versioning);
            let versioning = match (bucket.versioned, before) {
                (true, _) => bucket_rows::Versioning::Enabled,
                (false, bucket_rows::Versioning::Never) => bucket_rows::Versioning::Never,
                (false, _) => bucket_rows::Versioning::Suspended,
            };
            index.set_versioning(&bucket.name, versioning)?;
        }
        Ok(())
    }

    async fn answer(&self, request: ServiceRequest) -> ServiceReply {
        let (bucket, head) = (Address::of(&request).bucket, request.method == http::Method::HEAD);
        let reply = match into_http(request) {
            Ok(request) => self.service.call(request).await,
            Err(error) => Err(HttpError::new(error.into())),
        };
        match reply {
            Ok(response) => {
                let reply = reply_of(response, bucket).await;
                // What answers HEAD has no body, not even an error's.
                if head { ServiceReply { body: vec![], ..reply } } else { reply }
            }
            Err(error) => failed(&error),
        }
    }
}

impl Service for S3 {
    fn operation(&self, request: &ServiceRequest) -> Option<&'static str> {
        Some(address::operation(request).unwrap_or_default())
    }

    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply> {
        self.answer(request).boxed()
    }
}

fn into_http(request: ServiceRequest) -> http::Result<HttpRequest> {
    let uri = match request.query.as_str() {
        "" => request.path,
        query => format!("{}?{query}", request.path),
    };
    let mut to_service =
        http::Request::builder().method(request.method).uri(uri).body(Body::from(request.body))?;
    *to_service.headers_mut() = request.headers;
    to_service.extensions_mut().insert(Asked {
        operation: request.operation,
        function: request.function,
        refused: request.refused,
    });
    Ok(to_service)
}

async fn reply_of(response: HttpResponse, bucket: String) -> ServiceReply {
    let (head, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(error) => return failed(&error),
    };
    let is_error = head.status.is_client_error() || head.status.is_server_error() || head.status == 304;
    let error = is_error.then(|| code_of(&body).unwrap_or_else(|| head.status.as_str().to_owned()));
    let body = if is_error { explained(body) } else { body };
    let resources = if bucket.is_empty() { vec![] } else { vec![bucket] };
    ServiceReply {
        status: head.status.as_u16(),
        body,
        headers: head.headers,
        resources,
        error,
        ..ServiceReply::default()
    }
}

/// What S3 says of errors for which the wire format's crate has no words.
const WORDS: [(&str, &str); 4] = [
    ("InvalidBucketName", "The specified bucket is not valid."),
    (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    ),
    ("RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    ("InvalidRange", "The requested range is not satisfiable"),
];

/// An error document without a message, with one.
fn explained(body: Vec<u8>) -> Vec<u8> {
    let Some(words) = code_of(&body).and_then(|code| WORDS.iter().find(|(known, _)| *known == code)) else {
        return body;
    };
    let text = String::from_utf8_lossy(&body);
    match text.contains("<Message>") {
        true => body,
        false => text.replacen("</Code>", &format!("</Code><Message>{}</Message>", words.1), 1).into_bytes(),
    }
}

/// The `Code` of S3's error document.
fn code_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned())
}

fn failed(error: &dyn std::fmt::Debug) -> ServiceReply {
    tracing::error!(?error, "the embedded S3 failed");
    ServiceReply {
        status: 500,
        body:
            b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
                .to_vec(),
        content_type: "application/xml",
        error: Some("InternalError".to_owned()),
        ..ServiceReply::default()
    }
}

#[cfg(test)]
mod tests;

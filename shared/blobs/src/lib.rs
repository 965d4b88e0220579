//! Blobs in an S3 bucket: written once under a name, and read.
//!
//! A package of its own because `aws-sdk-s3` is most of the suite's compile time and few functions need it. It never
//! overwrites, lists or deletes.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::telemetry::CountRetries;

/// A bucket, as a function uses it.
#[derive(Debug, Clone)]
pub struct Blobs {
    client: Client,
    bucket: String,
}

/// What writing under a name came to. Either way a blob is there now, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was written now.
    New,
    /// One was there already, and was left as it is.
    There,
}

/// Why a blob could not be written or read. Trying again later may help.
#[derive(Debug, thiserror::Error)]
#[error("blob {key} could not be {done}: {reason}")]
pub struct BlobError {
    key: String,
    done: &'static str,
    reason: String,
}

/// A second writer of the same name that S3 has not decided about yet: whoever asks again learns who won.
const CONFLICT: &str = "ConditionalRequestConflict";
const CONFLICTS_MAX: u32 = 5;

impl Blobs {
    /// The bucket that the variable names, e.g. `ARCHIVE_BUCKET`. Does no I/O.
    ///
    /// # Errors
    /// [`StartError::Missing`] when the variable is not set.
    pub fn new(environment: &Environment, variable: &'static str) -> Result<Self, StartError> {
        let config = aws_sdk_s3::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
        Ok(Self { client: Client::from_conf(config), bucket: environment.required(variable)? })
    }

    /// Writes `bytes` under `key` unless something is there: one conditional `PutObject` (`If-None-Match: *`).
    ///
    /// # Errors
    /// When S3 refuses, cannot be reached, or another writer of the same name stays undecided.
    pub async fn put_once(&self, key: &str, content_type: &str, bytes: Bytes) -> Result<Put, BlobError> {
        let mut tries = 1;
        loop {
            let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(content_type);
            match put.if_none_match("*").body(ByteStream::from(bytes.clone())).send().await {
                Ok(_) => return Ok(Put::New),
                Err(error) => match error.code() {
                    Some("PreconditionFailed") => return Ok(Put::There),
                    Some(CONFLICT) if tries < CONFLICTS_MAX => tries += 1,
                    _ => return Err(BlobError::of(key, "written", &error)),
                },
            }
        }
    }

    /// The blob under `key`, if there is one.
    ///
    /// # Errors
    /// When S3 refuses or cannot be reached, or the blob ends early.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>, BlobError> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => {
                let body = found.body.collect().await;
                let body = body.map_err(|it| BlobError {
                    key: key.to_owned(),
                    done: "read",
                    reason: it.to_string(),
                })?;
                Ok(Some(body.into_bytes()))
            }
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(BlobError::of(key, "read", &error)),
        }
    }
}

impl BlobError {
    fn of<E, R>(key: &str, done: &'static str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        Self { key: key.to_owned(), done, reason: DisplayErrorContext(error).to_string() }
    }
}

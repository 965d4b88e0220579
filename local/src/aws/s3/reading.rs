//! `GetObject` and `HeadObject`: which version, whether the caller wants it, and which part of it.

use std::ops::Range;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use s3s::dto::{
    ChecksumMode, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    Range as WantedRange, StreamingBlob,
};
use s3s::{Body, S3Error, S3Result, s3_error};

use super::bucket_rows::{Bucket, Versioning};
use super::checksums::set_typed_sum;
use super::conditions::{ReadCondition, timestamp};
use super::index::Version;
use super::store::Store;

/// How often a read begins again because the object was overwritten while it was being opened.
const READS_MAX: usize = 10;

/// An answer's fields that `GetObject` and `HeadObject` have in common.
macro_rules! described {
    ($answer:ident, $found:expr, $input:expr) => {{
        let (version, bucket, size) =
            (&$found.version, &$found.bucket, $found.range.end - $found.range.start);
        let whole = size == version.size;
        let mut answer = $answer {
            accept_ranges: Some("bytes".to_owned()),
            content_length: Some(signed(size)?),
            content_range: $input.range.map(|_| content_range(&$found.range, version.size)),
            content_type: Some(version.head.content_type.clone().unwrap_or_else(|| DEFAULT_TYPE.to_owned())),
            content_encoding: version.head.content_encoding.clone(),
            content_disposition: version.head.content_disposition.clone(),
            content_language: version.head.content_language.clone(),
            cache_control: version.head.cache_control.clone(),
            e_tag: Some(ETag::Strong(version.etag.clone())),
            last_modified: Some(timestamp(version.modified_ms)),
            metadata: Some(version.head.metadata.clone().into_iter().collect()),
            version_id: shown_id(bucket.versioning, version),
            ..$answer::default()
        };
        // A checksum of the whole says nothing about a part of it.
        let asked = $input.checksum_mode.as_ref().is_some_and(|it| it.as_str() == ChecksumMode::ENABLED);
        if let Some(sum) = version.head.sum.as_ref().filter(|_| asked && whole) {
            set_typed_sum!(answer, sum);
        }
        answer
    }};
}

const DEFAULT_TYPE: &str = "binary/octet-stream";

/// A version, and the part of it that is wanted.
struct Found {
    bucket: Bucket,
    version: Version,
    range: Range<u64>,
}

impl Store {
    pub(super) async fn get(&self, input: GetObjectInput) -> S3Result<GetObjectOutput> {
        not_by_part(input.part_number)?;
        let condition = ReadCondition {
            if_match: input.if_match.clone(),
            if_none_match: input.if_none_match.clone(),
            if_modified_since: input.if_modified_since.clone(),
            if_unmodified_since: input.if_unmodified_since.clone(),
        };
        for _ in 0..READS_MAX {
            let found =
                self.find(&input.bucket, &input.key, input.version_id.as_deref(), &condition, input.range)?;
            if let Some(bytes) = self.read(&found.version, found.range.clone()).await? {
                let mut answer = described!(GetObjectOutput, found, input);
                answer.body = Some(StreamingBlob::from(Body::from(bytes)));
                return Ok(answer);
            }
        }
        Err(s3_error!(SlowDown, "The object is being overwritten all the time"))
    }

    pub(super) fn head(&self, input: &HeadObjectInput) -> S3Result<HeadObjectOutput> {
        not_by_part(input.part_number)?;
        let condition = ReadCondition {
            if_match: input.if_match.clone(),
            if_none_match: input.if_none_match.clone(),
            if_modified_since: input.if_modified_since.clone(),
            if_unmodified_since: input.if_unmodified_since.clone(),
        };
        let found =
            self.find(&input.bucket, &input.key, input.version_id.as_deref(), &condition, input.range)?;
        Ok(described!(HeadObjectOutput, found, input))
    }

    /// A version's bytes from beginning to end.
    pub(super) async fn whole(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
    ) -> S3Result<(Version, Bytes)> {
        for _ in 0..READS_MAX {
            let found = self.find(bucket, key, id, &ReadCondition::default(), None)?;
            if let Some(bytes) = self.read(&found.version, found.range).await? {
                return Ok((found.version, bytes));
            }
        }
        Err(s3_error!(SlowDown, "The object is being overwritten all the time"))
    }

    fn find(
        &self,
        bucket: &str,
        key: &str,
        id: Option<&str>,
        condition: &ReadCondition,
        range: Option<WantedRange>,
    ) -> S3Result<Found> {
        let bucket = self.bucket(bucket)?;
        let version = match id {
            Some(id) => self.index().version(&bucket.name, key, id).map_err(S3Error::internal_error)?,
            None => self.index().current(&bucket.name, key).map_err(S3Error::internal_error)?,
        };
        let version = version.ok_or_else(|| missing(id))?;
        if version.file.is_none() {
            return Err(deleted(&version, id));
        }
        condition.check(&version)?;
        let range = match range {
            Some(range) => range.check(version.size)?,
            None => 0..version.size,
        };
        Ok(Found { bucket, version, range })
    }
}

/// The version's id as callers see it: not at all in a bucket that never had versions.
pub(super) fn shown_id(versioning: Versioning, version: &Version) -> Option<String> {
    (versioning != Versioning::Never).then(|| version.id.clone())
}

pub(super) fn signed(size: u64) -> S3Result<i64> {
    i64::try_from(size).map_err(S3Error::internal_error)
}

fn missing(id: Option<&str>) -> S3Error {
    match id {
        Some(_) => s3_error!(NoSuchVersion, "The specified version does not exist."),
        None => s3_error!(NoSuchKey, "The specified key does not exist."),
    }
}

/// What a delete marker answers: as if nothing were there, unless it was asked for itself.
fn deleted(marker: &Version, asked: Option<&str>) -> S3Error {
    let mut error = match asked {
        Some(_) => s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource."),
        None => s3_error!(NoSuchKey, "The specified key does not exist."),
    };
    let mut headers = HeaderMap::from_iter([(
        http::HeaderName::from_static("x-amz-delete-marker"),
        HeaderValue::from_static("true"),
    )]);
    headers.extend(
        HeaderValue::from_str(&marker.id)
            .ok()
            .map(|it| (http::HeaderName::from_static("x-amz-version-id"), it)),
    );
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    error.set_headers(headers);
    error
}

fn not_by_part(number: Option<i32>) -> S3Result<()> {
    match number {
        None => Ok(()),
        Some(_) => Err(s3_error!(NotImplemented, "S3 on a laptop does not read objects by part")),
    }
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1))
}

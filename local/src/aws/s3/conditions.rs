//! `If-Match` and the like, for reads and for writes.
//!
//! Reference: "Add preconditions to S3 operations with conditional requests", Amazon S3 User Guide.

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, s3_error};

use super::index::Version;

/// What must hold for a write or a delete.
#[derive(Debug, Clone, Default)]
pub(super) struct WriteCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum WriteRefused {
    Condition,
    NoSuchBucket,
    NoSuchKey,
    NoSuchUpload,
    Index(rusqlite::Error),
}

impl WriteCondition {
    /// Compares with the current version; a delete marker counts as nothing.
    pub(super) fn check(&self, current: Option<&Version>) -> Result<(), WriteRefused> {
        let current = current.filter(|it| it.file.is_some());
        if let Some(condition) = &self.if_match {
            let current = current.ok_or(WriteRefused::NoSuchKey)?;
            if !holds(condition, &current.etag) {
                return Err(WriteRefused::Condition);
            }
        }
        match (&self.if_none_match, current) {
            (Some(condition), Some(current)) if holds(condition, &current.etag) => {
                Err(WriteRefused::Condition)
            }
            _ => Ok(()),
        }
    }
}

/// What must hold for a read.
#[derive(Debug, Default)]
pub(super) struct ReadCondition {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

impl ReadCondition {
    /// An entity tag that matches outweighs a date that does not.
    pub(super) fn check(&self, version: &Version) -> Result<(), S3Error> {
        // HTTP dates have whole seconds.
        let modified = timestamp(version.modified_ms / 1_000 * 1_000);
        let unmet = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => !holds(condition, &version.etag),
            (None, Some(since)) => modified > *since,
            (None, None) => false,
        };
        if unmet {
            return Err(precondition_failed());
        }
        let not_modified = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => holds(condition, &version.etag),
            (None, Some(since)) => modified <= *since,
            (None, None) => false,
        };
        if not_modified { Err(s3_error!(NotModified)) } else { Ok(()) }
    }
}

pub(super) fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// A moment as S3's types have it.
pub(super) fn timestamp(ms: i64) -> Timestamp {
    let since = std::time::Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    Timestamp::from(std::time::UNIX_EPOCH + since)
}

fn holds(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(ETag::Strong(given) | ETag::Weak(given)) => given == etag,
    }
}

impl From<rusqlite::Error> for WriteRefused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Index(error)
    }
}

impl From<WriteRefused> for S3Error {
    fn from(refused: WriteRefused) -> Self {
        match refused {
            WriteRefused::Condition => precondition_failed(),
            WriteRefused::NoSuchBucket => s3_error!(NoSuchBucket, "The specified bucket does not exist"),
            WriteRefused::NoSuchKey => s3_error!(NoSuchKey, "The specified key does not exist."),
            WriteRefused::NoSuchUpload => s3_error!(NoSuchUpload, "The specified upload does not exist."),
            WriteRefused::Index(error) => S3Error::internal_error(error),
        }
    }
}

//! Index and files together: bytes become an object, and objects become bytes again.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use s3s::{S3Error, S3Result, s3_error};

use super::StoreError;
use super::bucket_rows::{Bucket, Versioning};
use super::checksums::Given;
use super::conditions::{WriteCondition, WriteRefused};
use super::files::Files;
use super::index::{Changed, Head, Index, Version, Written};

/// Buckets and objects.
pub(super) struct Store {
    index: Mutex<Index>,
    files: Files,
}

impl Store {
    pub(super) fn memory() -> Result<Self, StoreError> {
        Ok(Self { index: Mutex::new(Index::open(None)?), files: Files::memory() })
    }

    /// What is in these places; files that a crash left without an owner are removed.
    pub(super) fn open(index: &Path, folder: &Path) -> Result<Self, StoreError> {
        let (index, files) = (Index::open(Some(index))?, Files::open(folder).map_err(StoreError::Files)?);
        let loose = index.loose()?;
        for file in &loose {
            files.remove_now(file).map_err(StoreError::Files)?;
        }
        index.forget_loose(&loose)?;
        Ok(Self { index: Mutex::new(index), files })
    }

    pub(super) fn index(&self) -> MutexGuard<'_, Index> {
        // A transaction that a panic left open was rolled back when it was dropped.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn bucket(&self, name: &str) -> S3Result<Bucket> {
        let bucket = self.index().bucket(name).map_err(S3Error::internal_error)?;
        bucket.ok_or_else(|| s3_error!(NoSuchBucket, "The specified bucket does not exist"))
    }

    /// Writes an object, whole or not at all; the version that it is, and what the bucket does with versions.
    pub(super) async fn put(
        &self,
        bucket: &str,
        key: &str,
        head: Head,
        given: &Given,
        bytes: &[u8],
        condition: &WriteCondition,
    ) -> S3Result<(Version, Versioning)> {
        let (etag, sum) = given.verify(bytes)?;
        let file = self.write(bytes).await?;
        let size = bytes.len() as u64;
        let written = Written { file: file.clone(), size, etag, head: Head { sum: Some(sum), ..head } };
        let changed = self.index().put(bucket, key, written, condition, now_ms());
        self.settle(changed, &file).await
    }

    /// Writes bytes that belong to nobody yet.
    pub(super) async fn write(&self, bytes: &[u8]) -> S3Result<String> {
        let file = Files::new_name();
        self.index().add_loose(&file).map_err(S3Error::internal_error)?;
        self.files.write(&file, bytes).await.map_err(S3Error::internal_error)?;
        Ok(file)
    }

    /// Writes several files' bytes into one that belongs to nobody yet, `each` seeing them pass.
    pub(super) async fn join(
        &self,
        parts: &[(String, u64)],
        mut each: impl FnMut(&[u8]),
    ) -> S3Result<String> {
        let file = Files::new_name();
        self.index().add_loose(&file).map_err(S3Error::internal_error)?;
        let mut whole = self.files.create(&file).await.map_err(S3Error::internal_error)?;
        for (part, size) in parts {
            let bytes = self.files.read(part, 0..*size).await.map_err(S3Error::internal_error)?;
            let bytes = bytes.ok_or_else(|| WriteRefused::NoSuchUpload)?;
            each(&bytes);
            whole.write(&bytes).await.map_err(S3Error::internal_error)?;
        }
        whole.finish().await.map_err(S3Error::internal_error)?;
        Ok(file)
    }

    /// The version after a change, and the removal of what the change (or its refusal) left loose.
    pub(super) async fn settle(
        &self,
        changed: Result<Changed, WriteRefused>,
        file: &str,
    ) -> S3Result<(Version, Versioning)> {
        match changed {
            Ok(changed) => {
                self.discard(changed.loose).await;
                let version =
                    changed.version.ok_or_else(|| s3_error!(InternalError, "nothing was written"))?;
                Ok((version, changed.versioning))
            }
            Err(refused) => {
                self.discard(vec![file.to_owned()]).await;
                Err(refused.into())
            }
        }
    }

    /// Removes loose files. What cannot be removed now is at the next start.
    pub(super) async fn discard(&self, files: Vec<String>) {
        let mut gone = vec![];
        for file in files {
            match self.files.remove(&file).await {
                Ok(()) => gone.push(file),
                Err(error) => {
                    tracing::warn!(file, error = error.to_string(), "a file of S3's could not be removed")
                }
            }
        }
        if let Err(error) = self.index().forget_loose(&gone) {
            tracing::warn!(error = error.to_string(), "removed files are still said to be loose");
        }
    }

    /// Part of a version's bytes; `None` when it was overwritten meanwhile.
    pub(super) async fn read(&self, version: &Version, range: Range<u64>) -> S3Result<Option<Bytes>> {
        let file = version.file.as_deref().unwrap_or_default();
        self.files.read(file, range).await.map_err(S3Error::internal_error)
    }
}

pub(super) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

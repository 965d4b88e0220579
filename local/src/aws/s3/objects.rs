//! Objects: written, copied, deleted, listed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use s3s::dto::{
    CommonPrefix, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, DeleteMarkerEntry,
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject, ETag,
    ETagCondition, Error as DeleteError, ListObjectVersionsInput, ListObjectVersionsOutput,
    ListObjectsV2Input, ListObjectsV2Output, MetadataDirective, Object, ObjectIdentifier, ObjectStorageClass,
    ObjectVersion, ObjectVersionStorageClass, PutObjectInput, PutObjectOutput,
};
use s3s::{S3Error, S3Result, s3_error};

use super::bucket_rows::Bucket;
use super::checksums::{Given, set_typed_sum};
use super::conditions::{WriteCondition, timestamp};
use super::index::{Changed, Head, Version};
use super::listing::{After, Wanted};
use super::reading::{shown_id, signed};
use super::store::{Store, now_ms};

/// The most keys that one page has, and one `DeleteObjects` takes.
const KEYS_MAX: usize = 1_000;

/// What of a request is kept with the object.
macro_rules! head_of {
    ($input:expr) => {
        $crate::aws::s3::index::Head {
            content_type: $input.content_type.clone(),
            content_encoding: $input.content_encoding.clone(),
            content_disposition: $input.content_disposition.clone(),
            content_language: $input.content_language.clone(),
            cache_control: $input.cache_control.clone(),
            metadata: $input.metadata.clone().unwrap_or_default().into_iter().collect(),
            sum: None,
        }
    };
}
pub(super) use head_of;

impl Store {
    pub(super) async fn put_object(
        &self,
        input: &PutObjectInput,
        given: &Given,
        body: &[u8],
    ) -> S3Result<PutObjectOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let condition =
            WriteCondition { if_match: input.if_match.clone(), if_none_match: input.if_none_match.clone() };
        let (version, versioning) =
            self.put(&bucket.name, &input.key, head_of!(input), given, body, &condition).await?;
        let mut answer = PutObjectOutput {
            e_tag: Some(ETag::Strong(version.etag.clone())),
            version_id: shown_id(versioning, &version),
            ..PutObjectOutput::default()
        };
        if let Some(sum) = &version.head.sum {
            set_typed_sum!(answer, sum);
        }
        Ok(answer)
    }

    pub(super) async fn copy_object(&self, input: &CopyObjectInput) -> S3Result<CopyObjectOutput> {
        let CopySource::Bucket { bucket, key, version_id } = &input.copy_source else {
            return Err(s3_error!(NotImplemented, "S3 on a laptop copies from buckets only"));
        };
        let conditional = input.copy_source_if_match.is_some()
            || input.copy_source_if_none_match.is_some()
            || input.copy_source_if_modified_since.is_some()
            || input.copy_source_if_unmodified_since.is_some();
        if conditional {
            return Err(s3_error!(NotImplemented, "S3 on a laptop copies without conditions"));
        }
        let to = self.bucket(&input.bucket)?;
        let (source, bytes) = self.whole(bucket, key, version_id.as_deref()).await?;
        let replaced =
            input.metadata_directive.as_ref().is_some_and(|it| it.as_str() == MetadataDirective::REPLACE);
        let head = if replaced { head_of!(input) } else { Head { sum: None, ..source.head } };
        let none = WriteCondition::default();
        let (version, versioning) =
            self.put(&to.name, &input.key, head, &Given::default(), &bytes, &none).await?;
        let mut result = CopyObjectResult {
            e_tag: Some(ETag::Strong(version.etag.clone())),
            last_modified: Some(timestamp(version.modified_ms)),
            ..CopyObjectResult::default()
        };
        if let Some(sum) = &version.head.sum {
            set_typed_sum!(result, sum);
        }
        let version_id = shown_id(versioning, &version);
        Ok(CopyObjectOutput { copy_object_result: Some(result), version_id, ..CopyObjectOutput::default() })
    }

    pub(super) async fn delete_object(&self, input: &DeleteObjectInput) -> S3Result<DeleteObjectOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let condition = WriteCondition { if_match: input.if_match.clone(), if_none_match: None };
        let deleted = self.delete(&bucket, &input.key, input.version_id.as_deref(), &condition).await?;
        Ok(DeleteObjectOutput {
            delete_marker: deleted.as_ref().filter(|it| it.file.is_none()).map(|_| true),
            version_id: deleted.map(|it| it.id).or_else(|| input.version_id.clone()),
            ..DeleteObjectOutput::default()
        })
    }

    /// What the caller may not delete, by its place in the request, is answered with the words for it.
    pub(super) async fn delete_objects(
        &self,
        input: &DeleteObjectsInput,
        refused: &BTreeMap<usize, String>,
    ) -> S3Result<DeleteObjectsOutput> {
        let bucket = self.bucket(&input.bucket)?;
        if input.delete.objects.len() > KEYS_MAX {
            return Err(s3_error!(MalformedXML, "A request may name {KEYS_MAX} objects"));
        }
        let (mut deleted, mut errors) = (vec![], vec![]);
        for (place, object) in input.delete.objects.iter().enumerate() {
            let done = match refused.get(&place) {
                Some(words) => Err(s3_error!(AccessDenied, "{words}")),
                None => self.delete_one(&bucket, object).await,
            };
            match done {
                Ok(done) => deleted.push(done),
                Err(error) => errors.push(failed(object, &error)),
            }
        }
        let quiet = input.delete.quiet.unwrap_or_default();
        Ok(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: Some(errors).filter(|it| !it.is_empty()),
            ..DeleteObjectsOutput::default()
        })
    }

    async fn delete_one(&self, bucket: &Bucket, object: &ObjectIdentifier) -> S3Result<DeletedObject> {
        let if_match = object.e_tag.clone().map(ETagCondition::ETag);
        let condition = WriteCondition { if_match, if_none_match: None };
        let deleted = self.delete(bucket, &object.key, object.version_id.as_deref(), &condition).await?;
        let marker = deleted.filter(|it| it.file.is_none());
        Ok(DeletedObject {
            delete_marker: marker.as_ref().map(|_| true),
            delete_marker_version_id: marker.map(|it| it.id),
            key: Some(object.key.clone()),
            version_id: object.version_id.clone(),
        })
    }

    /// The marker that was made, or the version that was removed, in a bucket with versions.
    async fn delete(
        &self,
        bucket: &Bucket,
        key: &str,
        id: Option<&str>,
        condition: &WriteCondition,
    ) -> S3Result<Option<Version>> {
        let Changed { version, loose, .. } = match id {
            None => self.index().delete(&bucket.name, key, condition, now_ms())?,
            Some(id) => self.index().delete_version(&bucket.name, key, id, condition)?,
        };
        self.discard(loose).await;
        Ok(version)
    }

    pub(super) fn list(&self, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
        self.bucket(&input.bucket)?;
        let after = match &input.continuation_token {
            Some(token) => read_token(token)?,
            None => input.start_after.clone().unwrap_or_default(),
        };
        let wanted =
            wanted(&input.bucket, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys)?;
        let page = self.index().objects(&wanted, &after).map_err(S3Error::internal_error)?;
        let count = page.versions.len() + page.prefixes.len();
        Ok(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(wanted.prefix),
            max_keys: Some(counted(wanted.max)?),
            key_count: Some(counted(count)?),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|it| BASE64_URL_SAFE_NO_PAD.encode(it.key)),
            contents: Some(page.versions.into_iter().map(object).collect::<S3Result<_>>()?),
            common_prefixes: Some(common(page.prefixes)),
            continuation_token: input.continuation_token,
            delimiter: input.delimiter,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        })
    }

    pub(super) fn list_versions(&self, input: ListObjectVersionsInput) -> S3Result<ListObjectVersionsOutput> {
        self.bucket(&input.bucket)?;
        let key = input.key_marker.clone().unwrap_or_default();
        let id = input.version_id_marker.clone().filter(|it| !it.is_empty());
        let marker = match &id {
            Some(id) => self.index().version(&input.bucket, &key, id).map_err(S3Error::internal_error)?,
            None => None,
        };
        let after = After { key, seq: marker.map(|it| it.seq), id };
        let wanted =
            wanted(&input.bucket, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys)?;
        let page = self.index().versions(&wanted, after).map_err(S3Error::internal_error)?;
        let (versions, markers): (Vec<_>, Vec<_>) =
            page.versions.into_iter().partition(|it| it.file.is_some());
        let (next_key, next_id) = page.next.map_or((None, None), |it| (Some(it.key), it.id));
        Ok(ListObjectVersionsOutput {
            name: Some(input.bucket),
            prefix: Some(wanted.prefix),
            max_keys: Some(counted(wanted.max)?),
            is_truncated: Some(next_key.is_some()),
            next_key_marker: next_key,
            next_version_id_marker: next_id,
            versions: Some(versions.into_iter().map(object_version).collect::<S3Result<_>>()?),
            delete_markers: Some(markers.into_iter().map(delete_marker).collect()),
            common_prefixes: Some(common(page.prefixes)),
            delimiter: input.delimiter,
            key_marker: input.key_marker,
            version_id_marker: input.version_id_marker,
            ..ListObjectVersionsOutput::default()
        })
    }
}

fn failed(object: &ObjectIdentifier, error: &S3Error) -> DeleteError {
    DeleteError {
        code: Some(error.code().as_str().to_owned()),
        key: Some(object.key.clone()),
        message: error.message().map(str::to_owned),
        version_id: object.version_id.clone(),
    }
}

fn wanted(bucket: &str, prefix: Option<&str>, delimiter: Option<&str>, max: Option<i32>) -> S3Result<Wanted> {
    let max = usize::try_from(max.unwrap_or(i32::MAX));
    Ok(Wanted {
        bucket: bucket.to_owned(),
        prefix: prefix.unwrap_or_default().to_owned(),
        delimiter: delimiter.unwrap_or_default().to_owned(),
        max: max.map_err(|it| s3_error!(it, InvalidArgument, "max-keys must not be negative"))?.min(KEYS_MAX),
    })
}

fn read_token(token: &str) -> S3Result<String> {
    let read = BASE64_URL_SAFE_NO_PAD.decode(token).ok().and_then(|it| String::from_utf8(it).ok());
    read.ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))
}

pub(super) fn counted(count: usize) -> S3Result<i32> {
    i32::try_from(count).map_err(S3Error::internal_error)
}

fn common(prefixes: Vec<String>) -> Vec<CommonPrefix> {
    prefixes.into_iter().map(|it| CommonPrefix { prefix: Some(it) }).collect()
}

fn object(version: Version) -> S3Result<Object> {
    Ok(Object {
        e_tag: Some(ETag::Strong(version.etag)),
        key: Some(version.key),
        last_modified: Some(timestamp(version.modified_ms)),
        size: Some(signed(version.size)?),
        storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
        ..Object::default()
    })
}

fn object_version(version: Version) -> S3Result<ObjectVersion> {
    Ok(ObjectVersion {
        e_tag: Some(ETag::Strong(version.etag)),
        is_latest: Some(version.latest),
        key: Some(version.key),
        last_modified: Some(timestamp(version.modified_ms)),
        size: Some(signed(version.size)?),
        storage_class: Some(ObjectVersionStorageClass::from_static(ObjectVersionStorageClass::STANDARD)),
        version_id: Some(version.id),
        ..ObjectVersion::default()
    })
}

fn delete_marker(version: Version) -> DeleteMarkerEntry {
    DeleteMarkerEntry {
        is_latest: Some(version.latest),
        key: Some(version.key),
        last_modified: Some(timestamp(version.modified_ms)),
        owner: None,
        version_id: Some(version.id),
    }
}

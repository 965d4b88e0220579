//! Buckets and their versioning.

use s3s::dto::{
    Bucket as BucketAnswer, BucketVersioningStatus, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketVersioningInput, GetBucketVersioningOutput, HeadBucketInput,
    HeadBucketOutput, ListBucketsOutput, PutBucketVersioningInput, PutBucketVersioningOutput,
};
use s3s::{S3Error, S3Result, s3_error};

use super::bucket_rows::{Bucket, Versioning};
use super::conditions::timestamp;
use super::store::{Store, now_ms};
use crate::template::REGION;

impl Store {
    pub(super) fn create_bucket(&self, input: &CreateBucketInput) -> S3Result<CreateBucketOutput> {
        let created = self.index().create_bucket(&input.bucket, now_ms()).map_err(S3Error::internal_error)?;
        if !created {
            let message =
                "Your previous request to create the named bucket succeeded and you already own it.";
            return Err(s3_error!(BucketAlreadyOwnedByYou, "{message}"));
        }
        Ok(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
    }

    pub(super) fn head_bucket(&self, input: &HeadBucketInput) -> S3Result<HeadBucketOutput> {
        self.bucket(&input.bucket)?;
        Ok(HeadBucketOutput { bucket_region: Some(REGION.to_owned()), ..HeadBucketOutput::default() })
    }

    pub(super) fn delete_bucket(&self, input: &DeleteBucketInput) -> S3Result<DeleteBucketOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let deleted = self.index().delete_bucket(&bucket.name).map_err(S3Error::internal_error)?;
        if deleted {
            return Ok(DeleteBucketOutput {});
        }
        Err(s3_error!(
            BucketNotEmpty,
            "The bucket you tried to delete is not empty. You must delete all versions in it."
        ))
    }

    pub(super) fn list_buckets(&self) -> S3Result<ListBucketsOutput> {
        let buckets = self.index().buckets().map_err(S3Error::internal_error)?;
        let answer = |it: Bucket| BucketAnswer {
            creation_date: Some(timestamp(it.created_ms)),
            name: Some(it.name),
            bucket_region: None,
        };
        Ok(ListBucketsOutput {
            buckets: Some(buckets.into_iter().map(answer).collect()),
            ..ListBucketsOutput::default()
        })
    }

    pub(super) fn versioning(&self, input: &GetBucketVersioningInput) -> S3Result<GetBucketVersioningOutput> {
        let versioning = self.bucket(&input.bucket)?.versioning;
        let status =
            (versioning != Versioning::Never).then(|| BucketVersioningStatus::from_static(versioning.name()));
        Ok(GetBucketVersioningOutput { status, ..GetBucketVersioningOutput::default() })
    }

    pub(super) fn set_versioning(
        &self,
        input: &PutBucketVersioningInput,
    ) -> S3Result<PutBucketVersioningOutput> {
        let bucket = self.bucket(&input.bucket)?;
        let status = input.versioning_configuration.status.as_ref();
        let versioning = match status.map(BucketVersioningStatus::as_str) {
            Some(BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => {
                return Err(s3_error!(
                    IllegalVersioningConfigurationException,
                    "The Versioning element must be specified"
                ));
            }
        };
        self.index().set_versioning(&bucket.name, versioning).map_err(S3Error::internal_error)?;
        Ok(PutBucketVersioningOutput {})
    }
}

//! S3's calls: by bucket or object. Their actions are not named as the operations are.

use http::header::IF_MATCH;
use s3s::dto::{CopySource, Delete, ObjectIdentifier};
use s3s::xml::{Deserialize as _, Deserializer};

use super::Need;
use crate::aws::s3::address::{Address, parameter};
use crate::aws::service::ServiceRequest;

pub(super) fn needs(request: &ServiceRequest) -> Vec<Need> {
    let Address { bucket, key } = Address::of(request);
    let on_bucket = || format!("arn:aws:s3:::{bucket}");
    let on_object = || format!("arn:aws:s3:::{bucket}/{key}");
    let version = |plain: &'static str, of_version: &'static str| {
        if parameter(&request.query, "versionId").is_some() { of_version } else { plain }
    };
    match request.operation.as_str() {
        "ListBuckets" => vec![Need::new("s3:ListAllMyBuckets", "*")],
        "GetObject" | "HeadObject" => {
            vec![Need::new(version("s3:GetObject", "s3:GetObjectVersion"), on_object())]
        }
        "DeleteObject" => {
            let delete = Need::new(version("s3:DeleteObject", "s3:DeleteObjectVersion"), on_object());
            let condition = request.headers.get(IF_MATCH).filter(|it| it.as_bytes() != b"*");
            let read = condition.map(|_| Need::new("s3:GetObject", on_object()));
            [delete].into_iter().chain(read).collect()
        }
        "DeleteObjects" => unreadable_batch(request, &bucket),
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => {
            // Who asks whether it is still the same object learns something of it.
            let read = request.headers.contains_key(IF_MATCH).then(|| Need::new("s3:GetObject", on_object()));
            [Need::new("s3:PutObject", on_object())].into_iter().chain(read).collect()
        }
        "CopyObject" | "UploadPartCopy" => {
            copied(request).into_iter().chain([Need::new("s3:PutObject", on_object())]).collect()
        }
        "AbortMultipartUpload" => vec![Need::new("s3:AbortMultipartUpload", on_object())],
        "ListParts" => vec![Need::new("s3:ListMultipartUploadParts", on_object())],
        "HeadBucket" | "ListObjects" | "ListObjectsV2" => {
            let prefix = parameter(&request.query, "prefix").into_iter().collect();
            vec![Need::new("s3:ListBucket", on_bucket()).with("s3:prefix", prefix)]
        }
        "ListObjectVersions" => vec![Need::new("s3:ListBucketVersions", on_bucket())],
        "ListMultipartUploads" => vec![Need::new("s3:ListBucketMultipartUploads", on_bucket())],
        other if key.is_empty() => vec![Need::new(format!("s3:{other}"), on_bucket())],
        other => vec![Need::new(format!("s3:{other}"), on_object())],
    }
}

/// The read of what is copied. What is no object of a bucket is refused by S3 itself, which reads it the same way.
fn copied(request: &ServiceRequest) -> Option<Need> {
    let source = request.headers.get("x-amz-copy-source")?.to_str().ok()?;
    let CopySource::Bucket { bucket, key, version_id } = CopySource::parse(source).ok()? else { return None };
    let action = if version_id.is_some() { "s3:GetObjectVersion" } else { "s3:GetObject" };
    Some(Need::new(action, format!("arn:aws:s3:::{bucket}/{key}")))
}

/// The needs of each object whose deletion the body names, read as S3 reads it. `None` when it cannot be read.
pub(super) fn of_batch(request: &ServiceRequest) -> Option<Vec<Vec<Need>>> {
    let Address { bucket, .. } = Address::of(request);
    let asked = Delete::deserialize(&mut Deserializer::new(&request.body)).ok()?;
    Some(asked.objects.iter().map(|it| deletion(it, &bucket)).collect())
}

/// Comparing an entity tag is reading something of the object.
fn deletion(object: &ObjectIdentifier, bucket: &str) -> Vec<Need> {
    let resource = format!("arn:aws:s3:::{bucket}/{}", object.key);
    let action = if object.version_id.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
    let read = object.e_tag.as_ref().map(|_| Need::new("s3:GetObject", resource.clone()));
    [Need::new(action, resource)].into_iter().chain(read).collect()
}

/// A batch is judged object by object ([`of_batch`]), unless it cannot be read; then S3 refuses it.
fn unreadable_batch(request: &ServiceRequest, bucket: &str) -> Vec<Need> {
    match of_batch(request) {
        Some(_) => vec![],
        None => vec![Need::new("s3:DeleteObject", format!("arn:aws:s3:::{bucket}/*"))],
    }
}

/// What must be allowed for a read to be told that the object is not there.
pub(super) fn of_absence(request: &ServiceRequest) -> Option<Need> {
    let Address { bucket, .. } = Address::of(request);
    let reads = matches!(request.operation.as_str(), "GetObject" | "HeadObject");
    reads.then(|| Need::new("s3:ListBucket", format!("arn:aws:s3:::{bucket}")))
}

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
        "DeleteObject" => vec![Need::new(version("s3:DeleteObject", "s3:DeleteObjectVersion"), on_object())],
        "DeleteObjects" => deleted(request, &bucket),
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

/// The deletion of each object that the body names, read as S3 reads it; S3 refuses what cannot be read.
fn deleted(request: &ServiceRequest, bucket: &str) -> Vec<Need> {
    let mut body = Deserializer::new(&request.body);
    let Ok(asked) = Delete::deserialize(&mut body) else {
        return vec![Need::new("s3:DeleteObject", format!("arn:aws:s3:::{bucket}/*"))];
    };
    let need = |object: &ObjectIdentifier| {
        let versioned = object.version_id.is_some();
        let action = if versioned { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
        Need::new(action, format!("arn:aws:s3:::{bucket}/{}", object.key))
    };
    asked.objects.iter().map(need).collect()
}

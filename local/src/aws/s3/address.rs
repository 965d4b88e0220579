//! What an S3 request is about: the bucket, the key and the operation, read from host, method, path and query.
//!
//! For those who must know before S3 itself does: the call log, permissions, planted faults. S3 compares the operation
//! with its own reading and answers none on which the two differ.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::aws::service::ServiceRequest;

/// The bucket and the key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The bucket; empty when the request is about none (`ListBuckets`).
    pub bucket: String,
    /// The key; empty when the request is about the bucket.
    pub key: String,
}

impl Address {
    /// Where a request leads.
    #[must_use]
    pub fn of(request: &ServiceRequest) -> Self {
        let host =
            request.headers.get(http::header::HOST).and_then(|it| it.to_str().ok()).unwrap_or_default();
        let path =
            percent_decode_str(request.path.strip_prefix('/').unwrap_or(&request.path)).decode_utf8_lossy();
        let (bucket, key) = match bucket_of_host(host) {
            Some(bucket) => (bucket, path.as_ref()),
            None => path.split_once('/').unwrap_or((&path, "")),
        };
        Self { bucket: bucket.to_owned(), key: key.to_owned() }
    }
}

/// The bucket of `bucket.localhost`, `bucket.s3.eu-central-1.amazonaws.com` and the like.
pub(super) fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if let Some(bucket) = name.strip_suffix(".localhost") {
        return Some(bucket);
    }
    let within = name.strip_suffix(".amazonaws.com")?;
    within.rfind(".s3.").map(|at| &within[..at]).or_else(|| within.strip_suffix(".s3"))
}

/// The first value of a parameter of the query, however its name is encoded.
pub(crate) fn parameter(query: &str, name: &str) -> Option<String> {
    let decoded = |it: &str| percent_decode_str(&it.replace('+', " ")).decode_utf8_lossy().into_owned();
    let mut parameters = query.split('&').map(|it| it.split_once('=').unwrap_or((it, "")));
    parameters.find(|(given, _)| decoded(given) == name).map(|(_, value)| decoded(value))
}

/// The operation a request asks for, as its permission and its log name it; `None` for what is not done here.
pub(super) fn operation(request: &ServiceRequest) -> Option<&'static str> {
    let Address { bucket, key } = Address::of(request);
    let asked: Vec<&str> =
        request.query.split('&').map(|it| it.split('=').next().unwrap_or_default()).collect();
    let asked = |name: &str| asked.contains(&name);
    let copies = request.headers.contains_key("x-amz-copy-source");
    let method = &request.method;
    if bucket.is_empty() {
        return (method == Method::GET).then_some("ListBuckets");
    }
    let operations: &[(Method, bool, &'static str)] = match key.is_empty() {
        true => &[
            (Method::HEAD, true, "HeadBucket"),
            (Method::DELETE, true, "DeleteBucket"),
            (Method::POST, asked("delete"), "DeleteObjects"),
            (Method::PUT, asked("versioning"), "PutBucketVersioning"),
            (Method::PUT, true, "CreateBucket"),
            (Method::GET, asked("versioning"), "GetBucketVersioning"),
            (Method::GET, asked("versions"), "ListObjectVersions"),
            (Method::GET, asked("list-type"), "ListObjectsV2"),
        ],
        false => &[
            (Method::HEAD, true, "HeadObject"),
            (Method::DELETE, asked("uploadId"), "AbortMultipartUpload"),
            (Method::DELETE, true, "DeleteObject"),
            (Method::POST, asked("uploads"), "CreateMultipartUpload"),
            (Method::POST, asked("uploadId"), "CompleteMultipartUpload"),
            (Method::PUT, asked("partNumber") && !copies, "UploadPart"),
            (Method::PUT, copies && !asked("partNumber"), "CopyObject"),
            (Method::PUT, !copies, "PutObject"),
            (Method::GET, asked("uploadId"), "ListParts"),
            (Method::GET, true, "GetObject"),
        ],
    };
    operations.iter().find(|(of, asked, _)| of == method && *asked).map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_bucket_may_be_in_the_host_or_in_the_path() {
        for (host, path) in [
            ("localhost:4566", "/things/a/b%20c"),
            ("127.0.0.1:4566", "/things/a/b%20c"),
            ("things.localhost:4566", "/a/b%20c"),
            ("things.s3.eu-central-1.amazonaws.com", "/a/b%20c"),
            ("things.s3.amazonaws.com", "/a/b%20c"),
            ("s3.eu-central-1.amazonaws.com", "/things/a/b%20c"),
        ] {
            let address = Address::of(&request("GET", host, path));
            assert_eq!(address, Address { bucket: "things".into(), key: "a/b c".into() }, "{host}{path}");
        }
    }

    #[test]
    fn a_parameter_is_found_however_it_is_encoded() {
        assert_eq!(parameter("a=1&version%49d=x%2By+z", "versionId"), Some("x+y z".to_owned()));
        assert_eq!(parameter("versions", "versions"), Some(String::new()));
        assert_eq!(parameter("a=1", "versionId"), None);
    }

    #[test]
    fn operations_are_told_apart_by_method_and_query() {
        for (method, path, operation) in [
            ("GET", "/", Some("ListBuckets")),
            ("PUT", "/things", Some("CreateBucket")),
            ("PUT", "/things?versioning=", Some("PutBucketVersioning")),
            ("GET", "/things?list-type=2&prefix=a", Some("ListObjectsV2")),
            ("GET", "/things?versions", Some("ListObjectVersions")),
            ("POST", "/things?delete", Some("DeleteObjects")),
            ("GET", "/things/a", Some("GetObject")),
            ("PUT", "/things/a?x-id=PutObject", Some("PutObject")),
            ("PUT", "/things/a?partNumber=1&uploadId=u", Some("UploadPart")),
            ("POST", "/things/a?uploads", Some("CreateMultipartUpload")),
            ("DELETE", "/things/a?uploadId=u", Some("AbortMultipartUpload")),
            ("PATCH", "/things/a", None),
        ] {
            assert_eq!(super::operation(&request(method, "localhost", path)), operation, "{method} {path}");
        }
    }

    fn request(method: &str, host: &str, path: &str) -> ServiceRequest {
        let request =
            http::Request::builder().method(method).uri(path).header("host", host).body(()).unwrap();
        ServiceRequest::new("test", &request.into_parts().0, Bytes::new())
    }
}

//! S3, as the Rust SDK sees it.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::put_object::{PutObjectError, PutObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, VersioningConfiguration,
};
use penstock_local::{Options, Platform};

const BUCKET: &str = "a-case";
const KEY: &str = "tenant=a/day=2026-01-02/grüße ☃.ndjson";

/// A platform with one bucket more.
struct Bucket {
    platform: Platform,
    client: Client,
}

/// "How to prevent object overwrites with conditional writes",
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_first_of_two_puts_makes_an_object() {
    let bucket = Bucket::open().await;
    bucket.put_once("first").await.unwrap();
    let refused = bucket.put_once("second").await.unwrap_err();
    assert_eq!(refused.code(), Some("PreconditionFailed"));
    assert_eq!(bucket.read(None).await, "first");
    bucket.platform.stop().await;
}

/// "GetObject", <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>: a part of an object, and that there is none.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_an_object_is_read_and_a_missing_one_is_a_type_of_its_own() {
    let bucket = Bucket::open().await;
    let get = || bucket.client.get_object().bucket(BUCKET).key(KEY);
    let missing = get().send().await.unwrap_err().into_service_error();
    assert!(missing.is_no_such_key(), "{missing:?}");
    bucket.put_once("0123456789").await.unwrap();
    let part = get().range("bytes=-3").send().await.unwrap();
    assert_eq!(part.content_range.as_deref(), Some("bytes 7-9/10"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"789");
    bucket.platform.stop().await;
}

/// "How S3 Versioning works", <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>.
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_object_is_still_there_by_its_version() {
    let bucket = Bucket::open().await;
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    bucket.client.put_bucket_versioning().bucket(BUCKET).versioning_configuration(on).send().await.unwrap();
    let version = bucket.put_once("kept").await.unwrap().version_id;
    let deleted = bucket.client.delete_object().bucket(BUCKET).key(KEY).send().await.unwrap();
    assert_eq!(deleted.delete_marker, Some(true));
    assert_eq!(bucket.read(version).await, "kept");
    bucket.put_once("anew").await.expect("what is deleted can be made again");
    bucket.platform.stop().await;
}

/// "CompleteMultipartUpload", <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>: only the last part may
/// be below 5 MiB.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_last_part_may_be_small() {
    let bucket = Bucket::open().await;
    let refused = bucket.upload(["x", "y"]).await.unwrap_err();
    assert_eq!(refused.as_deref(), Some("EntityTooSmall"));
    let large = "x".repeat(5 * 1024 * 1024);
    bucket.upload([&large, "y"]).await.unwrap();
    assert_eq!(bucket.read(None).await.len(), large.len() + 1);
    bucket.platform.stop().await;
}

impl Bucket {
    async fn open() -> Self {
        let platform = Platform::start(Options::memory()).await.expect("the platform starts");
        let client = Client::new(&platform.sdk_config("a-test"));
        client.create_bucket().bucket(BUCKET).send().await.expect("the bucket is made");
        Self { platform, client }
    }

    async fn put_once(&self, text: &str) -> Result<PutObjectOutput, PutObjectError> {
        let body = ByteStream::from(text.as_bytes().to_vec());
        let put = self.client.put_object().bucket(BUCKET).key(KEY).body(body).if_none_match("*");
        put.send().await.map_err(aws_sdk_s3::error::SdkError::into_service_error)
    }

    async fn read(&self, version: Option<String>) -> String {
        let get = self.client.get_object().bucket(BUCKET).key(KEY).set_version_id(version);
        let bytes = get.send().await.expect("the object is there").body.collect().await.expect("it is whole");
        String::from_utf8(bytes.to_vec()).expect("it is text")
    }

    /// Uploads two parts and puts them together; the code of why that is refused.
    async fn upload(&self, parts: [&str; 2]) -> Result<(), Option<String>> {
        let upload =
            self.client.create_multipart_upload().bucket(BUCKET).key(KEY).send().await.unwrap().upload_id;
        let mut whole = CompletedMultipartUpload::builder();
        for (number, part) in (1..).zip(parts) {
            let put = self.client.upload_part().bucket(BUCKET).key(KEY).set_upload_id(upload.clone());
            let put = put
                .part_number(number)
                .body(ByteStream::from(part.as_bytes().to_vec()))
                .send()
                .await
                .unwrap();
            whole = whole.parts(CompletedPart::builder().part_number(number).set_e_tag(put.e_tag).build());
        }
        let complete = self.client.complete_multipart_upload().bucket(BUCKET).key(KEY).set_upload_id(upload);
        let done = complete.multipart_upload(whole.build()).send().await;
        done.map(|_| ()).map_err(|error| error.into_service_error().code().map(str::to_owned))
    }
}

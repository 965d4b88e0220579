//! The adapter of S3 against the embedded S3, through the real SDK.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use penstock_blobs::{Blobs, Put};
use penstock_local::aws::service::ServiceReply;
use penstock_local::{Options, Platform};
use penstock_platform::caches::Caches;
use penstock_platform::errands::clock;
use penstock_platform::function::Environment;

#[tokio::test]
async fn a_blob_is_written_once_and_keeps_what_was_written_first() {
    let platform = Platform::start(Options::memory()).await.unwrap();
    let blobs = blobs(&platform, "pictures").await;
    assert_eq!(blobs.get("a=b/c d").await.unwrap(), None);
    assert_eq!(blobs.put_once("a=b/c d", "text/plain", "first".into()).await.unwrap(), Put::New);
    assert_eq!(blobs.put_once("a=b/c d", "text/plain", "second".into()).await.unwrap(), Put::There);
    assert_eq!(blobs.get("a=b/c d").await.unwrap().unwrap(), "first");
}

#[tokio::test]
async fn an_undecided_race_is_asked_again_until_it_is_decided() {
    let platform = Platform::start(Options::memory()).await.unwrap();
    let blobs = blobs(&platform, "pictures").await;
    let (tries, seen) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&tries);
    platform.faults().plant(move |call| {
        let undecided = call.operation == "PutObject" && counted.fetch_add(1, Ordering::SeqCst) < 2;
        async move { undecided.then(conflict) }
    });
    assert_eq!(blobs.put_once("a", "text/plain", "x".into()).await.unwrap(), Put::New);
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    let counted = Arc::clone(&seen);
    platform.faults().plant(move |call| {
        assert_eq!(call.operation, "PutObject");
        counted.fetch_add(1, Ordering::SeqCst);
        async { Some(conflict()) }
    });
    let refused = blobs.put_once("b", "text/plain", "x".into()).await.unwrap_err();
    assert!(refused.to_string().contains("ConditionalRequestConflict"), "{refused}");
    assert_eq!(seen.load(Ordering::SeqCst), 5, "not for ever");
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_an_error_that_names_the_blob() {
    let platform = Platform::start(Options::memory()).await.unwrap();
    let blobs = named(&platform, "nowhere");
    let refused = blobs.get("a").await.unwrap_err();
    assert!(refused.to_string().starts_with("blob a could not be read"), "{refused}");
    assert!(refused.to_string().contains("NoSuchBucket"), "{refused}");
}

async fn blobs(platform: &Platform, bucket: &str) -> Blobs {
    let s3 = aws_sdk_s3::Client::new(&platform.sdk_config("dev"));
    s3.create_bucket().bucket(bucket).send().await.unwrap();
    named(platform, bucket)
}

fn named(platform: &Platform, bucket: &str) -> Blobs {
    let environment = Environment {
        variables: BTreeMap::from([("BUCKET".to_owned(), bucket.to_owned())]),
        aws: platform.sdk_config("dev"),
        caches: Arc::new(Caches::default()),
        clock: clock(),
    };
    Blobs::new(&environment, "BUCKET").unwrap()
}

fn conflict() -> ServiceReply {
    ServiceReply {
        status: 409,
        body: b"<Error><Code>ConditionalRequestConflict</Code><Message>planted</Message></Error>".to_vec(),
        content_type: "application/xml",
        error: Some("ConditionalRequestConflict".to_owned()),
        ..ServiceReply::default()
    }
}

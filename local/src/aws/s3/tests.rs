//! S3 through the real SDK. Each test names what it holds S3 to; the pages are of the Amazon S3 User Guide.

mod refusals;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete,
    ObjectIdentifier, VersioningConfiguration,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::S3;
use crate::aws::Cloud;
use crate::aws::service::Service;
use crate::aws::wire::{AccessKeys, Front, serve};
use crate::functions::Functions;
use crate::template::{Bucket, Template};

const PART: usize = 5 * 1024 * 1024;

#[tokio::test]
async fn an_object_comes_back_as_it_was_put_with_its_type_and_metadata() {
    let s3 = Shelf::open().await;
    let put = s3
        .client
        .put_object()
        .bucket("things")
        .key("a/b c+ü")
        .body(bytes("hello"))
        .content_type("text/plain");
    let put = put.metadata("colour", "blue").cache_control("no-store").send().await.unwrap();
    assert_eq!(put.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(put.checksum_crc32(), Some("NhCmhg=="), "the SDK's own checksum is confirmed");
    assert_eq!(put.version_id(), None);
    let got = s3.client.get_object().bucket("things").key("a/b c+ü").send().await.unwrap();
    assert_eq!((got.content_type(), got.cache_control()), (Some("text/plain"), Some("no-store")));
    assert_eq!(got.metadata().unwrap()["colour"], "blue");
    assert_eq!(got.content_length(), Some(5));
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "hello");
    let head = s3.client.head_object().bucket("things").key("a/b c+ü").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(5), put.e_tag()));
}

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let s3 = Shelf::open().await;
    assert_eq!(code(s3.client.get_object().bucket("things").key("none").send().await), "NoSuchKey");
    assert_eq!(code(s3.client.get_object().bucket("nowhere").key("none").send().await), "NoSuchBucket");
    assert_eq!(code(s3.client.head_object().bucket("things").key("none").send().await), "NotFound");
    assert_eq!(code(s3.client.head_bucket().bucket("nowhere").send().await), "NotFound");
    let missing = s3.client.get_object().bucket("things").key("none").version_id("x").send().await;
    assert_eq!(code(missing), "NoSuchVersion");
}

#[tokio::test]
async fn a_name_that_no_bucket_can_have_is_refused() {
    let s3 = Shelf::open().await;
    let refused = s3.client.create_bucket().bucket("Things_1").send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidBucketName"));
    assert_eq!(refused.message(), Some("The specified bucket is not valid."));
}

#[tokio::test]
async fn a_bucket_is_created_once_and_deleted_only_when_empty() {
    let s3 = Shelf::open().await;
    assert_eq!(code(s3.client.create_bucket().bucket("things").send().await), "BucketAlreadyOwnedByYou");
    s3.put("a", "1").await;
    assert_eq!(code(s3.client.delete_bucket().bucket("things").send().await), "BucketNotEmpty");
    s3.client.delete_object().bucket("things").key("a").send().await.unwrap();
    s3.client.delete_bucket().bucket("things").send().await.unwrap();
    let names = s3.client.list_buckets().send().await.unwrap();
    assert_eq!(names.buckets().iter().filter_map(|it| it.name()).collect::<Vec<_>>(), ["versioned"]);
}

/// "Add preconditions to S3 operations with conditional requests".
#[tokio::test]
async fn a_write_may_be_conditional_on_there_being_nothing() {
    let s3 = Shelf::open().await;
    let put =
        |body: &str| s3.client.put_object().bucket("things").key("a").if_none_match("*").body(bytes(body));
    put("first").send().await.unwrap();
    assert_eq!(code(put("second").send().await), "PreconditionFailed");
    assert_eq!(s3.text("things", "a").await, "first");
}

#[tokio::test]
async fn of_many_writers_of_one_name_exactly_one_wins() {
    let s3 = Shelf::open().await;
    let puts = (0..16).map(|number| {
        let put = s3.client.put_object().bucket("things").key("a").if_none_match("*");
        put.body(bytes(&number.to_string())).send()
    });
    let won = futures::future::join_all(puts).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_write_may_be_conditional_on_what_is_there() {
    let s3 = Shelf::open().await;
    let put = |etag: &str, body: &str| {
        s3.client.put_object().bucket("things").key("a").if_match(etag).body(bytes(body))
    };
    assert_eq!(code(put("\"5d41402abc4b2a76b9719d911017c592\"", "x").send().await), "NoSuchKey");
    s3.put("a", "hello").await;
    assert_eq!(code(put("\"0\"", "x").send().await), "PreconditionFailed");
    put("\"5d41402abc4b2a76b9719d911017c592\"", "bye").send().await.unwrap();
    assert_eq!(s3.text("things", "a").await, "bye");
}

#[tokio::test]
async fn a_read_may_be_conditional() {
    let s3 = Shelf::open().await;
    s3.put("a", "hello").await;
    let get = || s3.client.get_object().bucket("things").key("a");
    let etag = "\"5d41402abc4b2a76b9719d911017c592\"";
    assert!(get().if_match(etag).send().await.is_ok());
    assert_eq!(code(get().if_match("\"0\"").send().await), "PreconditionFailed");
    assert_eq!(status(get().if_none_match(etag).send().await), 304);
    assert!(get().if_none_match("\"0\"").send().await.is_ok());
    let (before, after) =
        (aws_smithy_types::DateTime::from_secs(0), aws_smithy_types::DateTime::from_secs(4_000_000_000));
    assert_eq!(code(get().if_unmodified_since(before).send().await), "PreconditionFailed");
    assert_eq!(status(get().if_modified_since(after).send().await), 304);
    assert!(
        get().if_match(etag).if_unmodified_since(before).send().await.is_ok(),
        "the entity tag outweighs the date"
    );
}

#[tokio::test]
async fn ranges_are_cut_at_the_end_and_refused_beyond_it() {
    let s3 = Shelf::open().await;
    s3.put("a", "0123456789").await;
    for (range, body, shown) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = s3.client.get_object().bucket("things").key("a").range(range).send().await.unwrap();
        assert_eq!(got.content_range(), Some(shown));
        assert_eq!(got.body.collect().await.unwrap().into_bytes(), body, "{range}");
    }
    assert_eq!(
        code(s3.client.get_object().bucket("things").key("a").range("bytes=10-").send().await),
        "InvalidRange"
    );
}

#[tokio::test]
async fn an_object_that_looks_like_an_error_is_still_an_object() {
    let s3 = Shelf::open().await;
    let body = "<Error><Code>InvalidRange</Code></Error>";
    s3.put("a", body).await;
    assert_eq!(s3.text("things", "a").await, body);
}

#[tokio::test]
async fn an_empty_object_is_an_object() {
    let s3 = Shelf::open().await;
    s3.put("a", "").await;
    assert_eq!(s3.text("things", "a").await, "");
}

/// "Checking object integrity in Amazon S3".
#[tokio::test]
async fn each_checksum_is_kept_and_shown_to_who_asks() {
    let s3 = Shelf::open().await;
    for algorithm in [ChecksumAlgorithm::Crc32, ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Sha256] {
        let put = s3.client.put_object().bucket("things").key("a").checksum_algorithm(algorithm.clone());
        put.body(bytes("hello")).send().await.unwrap();
        let head = s3.client.head_object().bucket("things").key("a").checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        let sums = [head.checksum_crc32(), head.checksum_crc64_nvme(), head.checksum_sha256()];
        let expected = match algorithm {
            ChecksumAlgorithm::Crc32 => [Some("NhCmhg=="), None, None],
            ChecksumAlgorithm::Crc64Nvme => [None, Some("M3eFcAZSQlc="), None],
            _ => [None, None, Some("LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=")],
        };
        assert_eq!(sums, expected);
    }
}

#[tokio::test]
async fn a_body_that_does_not_match_its_checksum_is_refused() {
    let s3 = Shelf::open().await;
    let put =
        s3.client.put_object().bucket("things").key("a").checksum_crc32("AAAAAA==").body(bytes("hello"));
    assert_eq!(code(put.send().await), "BadDigest");
    let put = s3
        .client
        .put_object()
        .bucket("things")
        .key("a")
        .content_md5("XUFAKrxLKna5cZ2REBfFkQ==")
        .body(bytes("hello"));
    assert_eq!(code(put.send().await), "BadDigest");
    assert_eq!(code(s3.client.get_object().bucket("things").key("a").send().await), "NoSuchKey");
}

/// "Working with delete markers".
#[tokio::test]
async fn versions_are_kept_and_a_delete_is_a_marker() {
    let s3 = Shelf::open().await;
    let first = s3.put_in("versioned", "a", "1").await.unwrap();
    let second = s3.put_in("versioned", "a", "2").await.unwrap();
    assert_ne!(first, second);
    let deleted = s3.client.delete_object().bucket("versioned").key("a").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap().to_owned();
    assert_eq!(code(s3.client.get_object().bucket("versioned").key("a").send().await), "NoSuchKey");
    let of_marker = s3.client.get_object().bucket("versioned").key("a").version_id(&marker).send().await;
    assert_eq!(code(of_marker), "MethodNotAllowed");
    let old = s3.client.get_object().bucket("versioned").key("a").version_id(&first).send().await.unwrap();
    assert_eq!(old.body.collect().await.unwrap().into_bytes(), "1");
    s3.client.delete_object().bucket("versioned").key("a").version_id(&marker).send().await.unwrap();
    assert_eq!(s3.text("versioned", "a").await, "2", "without its marker it is there again");
    s3.client.delete_object().bucket("versioned").key("a").version_id(&second).send().await.unwrap();
    assert_eq!(s3.text("versioned", "a").await, "1", "the newest of the others is current");
}

#[tokio::test]
async fn a_delete_marker_counts_as_nothing_for_a_conditional_write() {
    let s3 = Shelf::open().await;
    s3.put_in("versioned", "a", "1").await;
    s3.client.delete_object().bucket("versioned").key("a").send().await.unwrap();
    let put = s3.client.put_object().bucket("versioned").key("a").if_none_match("*").body(bytes("2"));
    put.send().await.unwrap();
    assert_eq!(s3.text("versioned", "a").await, "2");
}

/// "How S3 Versioning works": with versioning suspended, what is written replaces the version `null`.
#[tokio::test]
async fn suspended_versioning_keeps_what_there_is_and_overwrites_null() {
    let s3 = Shelf::open().await;
    let kept = s3.put_in("versioned", "a", "1").await.unwrap();
    s3.set_versioning("versioned", BucketVersioningStatus::Suspended).await;
    assert_eq!(s3.put_in("versioned", "a", "2").await.as_deref(), Some("null"));
    assert_eq!(s3.put_in("versioned", "a", "3").await.as_deref(), Some("null"));
    let listed = s3.client.list_object_versions().bucket("versioned").send().await.unwrap();
    let ids: Vec<&str> = listed.versions().iter().filter_map(|it| it.version_id()).collect();
    assert_eq!(ids, ["null", &kept]);
    let status = s3.client.get_bucket_versioning().bucket("versioned").send().await.unwrap();
    assert_eq!(status.status(), Some(&BucketVersioningStatus::Suspended));
}

#[tokio::test]
async fn versions_are_listed_newest_first_page_by_page() {
    let s3 = Shelf::open().await;
    for (key, body) in [("a", "1"), ("a", "2"), ("b", "1")] {
        s3.put_in("versioned", key, body).await;
    }
    s3.client.delete_object().bucket("versioned").key("b").send().await.unwrap();
    let (mut seen, mut key, mut id) = (vec![], None, None);
    loop {
        let page = s3.client.list_object_versions().bucket("versioned").max_keys(1);
        let page = page.set_key_marker(key).set_version_id_marker(id).send().await.unwrap();
        seen.extend(
            page.versions().iter().map(|it| (it.key().unwrap().to_owned(), it.is_latest().unwrap(), false)),
        );
        seen.extend(
            page.delete_markers()
                .iter()
                .map(|it| (it.key().unwrap().to_owned(), it.is_latest().unwrap(), true)),
        );
        if page.is_truncated() != Some(true) {
            break;
        }
        (key, id) =
            (page.next_key_marker().map(str::to_owned), page.next_version_id_marker().map(str::to_owned));
    }
    let expected = [("a", true, false), ("a", false, false), ("b", true, true), ("b", false, false)];
    assert_eq!(seen, expected.map(|(key, latest, marker)| (key.to_owned(), latest, marker)));
}

#[tokio::test]
async fn a_listing_is_in_the_order_of_bytes_and_complete_over_its_pages() {
    let s3 = Shelf::open().await;
    for key in ["b", "a/2", "a/1", "a-", "ä", "c"] {
        s3.put(key, "x").await;
    }
    let mut pages = s3.client.list_objects_v2().bucket("things").max_keys(2).into_paginator().send();
    let mut keys = vec![];
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.key_count() <= Some(2));
        keys.extend(page.contents().iter().map(|it| it.key().unwrap().to_owned()));
    }
    assert_eq!(keys, ["a-", "a/1", "a/2", "b", "c", "ä"]);
}

/// "Organizing objects using prefixes".
#[tokio::test]
async fn common_prefixes_are_rolled_up_and_count_as_one() {
    let s3 = Shelf::open().await;
    for key in ["day=1/a", "day=1/b", "day=2/a", "readme"] {
        s3.put(key, "x").await;
    }
    let list = || s3.client.list_objects_v2().bucket("things").delimiter("/");
    let page = list().max_keys(2).send().await.unwrap();
    let prefixes: Vec<&str> = page.common_prefixes().iter().filter_map(|it| it.prefix()).collect();
    assert_eq!(
        (prefixes, page.key_count(), page.is_truncated()),
        (vec!["day=1/", "day=2/"], Some(2), Some(true))
    );
    let rest = list().continuation_token(page.next_continuation_token().unwrap()).send().await.unwrap();
    assert_eq!(rest.contents().iter().filter_map(|it| it.key()).collect::<Vec<_>>(), ["readme"]);
    let within = list().prefix("day=1/").send().await.unwrap();
    assert_eq!(
        within.contents().iter().filter_map(|it| it.key()).collect::<Vec<_>>(),
        ["day=1/a", "day=1/b"]
    );
    let after = s3.client.list_objects_v2().bucket("things").start_after("day=2/").send().await.unwrap();
    assert_eq!(after.contents().iter().filter_map(|it| it.key()).collect::<Vec<_>>(), ["day=2/a", "readme"]);
}

#[tokio::test]
async fn a_page_of_no_keys_is_the_last() {
    let s3 = Shelf::open().await;
    s3.put("a", "x").await;
    let page = s3.client.list_objects_v2().bucket("things").max_keys(0).send().await.unwrap();
    assert_eq!((page.key_count(), page.is_truncated()), (Some(0), Some(false)));
}

#[tokio::test]
async fn many_objects_are_deleted_at_once_and_those_not_there_are_too() {
    let s3 = Shelf::open().await;
    s3.put("a", "x").await;
    let keys = ["a", "b"].map(|it| ObjectIdentifier::builder().key(it).build().unwrap());
    let delete = Delete::builder().set_objects(Some(keys.to_vec())).build().unwrap();
    let deleted = s3.client.delete_objects().bucket("things").delete(delete).send().await.unwrap();
    assert_eq!(deleted.deleted().iter().filter_map(|it| it.key()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(code(s3.client.get_object().bucket("things").key("a").send().await), "NoSuchKey");
}

#[tokio::test]
async fn a_copy_has_the_sources_bytes_and_metadata() {
    let s3 = Shelf::open().await;
    let put =
        s3.client.put_object().bucket("things").key("a b").metadata("colour", "blue").body(bytes("hello"));
    put.send().await.unwrap();
    s3.client.copy_object().copy_source("things/a%20b").bucket("versioned").key("c").send().await.unwrap();
    assert_eq!(s3.text("versioned", "c").await, "hello");
    let head = s3.client.head_object().bucket("versioned").key("c").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["colour"], "blue");
}

/// "Uploading and copying objects using multipart upload".
#[tokio::test]
async fn an_upload_in_parts_becomes_one_object() {
    let s3 = Shelf::open().await;
    let upload = s3.begin("big").await;
    let first = s3.part("big", &upload, 1, vec![b'a'; PART]).await;
    let replaced = s3.part("big", &upload, 2, b"x".to_vec()).await;
    let second = s3.part("big", &upload, 2, b"end".to_vec()).await;
    assert_ne!(replaced.e_tag(), second.e_tag());
    let listed = s3.client.list_parts().bucket("things").key("big").upload_id(&upload).send().await.unwrap();
    assert_eq!(listed.parts().iter().filter_map(|it| it.size()).collect::<Vec<_>>(), [PART as i64, 3]);
    assert_eq!(code(s3.client.get_object().bucket("things").key("big").send().await), "NoSuchKey");
    let done = s3.complete("big", &upload, vec![first, second]).await.unwrap();
    assert!(done.ends_with("-2\""), "{done}");
    let got =
        s3.client.get_object().bucket("things").key("big").range("bytes=5242879-").send().await.unwrap();
    assert_eq!(got.body.collect().await.unwrap().into_bytes(), "aend");
    let whole = s3.client.get_object().bucket("things").key("big").send().await.unwrap();
    assert_eq!(
        whole.body.collect().await.unwrap().into_bytes().len(),
        PART + 3,
        "its checksum is confirmed on the way"
    );
    assert_eq!(s3.complete("big", &upload, vec![]).await.unwrap_err(), "NoSuchUpload");
}

#[tokio::test]
async fn an_upload_is_completed_only_with_its_parts_in_order_and_large_enough() {
    let s3 = Shelf::open().await;
    let upload = s3.begin("big").await;
    let small = s3.part("big", &upload, 1, b"small".to_vec()).await;
    let last = s3.part("big", &upload, 2, b"end".to_vec()).await;
    let refused = |parts| s3.complete("big", &upload, parts);
    assert_eq!(refused(vec![last.clone(), small.clone()]).await.unwrap_err(), "InvalidPartOrder");
    assert_eq!(refused(vec![small.clone(), last]).await.unwrap_err(), "EntityTooSmall");
    let unknown = CompletedPart::builder().part_number(3).e_tag("\"0\"").build();
    assert_eq!(refused(vec![small, unknown]).await.unwrap_err(), "InvalidPart");
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let s3 = Shelf::open().await;
    let upload = s3.begin("big").await;
    let part = s3.part("big", &upload, 1, b"x".to_vec()).await;
    s3.client.abort_multipart_upload().bucket("things").key("big").upload_id(&upload).send().await.unwrap();
    assert_eq!(s3.complete("big", &upload, vec![part]).await.unwrap_err(), "NoSuchUpload");
    s3.client.delete_bucket().bucket("things").send().await.unwrap();
}

#[tokio::test]
async fn calls_are_logged_by_operation_and_bucket() {
    let s3 = Shelf::open().await;
    s3.put("a", "x").await;
    let _missing = s3.client.get_object().bucket("things").key("none").send().await;
    let calls = s3.cloud.calls().recent();
    let calls: Vec<_> =
        calls.iter().map(|it| (it.operation.as_str(), it.tables.join(","), it.error.as_deref())).collect();
    assert_eq!(
        calls[calls.len() - 2..],
        [("PutObject", "things".to_owned(), None), ("GetObject", "things".to_owned(), Some("NoSuchKey"))]
    );
}

#[tokio::test]
async fn what_is_not_done_here_is_refused_and_never_taken_for_something_else() {
    let s3 = Shelf::open().await;
    s3.put("a", "x").await;
    let acl = s3.client.get_object_acl().bucket("things").key("a").send().await;
    assert_eq!(code(acl), "NotImplemented");
    assert_eq!(code(s3.client.put_object_acl().bucket("things").key("a").send().await), "NotImplemented");
    assert_eq!(s3.text("things", "a").await, "x");
}

#[tokio::test]
async fn what_was_put_is_there_after_a_restart_and_unfinished_writes_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let s3 = Shelf::over(on_disk(folder.path())).await;
    s3.put("a", "hello").await;
    s3.put("a", "hello again").await;
    // As a crash between the bytes and the index leaves it.
    let unfinished = s3.s3.store.write(b"unfinished").await.unwrap();
    drop(s3);
    let again = Shelf::over(on_disk(folder.path())).await;
    assert_eq!(again.text("things", "a").await, "hello again");
    let files = files_in(&folder.path().join("s3"));
    assert_eq!(files.len(), 1, "the overwritten and the unfinished are gone: {files:?}");
    assert!(!files.contains(&unfinished));
}

#[tokio::test]
async fn a_templates_buckets_are_made_and_keep_what_is_in_them() {
    let template = r"
Resources:
  Pictures: { Type: AWS::S3::Bucket }
  Letters:
    Type: AWS::S3::Bucket
    Properties: { BucketName: !Sub 'letters-${AWS::AccountId}', VersioningConfiguration: { Status: Enabled } }
  ReadFunction:
    Type: AWS::Serverless::Function
    Properties: { Environment: { Variables: { BUCKET: !Ref Letters, ARN: !GetAtt Pictures.Arn } } }
";
    let template = Template::read(template, &BTreeMap::new()).unwrap();
    let variables = &template.functions[0].environment;
    assert_eq!(
        (variables["BUCKET"].as_str(), variables["ARN"].as_str()),
        ("letters-000000000000", "arn:aws:s3:::pictures")
    );
    let s3 = Shelf::open().await;
    s3.s3.create_buckets(&template.buckets).unwrap();
    assert!(s3.put_in("letters-000000000000", "a", "hello").await.is_some(), "it keeps versions");
    assert_eq!(s3.put_in("pictures", "a", "hello").await, None);
    s3.s3.create_buckets(&template.buckets).unwrap();
    assert_eq!(s3.text("pictures", "a").await, "hello");
}

/// "Download and upload objects with presigned URLs".
#[tokio::test]
async fn a_presigned_url_is_taken_as_it_was_signed_and_not_otherwise() {
    let s3 = Shelf::open().await;
    let port = s3.port().await;
    let client = s3.at(&port);
    let expires = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let put = client.put_object().bucket("things").key("a b").presigned(expires.clone()).await.unwrap();
    let http = reqwest::Client::new();
    let sent = http.put(put.uri()).body("hello").send().await.unwrap();
    assert_eq!(sent.status(), 200, "{}", sent.text().await.unwrap());
    let get = client.get_object().bucket("things").key("a b").presigned(expires).await.unwrap();
    assert_eq!(http.get(get.uri()).send().await.unwrap().text().await.unwrap(), "hello");
    let elsewhere = get.uri().replace("a%20b", "other");
    let refused = http.get(elsewhere).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("SignatureDoesNotMatch"));
    let other_method = http.delete(get.uri()).send().await.unwrap();
    assert_eq!(other_method.status(), 403);
}

#[tokio::test]
async fn a_presigned_url_ends() {
    let s3 = Shelf::open().await;
    let port = s3.port().await;
    s3.put("a", "x").await;
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(120);
    let expired =
        PresigningConfig::builder().start_time(long_ago).expires_in(Duration::from_secs(60)).build().unwrap();
    let get = s3.at(&port).get_object().bucket("things").key("a").presigned(expired).await.unwrap();
    assert_eq!(reqwest::get(get.uri()).await.unwrap().status(), 403);
}

#[tokio::test]
async fn on_the_port_a_request_must_be_signed_with_a_key_that_is_known() {
    let s3 = Shelf::open().await;
    let port = s3.port().await;
    s3.put("a", "x").await;
    let unsigned = reqwest::get(format!("{port}/things/a")).await.unwrap();
    assert_eq!(unsigned.status(), 403);
    assert!(unsigned.text().await.unwrap().contains("<Code>AccessDenied</Code>"));
    let expires = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    for (key, secret, code) in
        [("nobody", "test", "InvalidAccessKeyId"), ("test", "tset", "SignatureDoesNotMatch")]
    {
        let client = client(&s3.cloud, |config| {
            let credentials = aws_credential_types::Credentials::new(key, secret, None, None, "test");
            config.credentials_provider(credentials).endpoint_url(&port)
        });
        let url = client.get_object().bucket("things").key("a").presigned(expires.clone()).await.unwrap();
        let refused = reqwest::get(url.uri()).await.unwrap();
        assert_eq!(refused.status(), 403);
        let text = refused.text().await.unwrap();
        assert!(text.contains(code), "{text}");
    }
}

#[tokio::test]
async fn a_call_cannot_pass_as_anothers_than_the_one_whose_key_signed_it() {
    let s3 = Shelf::open().await;
    let port = s3.port().await;
    s3.put("a", "x").await;
    s3.cloud.access_keys().register("AKIAFUNCTION", "secret", "get-thing");
    let client = client(&s3.cloud, |config| {
        let key = aws_credential_types::Credentials::new("AKIAFUNCTION", "secret", None, None, "test");
        config.credentials_provider(key).endpoint_url(&port)
    });
    let expires = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let url = client.get_object().bucket("things").key("a").presigned(expires).await.unwrap();
    assert_eq!(reqwest::get(url.uri()).await.unwrap().status(), 200);
    let nobodys = url.uri().replace("X-Amz-Credential", "X%2DAmz-Credential");
    let refused = reqwest::get(nobodys).await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("<Code>AccessDenied</Code>"), "not for its signature");
    let mixed = reqwest::Client::new().get(url.uri()).header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=test/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    );
    let refused = mixed.send().await.unwrap();
    assert_eq!(refused.status(), 400);
    assert!(refused.text().await.unwrap().contains("Only one auth mechanism allowed"));
}

#[tokio::test]
async fn on_the_port_a_bucket_may_be_in_the_hosts_name() {
    let s3 = Shelf::open().await;
    let port = s3.port().await;
    s3.put("a", "hello").await;
    let (_, number) = port.rsplit_once(':').unwrap();
    let client = client(&s3.cloud, |config| config.endpoint_url(format!("http://localhost:{number}")));
    let expires = PresigningConfig::expires_in(Duration::from_secs(60)).unwrap();
    let url = client.get_object().bucket("things").key("a").presigned(expires).await.unwrap();
    let host = format!("things.localhost:{number}");
    assert!(url.uri().contains(&host), "{}", url.uri());
    let local =
        reqwest::Client::builder().resolve("things.localhost", ([127, 0, 0, 1], 0).into()).build().unwrap();
    assert_eq!(local.get(url.uri()).send().await.unwrap().text().await.unwrap(), "hello");
}

/// S3 with two buckets, and the SDK before it.
struct Shelf {
    s3: S3,
    cloud: Cloud,
    client: Client,
    stop: watch::Sender<bool>,
}

impl Shelf {
    async fn open() -> Self {
        let keys = AccessKeys::default();
        Self::over((S3::memory(keys.clone()).unwrap(), keys)).await
    }

    async fn over((s3, keys): (S3, AccessKeys)) -> Self {
        let bucket = |name: &str, versioned| Bucket { name: name.to_owned(), versioned };
        s3.create_buckets(&[bucket("things", false), bucket("versioned", true)]).unwrap();
        let service = Arc::new(s3.clone()) as Arc<dyn Service>;
        let cloud = Cloud::with_access_keys(BTreeMap::from([("s3", service)]), keys);
        let client = client(&cloud, |config| config);
        Self { s3, cloud, client, stop: watch::channel(false).0 }
    }

    /// The AWS port over it.
    async fn port(&self) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let front = Front { cloud: self.cloud.clone(), functions: Functions::new(BTreeMap::new()) };
        tokio::spawn(serve(listener, front, self.stop.subscribe()));
        url
    }

    /// A client whose URLs lead to the port.
    fn at(&self, port: &str) -> Client {
        client(&self.cloud, |config| config.endpoint_url(port))
    }

    async fn put(&self, key: &str, body: &str) {
        self.put_in("things", key, body).await;
    }

    async fn put_in(&self, bucket: &str, key: &str, body: &str) -> Option<String> {
        let put = self.client.put_object().bucket(bucket).key(key).body(bytes(body)).send().await.unwrap();
        put.version_id().map(str::to_owned)
    }

    async fn text(&self, bucket: &str, key: &str) -> String {
        let got = self.client.get_object().bucket(bucket).key(key).send().await.unwrap();
        String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap()
    }

    async fn set_versioning(&self, bucket: &str, status: BucketVersioningStatus) {
        let configuration = VersioningConfiguration::builder().status(status).build();
        let put = self.client.put_bucket_versioning().bucket(bucket).versioning_configuration(configuration);
        put.send().await.unwrap();
    }

    async fn begin(&self, key: &str) -> String {
        let begun = self.client.create_multipart_upload().bucket("things").key(key).send().await.unwrap();
        begun.upload_id().unwrap().to_owned()
    }

    async fn part(&self, key: &str, upload: &str, number: i32, body: Vec<u8>) -> CompletedPart {
        let part = self.client.upload_part().bucket("things").key(key).upload_id(upload).part_number(number);
        let part = part.body(ByteStream::from(body)).send().await.unwrap();
        let completed =
            CompletedPart::builder().part_number(number).set_e_tag(part.e_tag().map(str::to_owned));
        completed.set_checksum_crc32(part.checksum_crc32().map(str::to_owned)).build()
    }

    async fn complete(&self, key: &str, upload: &str, parts: Vec<CompletedPart>) -> Result<String, String> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket("things").key(key).upload_id(upload);
        match complete.multipart_upload(parts).send().await {
            Ok(done) => Ok(done.e_tag().unwrap().to_owned()),
            Err(error) => Err(error.code().unwrap_or("none").to_owned()),
        }
    }
}

fn client(
    cloud: &Cloud,
    change: impl FnOnce(aws_sdk_s3::config::Builder) -> aws_sdk_s3::config::Builder,
) -> Client {
    let config = aws_sdk_s3::config::Builder::from(&cloud.sdk_config("test"));
    Client::from_conf(change(config).build())
}

fn on_disk(folder: &Path) -> (S3, AccessKeys) {
    let keys = AccessKeys::default();
    (S3::open(&folder.join("s3.sqlite"), &folder.join("s3"), keys.clone()).unwrap(), keys)
}

fn files_in(folder: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let files = folders.flat_map(|it| std::fs::read_dir(it).unwrap());
    files.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

fn bytes(text: &str) -> ByteStream {
    ByteStream::from(text.as_bytes().to_vec())
}

#[track_caller]
fn code<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    answer: Result<T, SdkError<E, R>>,
) -> String {
    answer.unwrap_err().code().unwrap_or("none").to_owned()
}

#[track_caller]
fn status<T: std::fmt::Debug, E: std::fmt::Debug>(
    answer: Result<T, SdkError<E, aws_smithy_runtime_api::client::orchestrator::HttpResponse>>,
) -> u16 {
    answer.unwrap_err().raw_response().unwrap().status().as_u16()
}

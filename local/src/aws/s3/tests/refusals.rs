//! What is refused: by conditions, by permissions, and because it is not done here.

use std::collections::BTreeMap;

use aws_sdk_s3::types::ServerSideEncryption;

use super::super::conditions::WriteCondition;
use super::super::index::{Head, Written};
use super::super::store::now_ms;
use super::*;
use crate::permissions::Permissions;

#[tokio::test]
async fn what_asks_for_tags_or_a_key_of_its_own_is_refused_and_not_written() {
    let s3 = Shelf::open().await;
    let put = || s3.client.put_object().bucket("things").key("a").body(bytes("x"));
    assert_eq!(code(put().tagging("colour=blue").send().await), "NotImplemented");
    let of_kms = ServerSideEncryption::AwsKms;
    assert_eq!(code(put().server_side_encryption(of_kms.clone()).send().await), "NotImplemented");
    let begin = s3.client.create_multipart_upload().bucket("things").key("a").server_side_encryption(of_kms);
    assert_eq!(code(begin.send().await), "NotImplemented");
    assert_eq!(code(s3.client.get_object().bucket("things").key("a").send().await), "NoSuchKey");
    put().server_side_encryption(ServerSideEncryption::Aes256).send().await.unwrap();
    assert_eq!(s3.text("things", "a").await, "x");
}

/// "How to perform conditional deletes": the condition is of the current version, whichever is deleted.
#[tokio::test]
async fn the_deletion_of_a_version_may_be_conditional_on_the_current_one() {
    let s3 = Shelf::open().await;
    let first = s3.put_in("versioned", "a", "1").await.unwrap();
    s3.put_in("versioned", "a", "2").await;
    let etag = |body: &str| format!("\"{}\"", hex::encode(<md5::Md5 as sha2::Digest>::digest(body)));
    let delete = |etag: String| {
        s3.client.delete_object().bucket("versioned").key("a").version_id(&first).if_match(etag).send()
    };
    assert_eq!(code(delete(etag("1")).await), "PreconditionFailed");
    let get = || s3.client.get_object().bucket("versioned").key("a").version_id(&first).send();
    assert!(get().await.is_ok(), "nothing was deleted");
    delete(etag("2")).await.unwrap();
    assert_eq!(code(get().await), "NoSuchVersion");
    assert_eq!(s3.text("versioned", "a").await, "2");
}

#[tokio::test]
async fn versions_are_kept_from_the_moment_they_are_asked_for_even_by_a_write_that_has_begun() {
    let s3 = Shelf::open().await;
    s3.put("a", "before").await;
    s3.put_while("a", || s3.set_versioning("things", BucketVersioningStatus::Enabled)).await.unwrap();
    let listed = s3.client.list_object_versions().bucket("things").send().await.unwrap();
    assert_eq!(listed.versions().len(), 2);
}

#[tokio::test]
async fn a_bucket_that_is_deleted_during_a_write_does_not_come_back() {
    let s3 = Shelf::open().await;
    let delete = || async { s3.client.delete_bucket().bucket("things").send().await.map(|_| ()).unwrap() };
    assert_eq!(s3.put_while("a", delete).await.unwrap_err(), "NoSuchBucket");
}

/// "GetObject": 403 and not 404 for who may not list the bucket.
#[tokio::test]
async fn who_may_not_list_is_not_told_what_is_missing() {
    let s3 = Shelf::open().await;
    s3.put("a", "x").await;
    let reader = s3.guarded("[{ Effect: Allow, Action: 's3:GetObject', Resource: '*' }]");
    assert!(reader.get_object().bucket("things").key("a").send().await.is_ok());
    assert_eq!(code(reader.get_object().bucket("things").key("none").send().await), "AccessDenied");
    assert_eq!(status(reader.head_object().bucket("things").key("none").send().await), 403);
    assert_eq!(code(reader.get_object().bucket("nowhere").key("none").send().await), "NoSuchBucket");
}

#[tokio::test]
async fn who_may_list_is_told_what_is_missing() {
    let s3 = Shelf::open().await;
    let reader = s3.guarded("[{ Effect: Allow, Action: ['s3:GetObject', 's3:ListBucket'], Resource: '*' }]");
    assert_eq!(code(reader.get_object().bucket("things").key("none").send().await), "NoSuchKey");
    assert_eq!(status(reader.head_object().bucket("things").key("none").send().await), 404);
}

/// "DeleteObjects": each object is answered for itself.
#[tokio::test]
async fn of_many_deletions_the_one_that_is_not_allowed_is_refused_alone() {
    let s3 = Shelf::open().await;
    for key in ["mine/1", "others/1", "mine/2"] {
        s3.put(key, "x").await;
    }
    let mine = "[{ Effect: Allow, Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::things/mine/*' }]";
    let keys =
        ["mine/1", "others/1", "mine/2"].map(|it| ObjectIdentifier::builder().key(it).build().unwrap());
    let wanted = Delete::builder().set_objects(Some(keys.into())).build().unwrap();
    let done = s3.guarded(mine).delete_objects().bucket("things").delete(wanted).send().await.unwrap();
    assert_eq!(done.deleted().iter().filter_map(|it| it.key()).collect::<Vec<_>>(), ["mine/1", "mine/2"]);
    let refused: Vec<_> = done.errors().iter().map(|it| (it.key().unwrap(), it.code().unwrap())).collect();
    assert_eq!(refused, [("others/1", "AccessDenied")]);
    assert_eq!(s3.text("things", "others/1").await, "x");
}

impl Shelf {
    /// Writes an object, and lets `meanwhile` happen between its bytes and the index.
    async fn put_while<F: Future<Output = ()>>(
        &self,
        key: &str,
        meanwhile: impl FnOnce() -> F,
    ) -> Result<(), String> {
        let store = &self.s3.store;
        let file = store.write(b"during").await.unwrap();
        meanwhile().await;
        let written = Written { file: file.clone(), size: 6, etag: "e".to_owned(), head: Head::default() };
        let changed = store.index().put("things", key, written, &WriteCondition::default(), now_ms());
        store.settle(changed, &file).await.map(|_| ()).map_err(|it| it.code().as_str().to_owned())
    }

    /// The client of a function with these policies.
    fn guarded(&self, statements: &str) -> Client {
        let template = format!(
            "Resources: {{ UseThingsFunction: {{ Type: AWS::Serverless::Function, Properties: {{ \
             Policies: [{{ Version: '2012-10-17', Statement: {statements} }}] }} }} }}"
        );
        let template = Template::read(&template, &BTreeMap::new()).unwrap();
        self.cloud.guard(Permissions::new(&template.functions, &[]));
        Client::from_conf(aws_sdk_s3::config::Builder::from(&self.cloud.sdk_config("use-things")).build())
    }
}

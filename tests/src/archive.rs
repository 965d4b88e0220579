//! The archive of events, as an auditor reads it.

use penstock_api::envelope::Envelope;
use penstock_local::Platform;

/// What an auditor may rely on.
const READ: &str = "the archive can be read";

/// Every line of every object in the archive, with the object's key.
///
/// # Panics
/// When it cannot be read.
pub async fn archived(platform: &Platform) -> Vec<(String, Envelope)> {
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&platform.sdk_config("auditor")).force_path_style(true).build(),
    );
    let buckets = s3.list_buckets().send().await.expect(READ);
    let bucket = buckets.buckets().iter().find_map(|it| it.name()).expect(READ).to_owned();
    let mut pages = s3.list_objects_v2().bucket(&bucket).into_paginator().send();
    let mut lines = Vec::new();
    while let Some(page) = pages.next().await {
        for key in page.expect(READ).contents().iter().filter_map(|it| it.key()) {
            let object = s3.get_object().bucket(&bucket).key(key).send().await.expect(READ);
            let text = String::from_utf8(object.body.collect().await.expect(READ).to_vec()).expect(READ);
            assert!(text.ends_with('\n'), "{key}");
            lines.extend(text.lines().map(|line| (key.to_owned(), Envelope::read(line).expect(READ))));
        }
    }
    lines
}

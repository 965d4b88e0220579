//! The cases of `tests/conformance`, over the platform's AWS port.

use std::path::PathBuf;

use penstock_local::{Options, Platform};
use penstock_tests::guards::tree;
use tokio::process::Command;

/// The Python that has boto3 and pytest; `cargo xtask test conformance` says it.
const PYTHON: &str = "PENSTOCK_PYTHON";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs boto3; `cargo xtask test conformance` brings it"]
async fn boto3_finds_what_aws_documents() {
    let python =
        PathBuf::from(std::env::var_os(PYTHON).expect("PENSTOCK_PYTHON names a Python that has boto3"));
    let platform = Platform::start(Options::memory()).await.expect("the platform starts");
    let cases = Command::new(python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider", "--against", "platform", "tests/conformance"])
        .current_dir(tree::root())
        .env("AWS_ENDPOINT_URL", platform.aws_url())
        .env("AWS_REGION", penstock_local::template::REGION)
        .env("AWS_DEFAULT_REGION", penstock_local::template::REGION)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .status()
        .await
        .expect("Python starts");
    platform.stop().await;
    assert!(cases.success(), "{cases}");
}

//! What functions may do, against what all the other tests saw them doing.

use std::collections::BTreeMap;

use penstock_local::TEMPLATE;
use penstock_local::permissions::{LOG_VARIABLE, Permissions, Report};
use penstock_local::template::Template;
use penstock_local::{Options, Platform};
use penstock_tests::runtime;
use penstock_tests::shop::{Shop, product};
use serde_json::json;

#[test]
#[ignore = "it comes after all the others, which log what they use: cargo xtask permissions"]
fn every_permission_is_used_by_a_test() {
    let log = std::env::var(LOG_VARIABLE).expect("run it by `cargo xtask permissions`");
    let log = std::fs::read_to_string(log).expect("the other tests have run and logged what they used");
    let report = Report::new(&of_the_template(), &log).expect("the log is one of used permissions");
    println!("{report}");
    assert_eq!(report.unused(), [""; 0]);
}

#[test]
fn a_function_without_policies_is_listed_too() {
    let listed = Report::new(&of_the_template(), "").expect("nothing is a log").to_string();
    assert!(listed.contains("refuse-route\n  nothing\n"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_no_policy_allows_is_refused_and_the_caller_is_told_to_try_again() {
    let put_item = "                - dynamodb:PutItem\n                - dynamodb:GetItem\n";
    let template = TEMPLATE.replacen(put_item, "                - dynamodb:GetItem\n", 1);
    assert_ne!(template, TEMPLATE);
    let shop = Shop::open_on(Options { template, ..runtime::options() }).await;
    let refused = shop.order(1).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "unavailable"), "{}", refused.text);
    let calls = shop.platform.calls().of("create-order");
    let put = calls.iter().find(|call| call.operation == "PutItem").expect("it was tried");
    assert_eq!(put.error.as_deref(), Some("AccessDeniedException"));
}

/// In one process another function has read a tenant's settings before, and they are remembered.
#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_within_the_tenants_limits_by_a_function_that_remembers_nothing() {
    let parameters = BTreeMap::from([("CacheTtlSeconds".to_owned(), "0".to_owned())]);
    let shop = Shop::open_on(Options { parameters, ..runtime::options() }).await;
    let id = shop.draft(1).await;
    let lines = json!({"items": [{"productId": product(1), "quantity": 3}]});
    let edited = shop.command("PUT", &format!("/v1/orders/{id}/lines"), 2, &lines).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    let read = shop.platform.calls().of("edit-draft");
    assert!(read.iter().any(|call| call.operation == "GetItem"), "{read:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_whose_function_may_not_read_the_stream_does_not_start() {
    let template = TEMPLATE.replacen("                - dynamodb:GetRecords\n", "", 1);
    let error =
        Platform::start(Options { template, ..runtime::options() }).await.err().expect("it must not start");
    assert_eq!(error.to_string(), "mapping ProjectOrdersMapping cannot run; AWS would not create it");
}

fn of_the_template() -> Permissions {
    let parameters = BTreeMap::from([("JwtIssuer".to_owned(), "https://issuer".to_owned())]);
    let template = Template::read(TEMPLATE, &parameters).expect("the template can be read");
    Permissions::new(&template.functions, &template.tables)
}

//! Dependencies point one way.

use std::collections::BTreeSet;

use penstock_tests::guards::directions::{Package, packages, wrong_ways};
use penstock_tests::guards::tree;

#[test]
fn dependencies_point_one_way() {
    let packages = packages(&tree::metadata_for_lambda());
    assert!(packages.iter().any(|package| package.name == "penstock-domain" && !package.contains.is_empty()));
    assert_eq!(wrong_ways(&packages, &functions()), NOTHING);
}

#[test]
fn a_domain_that_knows_the_platform_is_reported() {
    let planted =
        [package("penstock-domain", &["penstock-platform"], &[]), package("penstock-platform", &[], &[])];
    assert_eq!(wrong_ways(&planted, &functions()), ["penstock-domain must not depend on penstock-platform"]);
}

#[test]
fn a_domain_that_reaches_aws_through_others_is_reported() {
    let planted = [package("penstock-domain", &["harmless"], &["harmless", "aws-types", "tokio"])];
    let reported = wrong_ways(&planted, &functions());
    assert_eq!(
        reported,
        ["penstock-domain must not depend on aws-types", "penstock-domain must not depend on tokio"]
    );
}

#[test]
fn use_cases_that_know_http_are_reported() {
    let planted = [package("penstock-application", &["http"], &["http"])];
    assert_eq!(wrong_ways(&planted, &functions()), ["penstock-application must not depend on http"]);
}

#[test]
fn a_function_that_uses_another_is_reported() {
    let planted = [
        package("penstock-get-order", &["penstock-list-orders"], &[]),
        package("penstock-list-orders", &[], &[]),
    ];
    assert_eq!(
        wrong_ways(&planted, &functions()),
        ["penstock-get-order must not depend on penstock-list-orders"]
    );
}

const NOTHING: [&str; 0] = [];

fn functions() -> BTreeSet<String> {
    tree::folders("functions").iter().map(|function| format!("penstock-{function}")).collect()
}

fn package(name: &str, names: &[&str], contains: &[&str]) -> Package {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Package { name: name.to_owned(), names: set(names), contains: set(contains) }
}

//! The laptop knows nothing of orders; functions are thin.

use penstock_tests::guards::sources::{Binary, MAIN_LINES_MAX, binaries, knowing, long, misbuilt};
use penstock_tests::guards::tree;

/// The one table of functions, and the one file of `local/` that may name them.
const TABLE: &str = "local/src/suite.rs";

#[test]
fn the_laptop_knows_nothing_of_orders() {
    let files: Vec<_> =
        tree::files("local/src", ".rs").into_iter().filter(|(path, _)| path != TABLE).collect();
    assert!(files.len() > 10);
    assert_eq!(knowing(&files, &crates_of_orders()), NOTHING);
}

#[test]
fn a_file_that_names_the_domain_is_reported() {
    let planted =
        [file("local/src/gateway.rs", "use penstock_domain::order::Order;\nuse penstock_platform::x;")];
    assert_eq!(knowing(&planted, &crates_of_orders()), ["local/src/gateway.rs names penstock_domain"]);
}

#[test]
fn every_main_is_thin() {
    let mains: Vec<_> =
        tree::files("functions", ".rs").into_iter().filter(|(path, _)| path.ends_with("/main.rs")).collect();
    assert_eq!(mains.len(), tree::folders("functions").len());
    assert_eq!(long(&mains), NOTHING);
}

#[test]
fn a_main_that_does_something_is_reported() {
    let planted = [file("functions/ship-order/src/main.rs", &"\n".repeat(MAIN_LINES_MAX + 1))];
    assert_eq!(long(&planted), ["functions/ship-order/src/main.rs has 26 lines; a main.rs has at most 25"]);
}

#[test]
fn every_function_is_one_binary_that_tests_leave_alone() {
    assert_eq!(misbuilt(&tree::folders("functions"), &binaries(&tree::metadata())), NOTHING);
}

#[test]
fn a_function_with_another_binary_or_with_a_tested_one_is_reported() {
    let binary = |name: &str, tested| Binary {
        package: "penstock-ship-order".to_owned(),
        name: name.to_owned(),
        tested,
    };
    let reported = |binaries: &[Binary]| misbuilt([&"ship-order".to_owned()], binaries);
    assert_eq!(reported(&[binary("ship-order", false)]), NOTHING);
    assert_eq!(
        reported(&[binary("bootstrap", false)]),
        ["penstock-ship-order: should have one binary, ship-order"]
    );
    assert_eq!(reported(&[]), ["penstock-ship-order: should have one binary, ship-order"]);
    assert_eq!(
        reported(&[binary("ship-order", true)]),
        ["penstock-ship-order: its binary needs `test = false`, or every test run links it"]
    );
}

const NOTHING: [&str; 0] = [];

fn crates_of_orders() -> Vec<String> {
    let functions = tree::folders("functions").into_iter();
    let layers = ["domain", "application", "api"].map(str::to_owned);
    functions.chain(layers).map(|name| format!("penstock_{}", name.replace('-', "_"))).collect()
}

fn file(path: &str, text: &str) -> (String, String) {
    (path.to_owned(), text.to_owned())
}

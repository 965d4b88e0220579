//! Licences of all dependencies.

use penstock_tests::guards::licences::{refused, stated};
use penstock_tests::guards::tree;

#[test]
fn every_dependency_may_be_used_under_a_permissive_licence() {
    let stated = stated(&tree::metadata());
    assert!(stated.len() > 100, "cargo knows only {} packages", stated.len());
    assert_eq!(refused(&stated), [""; 0]);
}

#[test]
fn copyleft_and_missing_licences_are_reported() {
    let reported =
        |licence: Option<&str>| refused(&[("planted 1.0.0".to_owned(), licence.map(str::to_owned))]);
    for licence in ["GPL-3.0-only", "AGPL-3.0-or-later", "LGPL-2.1", "SSPL-1.0", "MIT AND GPL-2.0-only"] {
        assert_eq!(reported(Some(licence)), [format!("planted 1.0.0: `{licence}` is not permitted")]);
    }
    assert_eq!(reported(None), ["planted 1.0.0: states no licence"]);
    assert_eq!(reported(Some("as you like")).len(), 1);
}

#[test]
fn a_choice_that_includes_a_permissive_licence_is_fine() {
    let choices = [
        "MIT OR GPL-2.0-only",
        "MIT/Apache-2.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ];
    let packages = choices.map(|licence| ("planted 1.0.0".to_owned(), Some(licence.to_owned())));
    assert_eq!(refused(&packages), [""; 0]);
}

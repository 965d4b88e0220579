//! `docs/transitions.md` ⇔ the order's life ⇔ the tests.

use penstock_tests::guards::transitions::{faults, wanted};
use penstock_tests::guards::tree;

const DOCUMENT: &str = "docs/transitions.md";

#[test]
fn every_state_and_every_transition_names_its_test() {
    assert_eq!(wanted().len(), 22 + 1 + 14);
    assert_eq!(faults(&tree::text(DOCUMENT), &sources()), [""; 0]);
}

#[test]
fn a_transition_without_a_test_is_reported() {
    let document = tree::text(DOCUMENT);
    let row = document.lines().find(|line| line.starts_with("| LOST | issueRefund |")).unwrap();
    let without = "| LOST | issueRefund | REFUNDED | none |";
    for planted in [document.replace(row, ""), document.replace(row, without)] {
        assert_eq!(faults(&planted, &sources()), ["| LOST | issueRefund | REFUNDED | names no test"]);
    }
}

#[test]
fn a_test_that_is_gone_is_reported() {
    let planted = tree::text(DOCUMENT).replace("parcels::a_lost_order_is_paid_back", "parcels::a_lost_order");
    let gone = "there is no test checkout::parcels::a_lost_order](../tests/suite/checkout/parcels.rs";
    assert_eq!(faults(&planted, &sources()), [gone]);
    let mut sources = sources();
    let (_, text) = sources.iter_mut().find(|(path, _)| path == "tests/suite/checkout/parcels.rs").unwrap();
    *text =
        text.replace("async fn a_lost_order_is_paid_back()", "async fn a_lost_order_is_paid_back_later()");
    let gone =
        "there is no test checkout::parcels::a_lost_order_is_paid_back](../tests/suite/checkout/parcels.rs";
    assert_eq!(faults(&tree::text(DOCUMENT), &sources), [gone]);
}

fn sources() -> Vec<(String, String)> {
    tree::files("tests/suite", ".rs")
}

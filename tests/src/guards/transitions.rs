//! The table of the order's life in `docs/transitions.md`: nothing of it is missing, and the tests that it names are there.

use std::collections::BTreeSet;

use penstock_domain::order::{Status, TRANSITIONS};

/// Where tests are.
const TESTS: &str = "tests/suite/";

/// The rows that the table must have: `| DRAFT | placeOrder | PENDING |`, and one for each state.
#[must_use]
pub fn wanted() -> BTreeSet<String> {
    let transitions = TRANSITIONS.iter().map(|(from, by, to)| format!("| {from} | {by} | {to} |"));
    let created = "| (none) | createOrder | DRAFT |".to_owned();
    transitions.chain([created]).chain(states().iter().map(|it| format!("| {it} |"))).collect()
}

/// What is wrong with the table, given the sources by their paths.
#[must_use]
pub fn faults(document: &str, sources: &[(String, String)]) -> Vec<String> {
    let rows: Vec<(&str, Vec<&str>)> = document.lines().filter_map(row).collect();
    let there: BTreeSet<&str> =
        rows.iter().filter(|(_, tests)| !tests.is_empty()).map(|(row, _)| *row).collect();
    let missing = wanted().into_iter().filter(|it| !there.contains(it.as_str()));
    let missing = missing.map(|it| format!("{it} names no test"));
    let named: BTreeSet<&str> = rows.iter().flat_map(|(_, tests)| tests.iter().copied()).collect();
    let unknown = named.into_iter().filter(|it| !exists(it, sources));
    missing.chain(unknown.map(|it| format!("there is no test {it}"))).collect()
}

fn states() -> BTreeSet<Status> {
    TRANSITIONS.iter().flat_map(|(from, _, to)| [*from, *to]).collect()
}

/// A row without its last cell, which holds links to tests, and the tests: `[checkout::name](../tests/suite/checkout.rs)` is
/// `tests/suite/checkout.rs::name`.
fn row(line: &str) -> Option<(&str, Vec<&str>)> {
    let (row, tests) = line.strip_suffix(" |")?.rsplit_once(" | ")?;
    let links = tests.split("), ").filter_map(|it| it.trim_end_matches(')').strip_prefix('['));
    let row = &line[..row.len() + 2];
    Some((row, links.collect()))
}

/// Whether a link, `checkout::name](../tests/suite/checkout.rs`, leads to a test of that name.
fn exists(link: &str, sources: &[(String, String)]) -> bool {
    let Some((name, path)) = link.split_once("](../") else { return false };
    let (module, test) = name.rsplit_once("::").unwrap_or_default();
    let of_module = format!("{TESTS}{}.rs", module.replace("::", "/"));
    let source = sources.iter().find(|(of, _)| of == path && *of == of_module);
    let is_test = |text: &String| {
        let text = text.replace("async fn ", "fn ");
        let after = |attribute| text.contains(&format!("{attribute}\nfn {test}()"));
        after("#[test]") || after("#[tokio::test]") || after("#[tokio::test(flavor = \"multi_thread\")]")
    };
    source.is_some_and(|(_, text)| is_test(text))
}

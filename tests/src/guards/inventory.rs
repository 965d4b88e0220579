//! The same functions everywhere: folders, template, the laptop's table, samples.

use std::collections::{BTreeMap, BTreeSet};

use super::template::Function;
use crate::samples::Sample;

/// What either of two places has and the other has not.
#[must_use]
pub fn differences(one: (&str, &BTreeSet<String>), other: (&str, &BTreeSet<String>)) -> Vec<String> {
    let missing = |has: (&str, &BTreeSet<String>), lacks: (&str, &BTreeSet<String>)| -> Vec<String> {
        has.1.difference(lacks.1).map(|it| format!("{it}: {} has it, {} has not", has.0, lacks.0)).collect()
    };
    [missing(one, other), missing(other, one)].concat()
}

/// Functions whose logical id is not their folder's name, `create-order` → `CreateOrderFunction`.
#[must_use]
pub fn misnamed(functions: &[Function]) -> Vec<String> {
    let named_otherwise =
        functions.iter().filter(|function| function.logical_id != logical_id(&function.folder));
    named_otherwise
        .map(|function| format!("{}: should be called {}", function.logical_id, logical_id(&function.folder)))
        .collect()
}

fn logical_id(folder: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    folder.split('-').filter(|word| !word.is_empty()).map(capitalised).collect::<String>() + "Function"
}

/// Functions that answer what another company signed a moment ago, which no sample can be: `tests/suite/checkout.rs` shows them
/// succeed.
pub const SIGNED: [&str; 2] = ["receive-carrier-webhook", "receive-payment-webhook"];

/// The function whose work is to refuse: what it refuses is its success.
pub const REFUSES: &str = "refuse-route";

/// Functions without a sample that succeeds or without one that is refused.
#[must_use]
pub fn unsampled(functions: &BTreeSet<String>, samples: &[Sample]) -> Vec<String> {
    let mut kinds: BTreeMap<&str, BTreeSet<bool>> = BTreeMap::new();
    for sample in samples {
        let refused = if sample.function == REFUSES { sample.is_error() } else { sample.is_refusal() };
        kinds.entry(&sample.function).or_default().insert(refused);
    }
    let has =
        |function: &str, refusal: bool| kinds.get(function).is_some_and(|kinds| kinds.contains(&refusal));
    let lacks = |refusal: bool, what: &str| -> Vec<String> {
        let signed = |function: &str| !refusal && SIGNED.contains(&function);
        let lacking = functions.iter().filter(|function| !has(function, refusal) && !signed(function));
        lacking.map(|function| format!("{function}: events/{function} has no sample that {what}")).collect()
    };
    [lacks(false, "succeeds"), lacks(true, "is refused")].concat()
}

/// Samples of a request that the template routes to another function, or to none.
#[must_use]
pub fn misrouted(functions: &[Function], samples: &[Sample]) -> Vec<String> {
    let routed = |sample: &Sample, key: &str| {
        let mut of = functions.iter().filter(|function| function.folder == sample.function);
        of.any(|function| function.routes.iter().any(|route| route.key == key))
    };
    let requests = samples.iter().filter_map(|sample| Some((sample, sample.event["routeKey"].as_str()?)));
    requests
        .filter(|(sample, key)| !routed(sample, key))
        .map(|(sample, key)| format!("{}: {key} does not lead to {}", sample.name(), sample.function))
        .collect()
}

/// Files of `events/` that belong to no sample, by their paths.
#[must_use]
pub fn strays(paths: &BTreeSet<String>) -> Vec<String> {
    let belongs = |path: &String| {
        let case = path.strip_suffix(".reply.json").or_else(|| path.strip_suffix(".given.json"));
        case.is_none_or(|case| paths.contains(&format!("{case}.json")))
    };
    paths.iter().filter(|path| !belongs(path)).map(|path| format!("{path} belongs to no sample")).collect()
}

//! Conditions of a statement against the context of a request.
//!
//! Source: "IAM JSON policy elements: Condition operators" and "Multivalued context keys", IAM User Guide.

use std::collections::BTreeMap;

use super::pattern::matches;
use crate::template::{Condition, Operator, Set, Test};

/// Whether the condition holds for a request with this context.
pub(super) fn holds(condition: &Condition, context: &BTreeMap<&'static str, Vec<String>>) -> bool {
    let Operator { test, set, if_exists } = condition.operator;
    let given = context.get(condition.key.as_str());
    if test == Test::Absent {
        let wants_absent = condition.values.iter().any(|it| it.eq_ignore_ascii_case("true"));
        return wants_absent == given.is_none();
    }
    let Some(given) = given else {
        let negated = matches!(test, Test::NotEquals | Test::NotLike);
        return if_exists || set == Set::All || (set == Set::One && negated);
    };
    match set {
        Set::One | Set::Any => given.iter().any(|it| passes(test, it, &condition.values)),
        Set::All => given.iter().all(|it| passes(test, it, &condition.values)),
    }
}

fn passes(test: Test, given: &str, values: &[String]) -> bool {
    match test {
        Test::Equals => values.iter().any(|it| it == given),
        Test::NotEquals => values.iter().all(|it| it != given),
        Test::EqualsIgnoringCase => values.iter().any(|it| it.eq_ignore_ascii_case(given)),
        Test::Like => values.iter().any(|it| matches(it, given)),
        Test::NotLike => values.iter().all(|it| !matches(it, given)),
        Test::Absent => false,
    }
}

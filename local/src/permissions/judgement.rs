//! Whether statements allow one action on one resource: what one denies is denied, what none allows is refused.

use super::conditions;
use super::needs::Need;
use super::pattern::{matches, matches_action};
use super::usage::label;
use crate::template::{Scope, Statement};

/// What comes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// By these patterns of a statement.
    Allowed { action: String, resource: String },
    /// A statement denies it.
    Denied,
    /// No statement allows it.
    NotAllowed,
}

pub(super) fn judge(statements: &[Statement], need: &Need) -> Verdict {
    let about = |allows: bool| statements.iter().filter(move |it| it.allows == allows);
    if about(false).any(|it| applies(it, need).is_some()) {
        return Verdict::Denied;
    }
    let allowed = about(true).find_map(|it| applies(it, need));
    allowed.map_or(Verdict::NotAllowed, |(action, resource)| Verdict::Allowed { action, resource })
}

/// The patterns by which a statement is about the need, if it is.
fn applies(statement: &Statement, need: &Need) -> Option<(String, String)> {
    let action = covers(&statement.actions, |pattern| matches_action(pattern, &need.action))?;
    let resource = covers(&statement.resources, |pattern| matches(pattern, &need.resource))?;
    statement.conditions.iter().all(|it| conditions::holds(it, &need.context)).then_some((action, resource))
}

fn covers(scope: &Scope, is_it: impl Fn(&str) -> bool) -> Option<String> {
    match scope {
        Scope::In(patterns) => patterns.iter().find(|it| is_it(it)).cloned(),
        Scope::NotIn(patterns) => (!patterns.iter().any(|it| is_it(it))).then(|| label(scope).concat()),
    }
}

//! What a function's `Policies` allow: statements as IAM has them, SAM's policy templates written out.
//!
//! It reads and judges nothing. A condition or a policy that is not understood here is an error, never passed over: it would
//! allow on the laptop what AWS refuses, or the other way round.

use super::error::TemplateError;
use super::node::Node;
use super::sam_policies::{self, NO_EFFECT};

/// A statement of a policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Whether it allows; else it denies.
    pub allows: bool,
    /// The actions it is about.
    pub actions: Scope,
    /// The resources it is about.
    pub resources: Scope,
    /// What must hold besides.
    pub conditions: Vec<Condition>,
}

/// What a statement is about, as patterns in which `*` and `?` stand for anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// These.
    In(Vec<String>),
    /// All but these (`NotAction`, `NotResource`).
    NotIn(Vec<String>),
}

/// One condition of a statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// How values are compared.
    pub operator: Operator,
    /// The key of the request's context, in lower case.
    pub key: String,
    /// The values it is compared with.
    pub values: Vec<String>,
}

/// A condition's operator with what stands before and after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    /// How one value is compared with one.
    pub test: Test,
    /// How many of the request's values must pass.
    pub set: Set,
    /// Whether it holds when the request has no such key (`…IfExists`).
    pub if_exists: bool,
}

/// How a value of the request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Equal (`StringEquals`).
    Equals,
    /// Equal to none (`StringNotEquals`).
    NotEquals,
    /// Equal but for case (`StringEqualsIgnoreCase`, `Bool`).
    EqualsIgnoringCase,
    /// Matching a pattern (`StringLike`, `ArnLike`, `ArnEquals`).
    Like,
    /// Matching none (`StringNotLike`, `ArnNotLike`, `ArnNotEquals`).
    NotLike,
    /// Whether the key is absent (`Null`).
    Absent,
}

/// How many of the request's values must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// There is one value.
    One,
    /// All, or there are none (`ForAllValues:`).
    All,
    /// At least one (`ForAnyValue:`).
    Any,
}

/// The keys of a request's context that the laptop knows.
pub const CONDITION_KEYS: &[&str] = &[
    "aws:principalaccount",
    "aws:requestedregion",
    "dynamodb:leadingkeys",
    "dynamodb:returnvalues",
    "dynamodb:select",
    "s3:prefix",
    "secretsmanager:versionstage",
];

/// Reads `Policies`: a text, a policy, or a list of either.
pub(super) fn read(properties: &Node<'_>) -> Result<Vec<Statement>, TemplateError> {
    let Some(policies) = properties.get("Policies") else { return Ok(vec![]) };
    let policies = if policies.value.is_array() { policies.items()? } else { vec![policies] };
    let mut statements = Vec::new();
    for policy in policies {
        statements.extend(of_policy(&policy)?);
    }
    Ok(statements)
}

/// What SAM adds for events that a mapping reads: a managed policy for queues or streams of the whole account.
pub(super) fn of_events(properties: &Node<'_>) -> Result<Vec<Statement>, TemplateError> {
    let mut statements = Vec::new();
    for (_, event) in properties.get("Events").iter().flat_map(Node::members) {
        statements.extend(sam_policies::of_event(&event.need("Type")?.text()?));
    }
    Ok(statements)
}

fn of_policy(policy: &Node<'_>) -> Result<Vec<Statement>, TemplateError> {
    if let Some(name) = policy.value.as_str() {
        let harmless = NO_EFFECT.contains(&name.rsplit('/').next().unwrap_or(name));
        return if harmless { Ok(vec![]) } else { Err(policy.wrong("a policy that is understood here")) };
    }
    match policy.get("Statement") {
        Some(written) if written.value.is_array() => written.items()?.iter().map(statement).collect(),
        Some(written) => Ok(vec![statement(&written)?]),
        None => sam_policies::expand(policy),
    }
}

fn statement(written: &Node<'_>) -> Result<Statement, TemplateError> {
    let effect = written.need("Effect")?;
    let allows = match effect.text()?.as_str() {
        "Allow" => true,
        "Deny" => false,
        _ => return Err(effect.wrong("Allow or Deny")),
    };
    let mut conditions = Vec::new();
    for (operator, keys) in written.get("Condition").iter().flat_map(Node::members) {
        for (key, values) in keys.members() {
            conditions.push(condition(operator, key, &keys, &values)?);
        }
    }
    Ok(Statement {
        allows,
        actions: scope(written, "Action", "NotAction")?,
        resources: scope(written, "Resource", "NotResource")?,
        conditions,
    })
}

fn scope(written: &Node<'_>, these: &str, not_these: &str) -> Result<Scope, TemplateError> {
    match written.get(not_these) {
        Some(patterns) => Ok(Scope::NotIn(patterns.texts()?)),
        None => Ok(Scope::In(written.need(these)?.texts()?)),
    }
}

fn condition(
    operator: &str,
    key: &str,
    keys: &Node<'_>,
    values: &Node<'_>,
) -> Result<Condition, TemplateError> {
    let operator =
        self::operator(operator).ok_or_else(|| keys.wrong("under an operator that is understood here"))?;
    let key = key.to_lowercase();
    if !CONDITION_KEYS.contains(&key.as_str()) {
        return Err(values.wrong("under a condition key that is understood here"));
    }
    Ok(Condition { operator, key, values: values.texts()? })
}

fn operator(name: &str) -> Option<Operator> {
    let (set, name) = match name.split_once(':') {
        Some(("ForAllValues", name)) => (Set::All, name),
        Some(("ForAnyValue", name)) => (Set::Any, name),
        Some(_) => return None,
        None => (Set::One, name),
    };
    let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
    let test = match name {
        "StringEquals" => Test::Equals,
        "StringNotEquals" => Test::NotEquals,
        "StringEqualsIgnoreCase" | "Bool" => Test::EqualsIgnoringCase,
        "StringLike" | "ArnLike" | "ArnEquals" => Test::Like,
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Test::NotLike,
        "Null" => Test::Absent,
        _ => return None,
    };
    Some(Operator { test, set, if_exists })
}

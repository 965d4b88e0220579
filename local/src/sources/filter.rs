//! `FilterCriteria` of event source mappings: which records a function is to get at all.
//!
//! Source: "Control which events Lambda sends to your function", AWS Lambda Developer Guide. What is matched is a record as the
//! function would get it; a queue's body that is JSON is matched as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A pattern: a record matches when all its fields do.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter(Fields);

#[derive(Debug, Clone, PartialEq, Default)]
struct Fields {
    by_name: BTreeMap<String, Field>,
    /// `$or`: one of these must match too.
    any_of: Vec<Fields>,
}

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Object(Fields),
    /// One of these must match.
    Leaf(Vec<Rule>),
}

#[derive(Debug, Clone, PartialEq)]
enum Rule {
    Equals(Value),
    EqualsIgnoreCase(String),
    Prefix(String),
    Suffix(String),
    AnythingBut(Vec<Rule>),
    Numeric(Vec<(Comparison, f64)>),
    Exists(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

/// Why a text is no pattern, in words.
pub type Malformed = String;

impl Filter {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is none; the reason in words.
    pub fn parse(pattern: &str) -> Result<Self, Malformed> {
        match serde_json::from_str(pattern) {
            Ok(Value::Object(pattern)) => fields(&pattern).map(Self),
            Ok(_) => Err("a pattern is an object".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether a record matches.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.0.match_value(Some(record))
    }
}

/// Whether a record goes to the function: it matches one of the filters, or there are none.
#[must_use]
pub fn passes(filters: &[Filter], record: &Value) -> bool {
    filters.is_empty() || filters.iter().any(|it| it.matches(record))
}

fn fields(pattern: &Map<String, Value>) -> Result<Fields, Malformed> {
    let mut read = Fields::default();
    for (name, value) in pattern {
        match value {
            Value::Array(patterns) if name == "$or" && patterns.iter().all(Value::is_object) => {
                read.any_of =
                    patterns.iter().filter_map(Value::as_object).map(fields).collect::<Result<_, _>>()?;
            }
            Value::Object(inner) => {
                read.by_name.insert(name.clone(), Field::Object(fields(inner)?));
            }
            Value::Array(rules) if !rules.is_empty() => {
                let rules = rules.iter().map(rule).collect::<Result<_, _>>()?;
                read.by_name.insert(name.clone(), Field::Leaf(rules));
            }
            _ => return Err(format!("{name} must be an object, or a list of what it may be")),
        }
    }
    Ok(read)
}

fn rule(value: &Value) -> Result<Rule, Malformed> {
    let Value::Object(map) = value else {
        return if value.is_array() {
            Err(format!("{value} is no rule"))
        } else {
            Ok(Rule::Equals(value.clone()))
        };
    };
    let unknown = || format!("{value} is no rule that is known here");
    let (name, argument) = map.iter().next().filter(|_| map.len() == 1).ok_or_else(unknown)?;
    let text = || argument.as_str().map(str::to_owned).ok_or_else(unknown);
    match name.as_str() {
        "prefix" => Ok(Rule::Prefix(text()?)),
        "suffix" => Ok(Rule::Suffix(text()?)),
        "equals-ignore-case" => Ok(Rule::EqualsIgnoreCase(text()?.to_lowercase())),
        "exists" => argument.as_bool().map(Rule::Exists).ok_or_else(unknown),
        "anything-but" => match argument {
            Value::Array(values) => values.iter().map(rule).collect::<Result<_, _>>().map(Rule::AnythingBut),
            one => Ok(Rule::AnythingBut(vec![rule(one)?])),
        },
        "numeric" => comparisons(argument).map(Rule::Numeric).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

/// `[">", 0, "<=", 5]`.
fn comparisons(argument: &Value) -> Option<Vec<(Comparison, f64)>> {
    let pairs = argument.as_array().filter(|it| !it.is_empty())?.chunks(2);
    pairs.map(|pair| Some((comparison(pair.first()?)?, pair.get(1)?.as_f64()?))).collect()
}

fn comparison(operator: &Value) -> Option<Comparison> {
    match operator.as_str()? {
        "<" => Some(Comparison::Less),
        "<=" => Some(Comparison::LessOrEqual),
        "=" => Some(Comparison::Equal),
        ">=" => Some(Comparison::GreaterOrEqual),
        ">" => Some(Comparison::Greater),
        _ => None,
    }
}

impl Fields {
    /// A list matches when one of its items does; what is not there or no object has no fields.
    fn match_value(&self, value: Option<&Value>) -> bool {
        match value {
            Some(Value::Array(items)) => items.iter().any(|it| self.match_value(Some(it))),
            value => {
                self.by_name.iter().all(|(name, field)| field.matches(value.and_then(|it| it.get(name))))
                    && (self.any_of.is_empty() || self.any_of.iter().any(|it| it.match_value(value)))
            }
        }
    }
}

impl Field {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Object(fields) => fields.match_value(value),
            Self::Leaf(rules) => rules.iter().any(|rule| rule.matches(value)),
        }
    }
}

impl Rule {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            // Only a leaf counts as there.
            (Self::Exists(wanted), value) => *wanted == value.is_some_and(|it| !it.is_object()),
            (_, None) => false,
            (rule, Some(Value::Array(items))) => items.iter().any(|it| rule.matches_leaf(it)),
            (rule, Some(value)) => rule.matches_leaf(value),
        }
    }

    fn matches_leaf(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Equals(wanted) => match (wanted.as_f64(), value.as_f64()) {
                (Some(wanted), Some(value)) => wanted == value,
                _ => wanted == value,
            },
            Self::EqualsIgnoreCase(wanted) => text.is_some_and(|it| it.to_lowercase() == *wanted),
            Self::Prefix(prefix) => text.is_some_and(|it| it.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|it| it.ends_with(suffix)),
            Self::AnythingBut(rules) => !value.is_object() && !rules.iter().any(|it| it.matches_leaf(value)),
            Self::Numeric(comparisons) => value
                .as_f64()
                .is_some_and(|value| comparisons.iter().all(|(it, limit)| it.holds(value, *limit))),
            Self::Exists(wanted) => *wanted,
        }
    }
}

impl Comparison {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::LessOrEqual => value <= limit,
            Self::Equal => value == limit,
            Self::GreaterOrEqual => value >= limit,
            Self::Greater => value > limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_matches_when_each_field_is_one_of_its_alternatives() {
        let filter = filter(json!({"body": {"kind": ["a", "b"], "size": [1]}}));
        assert!(filter.matches(&json!({"body": {"kind": "b", "size": 1.0, "more": true}})));
        assert!(!filter.matches(&json!({"body": {"kind": "c", "size": 1}})));
        assert!(!filter.matches(&json!({"body": {"kind": "a"}})));
    }

    #[test]
    fn every_rule_takes_what_it_says_and_nothing_else() {
        let cases = [
            (json!(null), vec![json!(null)], vec![json!("null"), json!(0)]),
            (json!(""), vec![json!("")], vec![json!("x")]),
            (json!({"prefix": "ab"}), vec![json!("abc"), json!(["x", "ab"])], vec![json!("ba"), json!(1)]),
            (json!({"suffix": "bc"}), vec![json!("abc")], vec![json!("bca")]),
            (json!({"equals-ignore-case": "Ab"}), vec![json!("aB")], vec![json!("abc")]),
            (json!({"anything-but": ["a", 1]}), vec![json!("b"), json!(2)], vec![json!("a"), json!(1)]),
            (json!({"anything-but": {"prefix": "a"}}), vec![json!("b")], vec![json!("ab")]),
            (
                json!({"numeric": [">", 0, "<=", 5]}),
                vec![json!(5), json!(0.1)],
                vec![json!(0), json!(6), json!("3")],
            ),
            (json!({"numeric": ["=", 5]}), vec![json!(5.0)], vec![json!(4)]),
            (json!({"exists": true}), vec![json!("x"), json!(null)], vec![json!({"y": 1})]),
        ];
        for (rule, takes, refuses) in cases {
            let filter = filter(json!({"x": [rule]}));
            for value in takes {
                assert!(filter.matches(&json!({"x": value})), "{rule} takes {value}");
            }
            for value in refuses {
                assert!(!filter.matches(&json!({"x": value})), "{rule} refuses {value}");
            }
            assert!(!filter.matches(&json!({"y": 1})), "{rule} refuses what is not there");
        }
    }

    #[test]
    fn what_must_not_exist_may_be_missing_with_all_around_it() {
        let filter = filter(json!({"a": {"b": [{"exists": false}]}}));
        assert!(filter.matches(&json!({})));
        assert!(filter.matches(&json!({"a": {"c": 1}})));
        assert!(!filter.matches(&json!({"a": {"b": 1}})));
    }

    #[test]
    fn one_of_the_alternatives_of_or_must_match() {
        let filter = filter(json!({"kind": ["a"], "$or": [{"x": [1]}, {"y": [{"numeric": [">", 2]}]}]}));
        assert!(filter.matches(&json!({"kind": "a", "x": 1})));
        assert!(filter.matches(&json!({"kind": "a", "y": 3})));
        assert!(!filter.matches(&json!({"kind": "a", "x": 2, "y": 2})));
        assert!(!filter.matches(&json!({"kind": "b", "x": 1})));
    }

    #[test]
    fn a_pattern_for_json_does_not_match_a_text() {
        assert!(!filter(json!({"body": {"kind": ["a"]}})).matches(&json!({"body": "kind a"})));
        assert!(!filter(json!({"body": ["plain"]})).matches(&json!({"body": {"kind": "plain"}})));
    }

    #[test]
    fn what_is_no_pattern_is_refused_in_words() {
        for broken in [
            "[]",
            "no json",
            r#"{"a": 1}"#,
            r#"{"a": []}"#,
            r#"{"a": [{"wild": "x"}]}"#,
            r#"{"a": [{"numeric": [">"]}]}"#,
        ] {
            assert!(Filter::parse(broken).is_err(), "{broken}");
        }
    }

    fn filter(pattern: Value) -> Filter {
        Filter::parse(&pattern.to_string()).unwrap()
    }
}

//! YAML with CloudFormation's short tags, as plain JSON with the long names (`!Ref X` becomes `{"Ref": "X"}`).

use serde_json::{Map, Value};

use super::error::TemplateError;

/// Reads a template's text.
pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    let tree: yaml_serde::Value = yaml_serde::from_str(text).map_err(TemplateError::Unreadable)?;
    Ok(to_json(tree))
}

fn to_json(value: yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Null => Value::Null,
        yaml_serde::Value::Bool(it) => Value::Bool(it),
        yaml_serde::Value::Number(it) => number(&it),
        yaml_serde::Value::String(it) => Value::String(it),
        yaml_serde::Value::Sequence(items) => Value::Array(items.into_iter().map(to_json).collect()),
        yaml_serde::Value::Mapping(map) => {
            Value::Object(map.into_iter().map(|(name, value)| (key(name), to_json(value))).collect())
        }
        yaml_serde::Value::Tagged(tagged) => intrinsic(&tagged.tag.to_string(), to_json(tagged.value)),
    }
}

fn number(it: &yaml_serde::Number) -> Value {
    if let Some(whole) = it.as_i64() {
        return Value::from(whole);
    }
    it.as_u64().map_or_else(|| Value::from(it.as_f64()), Value::from)
}

fn key(name: yaml_serde::Value) -> String {
    match to_json(name) {
        Value::String(it) => it,
        other => other.to_string(),
    }
}

/// `Ref` and `Condition` keep their names, all others gain `Fn::`; `GetAtt A.B` becomes `["A", "B"]`.
fn intrinsic(tag: &str, argument: Value) -> Value {
    let short = tag.trim_start_matches('!');
    let name = match short {
        "Ref" | "Condition" => short.to_owned(),
        other => format!("Fn::{other}"),
    };
    let argument = match (short, argument) {
        ("GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => Value::from(vec![resource, attribute]),
            None => Value::String(path),
        },
        (_, argument) => argument,
    };
    Value::Object(Map::from_iter([(name, argument)]))
}

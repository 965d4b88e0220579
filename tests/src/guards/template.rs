//! `template.yaml` as guards read it: on their own, so that a mistake of the laptop's reader does not hide one of the template.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The template as JSON, with CloudFormation's long names: `!Ref X` is `{"Ref": "X"}`.
#[derive(Debug, Clone)]
pub struct Template(Value);

/// A function of the template.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name among the resources.
    pub logical_id: String,
    /// The folder in `functions/` that its code is in.
    pub folder: String,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its policies, as they stand there.
    pub policies: Vec<Value>,
}

/// A route of the API to a function.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// Method and path, `GET /v1/orders`, or `$default`.
    pub key: String,
    /// Whether anybody may call it.
    pub open: bool,
}

impl Template {
    /// Reads a template.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(json(yaml_serde::from_str(text).expect("template.yaml is YAML")))
    }

    /// Its parameters by name.
    #[must_use]
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        members(&self.0["Parameters"])
    }

    /// What it says of all functions and APIs at once.
    #[must_use]
    pub fn globals(&self) -> Value {
        self.0["Globals"].clone()
    }

    /// Its resources by logical id.
    #[must_use]
    pub fn resources(&self) -> BTreeMap<String, Value> {
        members(&self.0["Resources"])
    }

    /// Its functions.
    #[must_use]
    pub fn functions(&self) -> Vec<Function> {
        let resources = self.resources().into_iter();
        resources
            .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
            .map(|(logical_id, resource)| function(logical_id, &resource["Properties"]))
            .collect()
    }
}

fn function(logical_id: String, properties: &Value) -> Function {
    let folder = string(&properties["CodeUri"]);
    let events = members(&properties["Events"]).into_values();
    Function {
        logical_id,
        folder: folder.strip_prefix("functions/").unwrap_or(&folder).to_owned(),
        routes: events
            .filter(|event| event["Type"] == "HttpApi")
            .map(|event| route(&event["Properties"]))
            .collect(),
        policies: properties["Policies"].as_array().cloned().unwrap_or_default(),
    }
}

fn route(properties: &Value) -> Route {
    let key = match (&properties["Method"], &properties["Path"]) {
        (Value::Null, Value::Null) => "$default".to_owned(),
        (method, path) => format!("{} {}", string(method).to_uppercase(), string(path)),
    };
    Route { key, open: properties["Auth"]["Authorizer"] == "NONE" }
}

fn members(value: &Value) -> BTreeMap<String, Value> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn json(value: yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Sequence(items) => items.into_iter().map(json).collect(),
        yaml_serde::Value::Mapping(members) => {
            let members = members.into_iter().map(|(name, value)| (string(&json(name)), json(value)));
            Value::Object(members.collect())
        }
        yaml_serde::Value::Tagged(tagged) => {
            intrinsic(tagged.tag.to_string().trim_start_matches('!'), json(tagged.value))
        }
        scalar => serde_json::to_value(scalar).expect("a scalar of YAML is one of JSON"),
    }
}

fn intrinsic(tag: &str, argument: Value) -> Value {
    let name = if tag == "Ref" { tag.to_owned() } else { format!("Fn::{tag}") };
    Value::Object(Map::from_iter([(name, argument)]))
}

//! Reads `template.yaml` and says what there is to run: functions, routes, tables, stream mappings.
//!
//! It reads; it starts nothing. What a template says and nobody here does is kept in [`Template::not_done`].

mod api;
mod error;
mod functions;
mod node;
mod resolve;
mod tables;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub use api::{Api, Cors, JwtAuthorizer, Throttle};
pub use error::TemplateError;
pub use functions::{FunctionSpec, RouteSpec, StreamMapping};
pub use resolve::{ACCOUNT, REGION, STACK, function_arn};
pub use tables::Table;

use node::Node;
use resolve::Resolver;

/// What a template describes, as far as it runs here.
#[derive(Debug, Default)]
pub struct Template {
    /// The functions.
    pub functions: Vec<FunctionSpec>,
    /// The HTTP API's routes, in the template's order.
    pub routes: Vec<RouteSpec>,
    /// The stream mappings.
    pub mappings: Vec<StreamMapping>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The HTTP API itself.
    pub api: Api,
    /// What it says and the laptop does not do.
    pub not_done: Vec<NotDone>,
}

/// A resource, or a property of one, that has no effect here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// The logical id.
    pub resource: String,
    /// The property, or the whole resource's type.
    pub what: String,
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.what)
    }
}

impl Template {
    /// Reads `text`, with `parameters` before the template's defaults.
    ///
    /// # Errors
    /// When the text is no template, or one that cannot run; the error names the resource and the property.
    pub fn read(text: &str, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let root = yaml::parse(text)?;
        let resolver = Resolver::new(&root, parameters);
        let mut template = Self::default();
        for (logical_id, resource) in root["Resources"].as_object().into_iter().flatten() {
            let condition = resource.get("Condition").and_then(Value::as_str);
            if condition.map_or(Ok(true), |it| resolver.condition(it, logical_id))? {
                template.add(logical_id, resource, &root, &resolver)?;
            }
        }
        Ok(template)
    }

    fn add(
        &mut self,
        logical_id: &str,
        resource: &Value,
        root: &Value,
        resolver: &Resolver<'_>,
    ) -> Result<(), TemplateError> {
        let kind = resource["Type"].as_str().unwrap_or_default();
        let done = match kind {
            "AWS::Serverless::Function" => functions::DONE,
            "AWS::Serverless::HttpApi" => api::DONE,
            "AWS::DynamoDB::Table" => tables::DONE,
            "AWS::Lambda::EventSourceMapping" => MAPPING_DONE,
            _ => {
                self.not_done.push(NotDone { resource: logical_id.to_owned(), what: kind.to_owned() });
                return Ok(());
            }
        };
        let merged = with_globals(kind, resource, root);
        let resolved = resolver.value(&merged, logical_id)?.unwrap_or_default();
        let properties = Node::new(&resolved, logical_id);
        self.note_what_is_not_done(logical_id, &properties, done);
        match kind {
            "AWS::Serverless::Function" => self.add_function(logical_id, &properties),
            "AWS::Serverless::HttpApi" => api::read(&properties).map(|it| self.api = it),
            "AWS::DynamoDB::Table" => tables::read(logical_id, &properties).map(|it| self.tables.push(it)),
            _ => self.add_mapping(logical_id, &properties),
        }
    }

    fn add_function(&mut self, logical_id: &str, properties: &Node<'_>) -> Result<(), TemplateError> {
        let name = name_of_function(logical_id);
        self.functions.push(functions::read(&name, properties)?);
        let nothing = Value::Object(Map::new());
        for (event, declared) in properties.get("Events").iter().flat_map(Node::members) {
            let kind = declared.need("Type")?.text()?;
            let of_event = declared.get("Properties").unwrap_or(Node::new(&nothing, declared.place.clone()));
            match kind.as_str() {
                "HttpApi" => self.routes.push(functions::route(&name, &of_event)?),
                "DynamoDB" => {
                    let stream = of_event.need("Stream")?;
                    self.mappings.push(functions::mapping(
                        format!("{name}-{event}"),
                        &name,
                        &stream,
                        &of_event,
                    )?);
                }
                _ => self.not_done.push(NotDone {
                    resource: logical_id.to_owned(),
                    what: format!("Events.{event} of type {kind}"),
                }),
            }
        }
        Ok(())
    }

    fn add_mapping(&mut self, logical_id: &str, properties: &Node<'_>) -> Result<(), TemplateError> {
        let source = properties.need("EventSourceArn")?;
        if !source.text()?.contains(":table/") {
            self.not_done
                .push(NotDone { resource: logical_id.to_owned(), what: "EventSourceArn".to_owned() });
            return Ok(());
        }
        let function = properties.need("FunctionName")?.text()?;
        let function = function.rsplit(':').next().unwrap_or(&function).to_owned();
        self.mappings.push(functions::mapping(logical_id.to_owned(), &function, &source, properties)?);
        Ok(())
    }

    fn note_what_is_not_done(&mut self, logical_id: &str, properties: &Node<'_>, done: &[&str]) {
        let left = properties.members().map(|(name, _)| name).filter(|it| !done.contains(&it.as_str()));
        self.not_done
            .extend(left.map(|name| NotDone { resource: logical_id.to_owned(), what: name.clone() }));
    }
}

const MAPPING_DONE: &[&str] = &[
    "FunctionName",
    "EventSourceArn",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "StartingPosition",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "FunctionResponseTypes",
    "ParallelizationFactor",
];

/// `CreateOrderFunction` → `create-order`: the name of the folder.
pub(crate) fn name_of_function(logical_id: &str) -> String {
    let mut name = String::new();
    for (at, letter) in logical_id.strip_suffix("Function").unwrap_or(logical_id).char_indices() {
        if letter.is_ascii_uppercase() && at > 0 {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

/// The properties with those of `Globals` under them: maps are merged, lists and the rest replaced.
fn with_globals(kind: &str, resource: &Value, root: &Value) -> Value {
    let section = match kind {
        "AWS::Serverless::Function" => "Function",
        "AWS::Serverless::HttpApi" => "HttpApi",
        _ => return resource["Properties"].clone(),
    };
    let mut merged = root["Globals"][section].clone();
    merge(&mut merged, &resource["Properties"]);
    merged
}

fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (name, value) in over {
                merge(under.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (under, over) => *under = over.clone(),
    }
}

#[cfg(test)]
mod tests;

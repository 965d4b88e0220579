//! Reads `template.yaml` and says what there is to run: functions, routes, tables, stream mappings.
//!
//! It reads; it starts nothing. What a template says and nobody here does is kept in [`Template::not_done`].

mod api;
mod buckets;
mod error;
mod functions;
mod node;
mod policies;
mod queues;
mod resolve;
mod sam_policies;
mod secrets;
mod sources;
mod tables;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

pub use api::{Api, Cors, JwtAuthorizer, Throttle};
pub use buckets::Bucket;
pub use error::TemplateError;
pub use functions::{FunctionSpec, RouteSpec, StreamMapping};
pub use policies::{CONDITION_KEYS, Condition, Operator, Scope, Set, Statement, Test};
pub use queues::Queue;
pub use resolve::{ACCOUNT, AWS_URL, REGION, STACK, function_arn};
pub use secrets::Secret;
pub use sources::{QueueMapping, Schedule, ScheduleService};
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
    /// The queue mappings.
    pub queue_mappings: Vec<QueueMapping>,
    /// The schedules.
    pub schedules: Vec<Schedule>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// The secrets.
    pub secrets: Vec<Secret>,
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
            "AWS::SQS::Queue" => queues::DONE,
            "AWS::S3::Bucket" => buckets::DONE,
            "AWS::SecretsManager::Secret" => secrets::DONE,
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
        self.note_what_is_not_done(logical_id, &Node::new(resource, logical_id), ATTRIBUTES_DONE);
        match kind {
            "AWS::Serverless::Function" => self.add_function(logical_id, &properties),
            "AWS::Serverless::HttpApi" => api::read(&properties).map(|it| self.api = it),
            "AWS::DynamoDB::Table" => tables::read(logical_id, &properties).map(|it| self.tables.push(it)),
            "AWS::SQS::Queue" => queues::read(logical_id, &properties).map(|it| self.queues.push(it)),
            "AWS::S3::Bucket" => buckets::read(logical_id, &properties).map(|it| self.buckets.push(it)),
            "AWS::SecretsManager::Secret" => {
                secrets::read(logical_id, &properties).map(|it| self.secrets.push(it))
            }
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
            let place = format!("{logical_id}.Events.{event}");
            match kind.as_str() {
                "HttpApi" => self.routes.push(functions::route(&name, &of_event)?),
                "DynamoDB" => {
                    let stream = of_event.need("Stream")?;
                    self.note_what_is_not_done(&place, &of_event, STREAM_EVENT_DONE);
                    self.add_stream(format!("{name}-{event}"), &name, &stream, &of_event)?;
                }
                "SQS" => {
                    let queue = of_event.need("Queue")?;
                    self.note_what_is_not_done(&place, &of_event, sources::QUEUE_EVENT_DONE);
                    self.add_queue(format!("{name}-{event}"), &name, &queue, &of_event)?;
                }
                "Schedule" | "ScheduleV2" => {
                    self.note_what_is_not_done(&place, &of_event, sources::SCHEDULE_DONE);
                    self.add_schedule(format!("{name}-{event}"), &name, &kind, &of_event)?;
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
        let function = properties.need("FunctionName")?.text()?;
        let function = function.rsplit(':').next().unwrap_or(&function).to_owned();
        match source.text()? {
            arn if arn.contains(":table/") => {
                self.add_stream(logical_id.to_owned(), &function, &source, properties)
            }
            arn if arn.starts_with("arn:aws:sqs:") => {
                self.add_queue(logical_id.to_owned(), &function, &source, properties)
            }
            _ => {
                let what = "EventSourceArn".to_owned();
                self.not_done.push(NotDone { resource: logical_id.to_owned(), what });
                Ok(())
            }
        }
    }

    fn add_stream(
        &mut self,
        name: String,
        function: &str,
        stream: &Node<'_>,
        properties: &Node<'_>,
    ) -> Result<(), TemplateError> {
        if sources::is_on(properties)? {
            self.mappings.push(functions::mapping(name, function, stream, properties)?);
        }
        Ok(())
    }

    fn add_queue(
        &mut self,
        name: String,
        function: &str,
        queue: &Node<'_>,
        properties: &Node<'_>,
    ) -> Result<(), TemplateError> {
        if sources::is_on(properties)? {
            self.queue_mappings.push(sources::queue_mapping(name, function, queue, properties)?);
        }
        Ok(())
    }

    fn add_schedule(
        &mut self,
        name: String,
        function: &str,
        kind: &str,
        properties: &Node<'_>,
    ) -> Result<(), TemplateError> {
        let service = if kind == "Schedule" { ScheduleService::Rule } else { ScheduleService::Scheduler };
        if sources::is_on(properties)? {
            self.schedules.push(sources::schedule(name, function, service, properties)?);
        }
        Ok(())
    }

    fn note_what_is_not_done(&mut self, logical_id: &str, properties: &Node<'_>, done: &[&str]) {
        let left = properties.members().map(|(name, _)| name).filter(|it| !done.contains(&it.as_str()));
        self.not_done
            .extend(left.map(|name| NotDone { resource: logical_id.to_owned(), what: name.clone() }));
    }
}

/// What a resource has besides properties. How it is built is not for who runs it, and here everything is there at once.
const ATTRIBUTES_DONE: &[&str] = &["Type", "Properties", "Condition", "DependsOn", "Metadata"];

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
    "DestinationConfig",
    "FilterCriteria",
    "ScalingConfig",
    "Enabled",
];

const STREAM_EVENT_DONE: &[&str] = &[
    "Stream",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "StartingPosition",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "FunctionResponseTypes",
    "ParallelizationFactor",
    "DestinationConfig",
    "FilterCriteria",
    "Enabled",
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

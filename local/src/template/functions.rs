//! The functions of a template, their routes and their stream mappings.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::TemplateError;
use super::node::Node;
use super::policies::{self, Statement};
use super::sources;
use crate::sources::filter::Filter;

/// An `AWS::Serverless::Function`.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSpec {
    /// The folder's name in `functions/`: the logical id in kebab case, without `Function`.
    pub name: String,
    /// An invocation is stopped after this.
    pub timeout: Duration,
    /// The memory it is given in AWS.
    pub memory_mb: usize,
    /// Environment variables, those of `Globals` included.
    pub environment: BTreeMap<String, String>,
    /// How many invocations may run at once, if it is limited.
    pub reserved: Option<usize>,
    /// What its policies say.
    pub statements: Vec<Statement>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteSpec {
    /// `GET`, …, or `ANY`; unused for `$default`.
    pub method: String,
    /// The path with its `{parameters}`, or `$default`.
    pub path: String,
    /// The function behind it.
    pub function: String,
    /// The authorizer the route names itself (`NONE` for none).
    pub authorizer: Option<String>,
}

/// A stream's mapping to a function.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamMapping {
    /// A stable name: the function and the event's logical id.
    pub name: String,
    /// The function that gets the batches.
    pub function: String,
    /// The table whose stream it is.
    pub table: String,
    /// At most so many records at once.
    pub batch_size: usize,
    /// How long to wait for a fuller batch.
    pub window: Duration,
    /// Whether to begin with the oldest record there is.
    pub from_start: bool,
    /// Whether a failed batch is halved before it is tried again.
    pub bisect: bool,
    /// Tries after the first; without a limit if `None`.
    pub retries_max: Option<u32>,
    /// Records older than this are given up; `None` for never.
    pub age_max: Option<Duration>,
    /// Whether the function answers which records failed.
    pub partial_failures: bool,
    /// Batches at once, never two with the same partition key.
    pub parallel: usize,
    /// Records that match none of these are passed over; all go to the function if there are none.
    pub filters: Vec<Filter>,
    /// The queue that is told which records were given up.
    pub on_failure: Option<String>,
}

pub(super) const DONE: &[&str] = &[
    "FunctionName",
    "CodeUri",
    "Handler",
    "Runtime",
    "Architectures",
    "Timeout",
    "MemorySize",
    "Environment",
    "Events",
    "Description",
    "PackageType",
    "Policies",
    "ReservedConcurrentExecutions",
];
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(3);
const MEMORY_DEFAULT_MB: usize = 128;
const BATCH_DEFAULT: usize = 100;

pub(super) fn read(name: &str, properties: &Node<'_>) -> Result<FunctionSpec, TemplateError> {
    let mut environment = BTreeMap::new();
    let variables = properties.get("Environment").and_then(|it| it.get("Variables"));
    for (variable, value) in variables.iter().flat_map(Node::members) {
        environment.insert(variable.clone(), value.text()?);
    }
    Ok(FunctionSpec {
        name: name.to_owned(),
        timeout: properties.get("Timeout").map_or(Ok(TIMEOUT_DEFAULT), |it| it.seconds())?,
        memory_mb: properties.get("MemorySize").map_or(Ok(MEMORY_DEFAULT_MB), |it| it.count())?,
        environment,
        reserved: properties.get("ReservedConcurrentExecutions").map(|it| it.count()).transpose()?,
        statements: policies::read(properties)?.into_iter().chain(policies::of_events(properties)?).collect(),
    })
}

/// A route, from an event of type `HttpApi`. Without path and method it is `$default`.
pub(super) fn route(function: &str, properties: &Node<'_>) -> Result<RouteSpec, TemplateError> {
    let path = properties.get("Path").map_or_else(|| Ok("$default".to_owned()), |it| it.text())?;
    let method =
        properties.get("Method").map_or_else(|| Ok("ANY".to_owned()), |it| it.text())?.to_uppercase();
    let authorizer =
        properties.get("Auth").and_then(|it| it.get("Authorizer")).map(|it| it.text()).transpose()?;
    Ok(RouteSpec {
        path: if path == "/$default" { "$default".to_owned() } else { path },
        method: if method == "X-AMAZON-APIGATEWAY-ANY-METHOD" { "ANY".to_owned() } else { method },
        function: function.to_owned(),
        authorizer,
    })
}

/// A stream mapping, from an event of type `DynamoDB` or an `AWS::Lambda::EventSourceMapping`.
pub(super) fn mapping(
    name: String,
    function: &str,
    stream: &Node<'_>,
    properties: &Node<'_>,
) -> Result<StreamMapping, TemplateError> {
    let flag = |name: &str| properties.get(name).map_or(Ok(false), |it| it.flag());
    let count = |name: &str, default| properties.get(name).map_or(Ok(default), |it| it.count());
    let answers = properties.get("FunctionResponseTypes").map_or(Ok(vec![]), |it| it.texts())?;
    Ok(StreamMapping {
        name,
        function: function.to_owned(),
        table: table_of(stream)?,
        batch_size: count("BatchSize", BATCH_DEFAULT)?.max(1),
        window: properties
            .get("MaximumBatchingWindowInSeconds")
            .map_or(Ok(Duration::ZERO), |it| it.seconds())?,
        from_start: properties.need("StartingPosition")?.text()? == "TRIM_HORIZON",
        bisect: flag("BisectBatchOnFunctionError")?,
        retries_max: limit(properties, "MaximumRetryAttempts")?,
        age_max: limit(properties, "MaximumRecordAgeInSeconds")?.map(|it| Duration::from_secs(it.into())),
        partial_failures: answers.iter().any(|it| it == "ReportBatchItemFailures"),
        parallel: count("ParallelizationFactor", 1)?.max(1),
        filters: sources::filters(properties)?,
        on_failure: on_failure(properties)?,
    })
}

/// The queue of `DestinationConfig`; another service than SQS is refused.
fn on_failure(properties: &Node<'_>) -> Result<Option<String>, TemplateError> {
    let destination = properties.get("DestinationConfig").and_then(|it| it.get("OnFailure"));
    destination.and_then(|it| it.get("Destination")).map(|it| sources::queue_of(&it)).transpose()
}

/// `-1`, AWS's way to say "no limit", is the default of both limits.
fn limit(properties: &Node<'_>, name: &str) -> Result<Option<u32>, TemplateError> {
    let Some(node) = properties.get(name) else { return Ok(None) };
    match node.whole()? {
        -1 => Ok(None),
        it => u32::try_from(it).map(Some).map_err(|_| node.wrong("-1 or a number from 0")),
    }
}

fn table_of(stream: &Node<'_>) -> Result<String, TemplateError> {
    let arn = stream.text()?;
    let name = arn
        .split_once(":table/")
        .and_then(|(_, it)| it.split_once("/stream/"))
        .map(|(name, _)| name.to_owned());
    name.ok_or_else(|| stream.wrong("the ARN of a table's stream"))
}

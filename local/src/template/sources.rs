//! What invokes functions besides routes and streams: queues and schedules; and which records a mapping lets through.

use std::time::Duration;

use super::error::TemplateError;
use super::node::Node;
use crate::sources::expression::Expression;
use crate::sources::filter::Filter;

/// A queue's mapping to a function.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueMapping {
    /// A stable name: the function and the event's logical id, or the mapping's own.
    pub name: String,
    /// The function that gets the batches.
    pub function: String,
    /// The queue's name.
    pub queue: String,
    /// At most so many messages at once.
    pub batch_size: usize,
    /// How long to wait for a fuller batch.
    pub window: Duration,
    /// Whether the function answers which messages failed.
    pub partial_failures: bool,
    /// Batches at once, if the template limits them.
    pub concurrency_max: Option<usize>,
    /// Messages that match none of these are deleted; all go to the function if there are none.
    pub filters: Vec<Filter>,
}

/// A time-table by which a function is invoked.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// A stable name: the function and the event's logical id.
    pub name: String,
    /// The function.
    pub function: String,
    /// When.
    pub expression: Expression,
    /// What it is invoked with, instead of an event that says the time.
    pub input: Option<String>,
    /// The service whose event says the time otherwise.
    pub service: ScheduleService,
}

/// Which of AWS's two services keeps a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleService {
    /// A rule of EventBridge (SAM's `Schedule`), in UTC.
    Rule,
    /// EventBridge Scheduler (SAM's `ScheduleV2`), in any time zone.
    Scheduler,
}

pub(super) const QUEUE_EVENT_DONE: &[&str] = &[
    "Queue",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "ScalingConfig",
    "FilterCriteria",
    "Enabled",
];
pub(super) const SCHEDULE_DONE: &[&str] = &[
    "Schedule",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "Input",
    "State",
    "Enabled",
    "Name",
    "Description",
];
const QUEUE_BATCH_DEFAULT: usize = 10;
const QUEUE_BATCH_MAX: usize = 10_000;
/// Above so many messages a batch, AWS wants a window.
const QUEUE_BATCH_WITHOUT_WINDOW_MAX: usize = 10;

/// A queue's mapping, from an event of type `SQS` or an `AWS::Lambda::EventSourceMapping`.
pub(super) fn queue_mapping(
    name: String,
    function: &str,
    queue: &Node<'_>,
    properties: &Node<'_>,
) -> Result<QueueMapping, TemplateError> {
    let window =
        properties.get("MaximumBatchingWindowInSeconds").map_or(Ok(Duration::ZERO), |it| it.seconds())?;
    let answers = properties.get("FunctionResponseTypes").map_or(Ok(vec![]), |it| it.texts())?;
    let scaling = properties.get("ScalingConfig").and_then(|it| it.get("MaximumConcurrency"));
    Ok(QueueMapping {
        name,
        function: function.to_owned(),
        queue: queue_of(queue)?,
        batch_size: batch_size(properties, window)?,
        window,
        partial_failures: answers.iter().any(|it| it == "ReportBatchItemFailures"),
        concurrency_max: scaling.map(|it| it.count()).transpose()?,
        filters: filters(properties)?,
    })
}

fn batch_size(properties: &Node<'_>, window: Duration) -> Result<usize, TemplateError> {
    let Some(declared) = properties.get("BatchSize") else { return Ok(QUEUE_BATCH_DEFAULT) };
    match declared.count()? {
        size if size > QUEUE_BATCH_WITHOUT_WINDOW_MAX && window.is_zero() => {
            Err(declared.wrong("10 at most without MaximumBatchingWindowInSeconds"))
        }
        size if (1..=QUEUE_BATCH_MAX).contains(&size) => Ok(size),
        _ => Err(declared.wrong("from 1 to 10000")),
    }
}

/// The name in a queue's ARN.
pub(super) fn queue_of(arn: &Node<'_>) -> Result<String, TemplateError> {
    let text = arn.text()?;
    let name = text.strip_prefix("arn:aws:sqs:").and_then(|it| it.rsplit(':').next());
    name.map(str::to_owned).ok_or_else(|| arn.wrong("the ARN of a queue"))
}

/// The patterns of `FilterCriteria`.
pub(super) fn filters(properties: &Node<'_>) -> Result<Vec<Filter>, TemplateError> {
    let declared = properties.get("FilterCriteria").and_then(|it| it.get("Filters"));
    let Some(declared) = declared else { return Ok(vec![]) };
    let read = |it: &Node<'_>| {
        let pattern = it.need("Pattern")?;
        Filter::parse(&pattern.text()?).map_err(|_| pattern.wrong("an event pattern in JSON"))
    };
    declared.items()?.iter().map(read).collect()
}

/// Whether a mapping or schedule is switched on: `Enabled` says so, or `State`.
pub(super) fn is_on(properties: &Node<'_>) -> Result<bool, TemplateError> {
    match (properties.get("Enabled"), properties.get("State")) {
        (Some(enabled), _) => enabled.flag(),
        (None, Some(state)) => Ok(state.text()? != "DISABLED"),
        (None, None) => Ok(true),
    }
}

/// A schedule, from an event of type `Schedule` or `ScheduleV2`.
pub(super) fn schedule(
    name: String,
    function: &str,
    service: ScheduleService,
    properties: &Node<'_>,
) -> Result<Schedule, TemplateError> {
    let expression = match service {
        ScheduleService::Rule => properties.need("Schedule")?,
        ScheduleService::Scheduler => properties.need("ScheduleExpression")?,
    };
    let zone = properties.get("ScheduleExpressionTimezone").map(|it| it.text()).transpose()?;
    let parsed = Expression::parse(&expression.text()?, zone.as_deref());
    Ok(Schedule {
        name,
        function: function.to_owned(),
        expression: parsed
            .map_err(|_| expression.wrong("rate(…) or cron(…) in a time zone that there is"))?,
        input: properties.get("Input").map(|it| it.text()).transpose()?,
        service,
    })
}

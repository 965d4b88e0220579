//! Every consumer's queue has what a consumer needs: dead letters, both alarms, a mapping that loses nothing, and operators who see it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::template::Template;

/// Lambda advises that a message stays away for six times as long as its function may run.
///
/// Source: "Creating and configuring an Amazon SQS event source mapping", AWS Lambda Developer Guide.
const VISIBILITY_TIMEOUTS: u64 = 6;
/// How often a message is handed out before SQS itself gives it up.
const RECEIVES_MAX: u64 = 5;
/// No letter is kept back longer.
const DELAY_MAX_SECONDS: u64 = 900;
/// The functions that operators see dead letters by.
const OPERATORS: [&str; 2] = ["ListDeadLettersFunction", "RedriveDeadLettersFunction"];

/// The names of the consumers' queues, as operators say them.
#[must_use]
pub fn queues(template: &Template) -> Vec<String> {
    let resources = template.resources();
    consumed(&resources).iter().map(|(_, queue)| name(queue)).collect()
}

/// The functions that take what a queue or a stream holds.
#[must_use]
pub fn functions(template: &Template) -> BTreeSet<String> {
    let resources = template.resources();
    let function = |mapping: &Value| {
        let function = resources.get(got(&mapping["FunctionName"], "Arn")?)?;
        Some(function["Properties"]["CodeUri"].as_str()?.trim_start_matches("functions/").to_owned())
    };
    mappings(&resources).filter_map(function).collect()
}

/// What consumers' queues lack.
#[must_use]
pub fn lacking(template: &Template) -> Vec<String> {
    let resources = template.resources();
    let default_timeout = template.globals()["Function"]["Timeout"].as_u64().unwrap_or(3);
    let of_queue = |(id, queue): (&String, &Value)| {
        let properties = &queue["Properties"];
        let mut faults = dead_letters(id, properties, &resources);
        faults.extend(alarm(id, "ApproximateAgeOfOldestMessage", &resources));
        faults.extend(letter_alarm(id, &resources));
        faults.extend(mapping(id, properties, default_timeout, &resources));
        faults.extend(unseen(id, queue, &resources));
        faults.into_iter().map(move |fault| format!("{id} {fault}")).collect::<Vec<_>>()
    };
    consumed(&resources).into_iter().flat_map(of_queue).chain(unprotected(&resources)).collect()
}

/// A consumer's queue is one with a redrive policy.
fn consumed(resources: &BTreeMap<String, Value>) -> Vec<(&String, &Value)> {
    let queues = resources.iter().filter(|(_, it)| it["Type"] == "AWS::SQS::Queue");
    queues.filter(|(_, it)| !it["Properties"]["RedrivePolicy"].is_null()).collect()
}

fn name(queue: &Value) -> String {
    let name = queue["Properties"]["QueueName"]["Fn::Sub"].as_str().unwrap_or_default();
    name.trim_start_matches("${AWS::StackName}-").to_owned()
}

fn dead_letters(id: &str, queue: &Value, resources: &BTreeMap<String, Value>) -> Vec<String> {
    let policy = &queue["RedrivePolicy"];
    let Some(target) = got(&policy["deadLetterTargetArn"], "Arn").filter(|it| resources.contains_key(*it))
    else {
        return vec!["has no dead-letter queue".to_owned()];
    };
    let mut faults = alarm(target, "ApproximateNumberOfMessagesVisible", resources);
    if policy["maxReceiveCount"].as_u64() != Some(RECEIVES_MAX) {
        faults.push(format!("hands a message out another number of times than {RECEIVES_MAX}"));
    }
    if target != id.replace("Queue", "DeadLetterQueue") {
        faults.push(format!("has the dead letters of another, {target}"));
    }
    faults
}

/// Nothing, when that queue has an alarm on that metric which somebody hears.
fn alarm(queue: &str, metric: &str, resources: &BTreeMap<String, Value>) -> Vec<String> {
    let heard = resources.values().any(|it| {
        let alarm = &it["Properties"];
        it["Type"] == "AWS::CloudWatch::Alarm"
            && alarm["Namespace"] == "AWS/SQS"
            && alarm["MetricName"] == metric
            && got(&alarm["Dimensions"][0]["Value"], "QueueName") == Some(queue)
            && alarm["AlarmActions"].as_array().is_some_and(|it| !it.is_empty())
    });
    if heard { vec![] } else { vec![format!("has no alarm on {metric} of {queue}")] }
}

/// Nothing, when somebody hears how long the queue's letters wait altogether, which SQS does not know.
///
/// A letter that waits is taken every quarter of an hour: a shorter period would have none in it.
fn letter_alarm(id: &str, resources: &BTreeMap<String, Value>) -> Option<String> {
    let mapping = mappings(resources).find(|it| source(it) == Some(id))?;
    let function = got(&mapping["FunctionName"], "Arn").and_then(|it| resources.get(it))?;
    let name = function["Properties"]["CodeUri"].as_str()?.trim_start_matches("functions/");
    let heard = resources.values().any(|it| {
        let alarm = &it["Properties"];
        alarm["Namespace"] == "Penstock"
            && alarm["MetricName"] == "LetterAge"
            && alarm["Dimensions"] == json!([{"Name": "Consumer", "Value": name}])
            && alarm["Period"].as_u64() >= Some(DELAY_MAX_SECONDS)
            && alarm["AlarmActions"].as_array().is_some_and(|it| !it.is_empty())
    });
    (!heard).then(|| format!("has no alarm on LetterAge of {name}"))
}

fn mapping(
    id: &str,
    queue: &Value,
    default_timeout: u64,
    resources: &BTreeMap<String, Value>,
) -> Vec<String> {
    let Some(mapping) = mappings(resources).find(|it| source(it) == Some(id)) else {
        return vec!["has no mapping".to_owned()];
    };
    let mut faults = Vec::new();
    let types = mapping["FunctionResponseTypes"].as_array();
    if !types.is_some_and(|it| it.iter().any(|it| it == "ReportBatchItemFailures")) {
        faults.push("has a mapping that does not report partial failures".to_owned());
    }
    if mapping["ScalingConfig"]["MaximumConcurrency"].as_u64().is_none() {
        faults.push("has a mapping that takes any number of batches at once".to_owned());
    }
    let function = got(&mapping["FunctionName"], "Arn").and_then(|it| resources.get(it));
    let timeout = function.and_then(|it| it["Properties"]["Timeout"].as_u64()).unwrap_or(default_timeout);
    let visibility = queue["VisibilityTimeout"].as_u64().unwrap_or_default();
    if visibility < VISIBILITY_TIMEOUTS * timeout {
        faults.push(format!("shows a message again after {visibility} s; its function may take {timeout} s"));
    }
    faults
}

/// Nothing, when operators' functions know the queue.
fn unseen(id: &str, queue: &Value, resources: &BTreeMap<String, Value>) -> Vec<String> {
    let prefix = name(queue).to_uppercase().replace('-', "_");
    let dead = id.replace("Queue", "DeadLetterQueue");
    let wanted = [(format!("{prefix}_QUEUE"), id), (format!("{prefix}_DEAD_LETTERS"), dead.as_str())];
    let unseen = OPERATORS.iter().flat_map(|function| {
        let variables = &resources[*function]["Properties"]["Environment"]["Variables"];
        let missing = wanted.iter().filter(|(variable, queue)| variables[variable]["Ref"] != *queue);
        missing.map(move |(variable, _)| format!("is not {variable} of {function}"))
    });
    unseen.collect()
}

/// Queues that a function consumes and that have no redrive policy.
fn unprotected(resources: &BTreeMap<String, Value>) -> Vec<String> {
    let is_queue = |id: &&str| resources.get(*id).is_some_and(|it| it["Type"] == "AWS::SQS::Queue");
    let consumed = mappings(resources).filter_map(source).filter(is_queue);
    consumed
        .filter(|id| resources[*id]["Properties"]["RedrivePolicy"].is_null())
        .map(|id| format!("{id} has no dead-letter queue"))
        .collect()
}

fn mappings(resources: &BTreeMap<String, Value>) -> impl Iterator<Item = &Value> {
    let mappings = resources.values().filter(|it| it["Type"] == "AWS::Lambda::EventSourceMapping");
    mappings.map(|it| &it["Properties"])
}

fn source(mapping: &Value) -> Option<&str> {
    got(&mapping["EventSourceArn"], "Arn")
}

/// The resource whose `attribute` a value is (`!GetAtt X.Arn`).
fn got<'a>(value: &'a Value, attribute: &str) -> Option<&'a str> {
    value["Fn::GetAtt"].as_str()?.strip_suffix(attribute)?.strip_suffix('.')
}

//! SQS's JSON protocol: operations by name, a JSON body in, a JSON body out.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::attributes::{VISIBILITY_MAX_S, WAIT_MAX_S};
use super::error::SqsError;
use super::message::{Attribute, Message, Outgoing, Sent};
use super::{BATCH_MAX, SIZE_MAX_BYTES, Sqs, batch, moves, queue_arn, queue_name, queues};
use crate::aws::service::{ServiceReply, ServiceRequest};

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const QUEUES_MAX: usize = 1_000;
const TASKS_MAX: i64 = 10;
const TASKS_DEFAULT: i64 = 1;

/// Answers one request.
pub(super) async fn answer(sqs: &Sqs, request: &ServiceRequest) -> ServiceReply {
    let body: Result<Value, _> = match request.body.is_empty() {
        true => Ok(json!({})),
        false => serde_json::from_slice(&request.body),
    };
    let (resources, outcome) = match body {
        Ok(body) => (queues_in(&body), operate(sqs, &request.operation, body).await),
        Err(error) => (vec![], Err(SqsError::Malformed(error.to_string()))),
    };
    match outcome {
        Ok(body) => ServiceReply::done(&body, CONTENT_TYPE, resources),
        Err(error) => refusal(&error, resources),
    }
}

fn refusal(error: &SqsError, resources: Vec<String>) -> ServiceReply {
    if let SqsError::File(cause) = error {
        let cause: &dyn std::error::Error = cause;
        tracing::error!(error = cause, "the embedded SQS's file failed");
    }
    let shape = error.shape();
    let side = if error.of_sender() { "Sender" } else { "Receiver" };
    // SDKs that once spoke the query protocol still know errors by its codes.
    let known_as = HeaderValue::from_str(&format!("{};{side}", error.code()));
    ServiceReply {
        status: error.status(),
        body: json!({"__type": shape, "message": error.to_string()}).to_string().into_bytes(),
        content_type: CONTENT_TYPE,
        headers: known_as.into_iter().map(|it| (QUERY_ERROR, it)).collect::<HeaderMap>(),
        resources,
        error: shape.split('#').nth(1).map(str::to_owned),
        ..ServiceReply::default()
    }
}

const QUERY_ERROR: http::HeaderName = http::HeaderName::from_static("x-amzn-query-error");

/// The queues a request is about.
fn queues_in(body: &Value) -> Vec<String> {
    let named =
        ["QueueUrl", "QueueName", "SourceArn", "DestinationArn"].iter().filter_map(|it| body[it].as_str());
    named.map(|it| queue_name(it).to_owned()).collect()
}

async fn operate(sqs: &Sqs, operation: &str, body: Value) -> Result<Value, SqsError> {
    match operation {
        "SendMessage" => send(sqs, body),
        "SendMessageBatch" => send_batch(sqs, read(body)?),
        "ReceiveMessage" => receive(sqs, read(body)?).await,
        "DeleteMessage" => delete(sqs, &read(body)?),
        "DeleteMessageBatch" => delete_batch(sqs, read(body)?),
        "ChangeMessageVisibility" => change(sqs, &read(body)?),
        "ChangeMessageVisibilityBatch" => change_batch(sqs, read(body)?),
        "CreateQueue" => create(sqs, read(body)?),
        "DeleteQueue" => queues::delete(sqs, queue(&read(body)?)?).map(|()| json!({})),
        "GetQueueUrl" => queue_url(sqs, &read(body)?),
        "ListQueues" => list(sqs, &read(body)?),
        "GetQueueAttributes" => attributes(sqs, &read(body)?),
        "SetQueueAttributes" => set_attributes(sqs, read(body)?),
        "PurgeQueue" => queues::purge(sqs, queue(&read(body)?)?).map(|()| json!({})),
        "TagQueue" | "UntagQueue" => tag(sqs, read(body)?),
        "ListQueueTags" => Ok(json!({"Tags": sqs.state().queue(queue(&read(body)?)?)?.tags})),
        "ListDeadLetterSourceQueues" => sources(sqs, &read(body)?),
        "StartMessageMoveTask" => start_move(sqs, &read(body)?),
        "ListMessageMoveTasks" => list_moves(sqs, &read(body)?),
        "CancelMessageMoveTask" => cancel_move(sqs, &read(body)?),
        other => Err(SqsError::UnknownOperation(other.to_owned())),
    }
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, SqsError> {
    serde_json::from_value(body).map_err(|it| SqsError::Malformed(it.to_string()))
}

/// The members that operations on one queue share.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct OnQueue {
    queue_url: String,
    attribute_names: Vec<String>,
    receipt_handle: String,
    visibility_timeout: i64,
}

fn queue(request: &OnQueue) -> Result<&str, SqsError> {
    name_in(&request.queue_url)
}

fn name_in(url: &str) -> Result<&str, SqsError> {
    if url.is_empty() { Err(SqsError::Missing("QueueUrl")) } else { Ok(queue_name(url)) }
}

// --- Sending ---------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Entry {
    id: String,
    message_body: String,
    delay_seconds: Option<i64>,
    message_attributes: BTreeMap<String, Attribute>,
    message_system_attributes: BTreeMap<String, Attribute>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct SendBatch {
    queue_url: String,
    entries: Vec<Entry>,
}

impl Entry {
    fn message(self) -> Result<Outgoing, SqsError> {
        if self.message_deduplication_id.is_some() {
            let reason = "The request include parameter that is not valid for this queue type";
            return Err(SqsError::value("set", "MessageDeduplicationId", reason));
        }
        let reason = "DelaySeconds must be >= 0 and <= 900.";
        let delay = self.delay_seconds.map(|it| seconds(it, 900, "DelaySeconds", reason)).transpose()?;
        let mut system = self.message_system_attributes;
        let trace = system.remove("AWSTraceHeader").and_then(|it| it.string_value);
        if let Some(name) = system.keys().next() {
            return Err(SqsError::Invalid(format!("Message system attribute name '{name}' is invalid.")));
        }
        Ok(Outgoing {
            body: self.message_body,
            delay,
            attributes: self.message_attributes,
            group: self.message_group_id,
            trace,
        })
    }
}

fn send(sqs: &Sqs, body: Value) -> Result<Value, SqsError> {
    let url = body["QueueUrl"].as_str().unwrap_or_default().to_owned();
    let message = read::<Entry>(body)?.message()?;
    let sent = sqs.send_batch(name_in(&url)?, vec![message])?;
    sent.into_iter().next().expect("one was sent").map(told_sent)
}

fn told_sent(sent: Sent) -> Value {
    let mut told = json!({"MessageId": sent.message_id, "MD5OfMessageBody": sent.md5_of_body});
    let optional = [
        ("MD5OfMessageAttributes", sent.md5_of_attributes),
        ("MD5OfMessageSystemAttributes", sent.md5_of_system_attributes),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            told[name] = json!(value);
        }
    }
    told
}

fn send_batch(sqs: &Sqs, request: SendBatch) -> Result<Value, SqsError> {
    let ids: Vec<String> = request.entries.iter().map(|it| it.id.clone()).collect();
    batch::check("SendMessageBatchRequestEntry", &strs(&ids))?;
    let queue = name_in(&request.queue_url)?;
    let messages: Vec<_> = request.entries.into_iter().map(Entry::message).collect();
    let size = messages.iter().flatten().map(Outgoing::size_bytes).sum();
    if size > SIZE_MAX_BYTES {
        return Err(SqsError::BatchTooLong(size));
    }
    let sendable = messages.iter().flatten().cloned().collect();
    let mut sent = sqs.send_batch(queue, sendable)?.into_iter();
    let results =
        messages.into_iter().map(|it| it.and_then(|_| sent.next().expect("each that could be was sent")));
    Ok(batch::answer(&ids, results.collect(), told_sent))
}

// --- Receiving -------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Receive {
    queue_url: String,
    max_number_of_messages: Option<i64>,
    wait_time_seconds: Option<i64>,
    visibility_timeout: Option<i64>,
    attribute_names: Vec<String>,
    message_system_attribute_names: Vec<String>,
    message_attribute_names: Vec<String>,
}

async fn receive(sqs: &Sqs, request: Receive) -> Result<Value, SqsError> {
    let name = name_in(&request.queue_url)?;
    let max = request.max_number_of_messages.unwrap_or(1);
    let of_batch = usize::try_from(max).ok().filter(|it| (1..=BATCH_MAX).contains(it));
    let max = of_batch.ok_or_else(|| {
        SqsError::value(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
    })?;
    let wait = match request.wait_time_seconds {
        Some(wait) => seconds(wait, WAIT_MAX_S, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")?,
        None => Duration::from_millis(sqs.state().queue(name)?.settings.wait_ms.unsigned_abs()),
    };
    let visibility = request.visibility_timeout.map(visibility).transpose()?;
    let messages = sqs.receive(name, max, wait, visibility).await?;
    let told: Vec<_> = messages.into_iter().map(|it| told_message(it, &request)).collect();
    Ok(if told.is_empty() { json!({}) } else { json!({"Messages": told}) })
}

fn told_message(mut message: Message, request: &Receive) -> Value {
    let mut system = request.attribute_names.iter().chain(&request.message_system_attribute_names);
    let wanted: Vec<_> = system.by_ref().cloned().collect();
    message.attributes.retain(|name, _| wanted.iter().any(|it| it == "All" || it == name));
    let wanted = &request.message_attribute_names;
    message.message_attributes.retain(|name, _| wanted.iter().any(|it| selects(it, name)));
    let mut told = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt_handle,
        "MD5OfBody": message.md5_of_body(),
        "Body": message.body,
    });
    if !message.attributes.is_empty() {
        told["Attributes"] = json!(message.attributes);
    }
    if let Some(md5) = message.md5_of_message_attributes() {
        told["MD5OfMessageAttributes"] = json!(md5);
        told["MessageAttributes"] = json!(message.message_attributes);
    }
    told
}

/// `All` and `.*` select all names, `prefix.*` those that begin so.
fn selects(wanted: &str, name: &str) -> bool {
    match wanted.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => wanted == "All" || wanted == name,
    }
}

fn seconds(value: i64, max: i64, parameter: &str, reason: &str) -> Result<Duration, SqsError> {
    let within = u64::try_from(value).ok().filter(|_| value <= max);
    within.map(Duration::from_secs).ok_or_else(|| SqsError::value(value, parameter, reason))
}

fn visibility(value: i64) -> Result<Duration, SqsError> {
    let reason = "VisibilityTimeout must be an integer between 0 and 43200";
    seconds(value, VISIBILITY_MAX_S, "VisibilityTimeout", reason)
}

// --- Receipts --------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ReceiptBatch {
    queue_url: String,
    entries: Vec<ReceiptEntry>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ReceiptEntry {
    id: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

fn delete(sqs: &Sqs, request: &OnQueue) -> Result<Value, SqsError> {
    let deleted = sqs.delete_batch(queue(request)?, std::slice::from_ref(&request.receipt_handle))?;
    deleted.into_iter().collect::<Result<(), _>>().map(|()| json!({}))
}

fn delete_batch(sqs: &Sqs, request: ReceiptBatch) -> Result<Value, SqsError> {
    let (queue, ids) = entries("DeleteMessageBatchRequestEntry", &request)?;
    let handles: Vec<_> = request.entries.iter().map(|it| it.receipt_handle.clone()).collect();
    let deleted = sqs.delete_batch(queue, &handles)?;
    Ok(batch::answer(&ids, deleted, |()| json!({})))
}

fn change(sqs: &Sqs, request: &OnQueue) -> Result<Value, SqsError> {
    let timeout = visibility(request.visibility_timeout)?;
    sqs.change_visibility(queue(request)?, &request.receipt_handle, timeout).map(|()| json!({}))
}

fn change_batch(sqs: &Sqs, request: ReceiptBatch) -> Result<Value, SqsError> {
    let (queue, ids) = entries("ChangeMessageVisibilityBatchRequestEntry", &request)?;
    sqs.state().queue(queue)?;
    let change = |entry: &ReceiptEntry| {
        sqs.change_visibility(queue, &entry.receipt_handle, visibility(entry.visibility_timeout)?)
    };
    let changed = request.entries.iter().map(change).collect();
    Ok(batch::answer(&ids, changed, |()| json!({})))
}

fn entries<'a>(entry: &'static str, request: &'a ReceiptBatch) -> Result<(&'a str, Vec<String>), SqsError> {
    let ids: Vec<String> = request.entries.iter().map(|it| it.id.clone()).collect();
    batch::check(entry, &strs(&ids))?;
    Ok((name_in(&request.queue_url)?, ids))
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

// --- Queues ----------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Queue {
    queue_name: String,
    queue_url: String,
    attributes: BTreeMap<String, String>,
    // The one member that SQS's model spells in lower case at `CreateQueue`.
    #[serde(alias = "tags")]
    tags: BTreeMap<String, String>,
    tag_keys: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Listing {
    queue_name_prefix: String,
    queue_url: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

fn create(sqs: &Sqs, request: Queue) -> Result<Value, SqsError> {
    queues::create(sqs, &request.queue_name, request.attributes, request.tags)?;
    Ok(json!({"QueueUrl": sqs.url(&request.queue_name)}))
}

fn queue_url(sqs: &Sqs, request: &Queue) -> Result<Value, SqsError> {
    sqs.state().queue(&request.queue_name)?;
    Ok(json!({"QueueUrl": sqs.url(&request.queue_name)}))
}

fn list(sqs: &Sqs, request: &Listing) -> Result<Value, SqsError> {
    let state = sqs.state();
    let named =
        state.queues().map(|it| it.name.clone()).filter(|it| it.starts_with(&request.queue_name_prefix));
    let named: Vec<_> = named.collect();
    drop(state);
    Ok(page(sqs, "QueueUrls", named, request))
}

fn sources(sqs: &Sqs, request: &Listing) -> Result<Value, SqsError> {
    let name = name_in(&request.queue_url)?;
    let state = sqs.state();
    state.queue(name)?;
    let named: Vec<_> = state.sources_of(&queue_arn(name)).into_iter().map(|it| it.name.clone()).collect();
    drop(state);
    // The one answer that SQS's model spells in lower case.
    Ok(page(sqs, "queueUrls", named, request))
}

/// A page of queues in the order of their names; the token is the last name of the page before.
fn page(sqs: &Sqs, member: &str, names: Vec<String>, request: &Listing) -> Value {
    let after = request.next_token.as_deref().unwrap_or_default();
    let limit = request.max_results.unwrap_or(QUEUES_MAX).clamp(1, QUEUES_MAX);
    let mut left = names.into_iter().filter(|it| it.as_str() > after).peekable();
    let page: Vec<_> = left.by_ref().take(limit).collect();
    let mut told = json!({ member: page.iter().map(|it| sqs.url(it)).collect::<Vec<_>>() });
    // Without a limit in the request AWS gives no token.
    if request.max_results.is_some() && left.peek().is_some() {
        told["NextToken"] = json!(page.last());
    }
    told
}

fn attributes(sqs: &Sqs, request: &OnQueue) -> Result<Value, SqsError> {
    let all = queues::attributes(sqs, queue(request)?)?;
    let wanted = &request.attribute_names;
    let optional = [
        "All",
        "Policy",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
    ];
    if let Some(unknown) = wanted.iter().find(|it| !all.contains_key(*it) && !optional.contains(&it.as_str()))
    {
        return Err(SqsError::InvalidAttributeName(unknown.clone()));
    }
    let told = all.into_iter().filter(|(name, _)| wanted.iter().any(|it| it == "All" || it == name));
    let told: BTreeMap<_, _> = told.collect();
    Ok(if told.is_empty() { json!({}) } else { json!({"Attributes": told}) })
}

fn set_attributes(sqs: &Sqs, request: Queue) -> Result<Value, SqsError> {
    queues::set_attributes(sqs, name_in(&request.queue_url)?, request.attributes).map(|()| json!({}))
}

fn tag(sqs: &Sqs, request: Queue) -> Result<Value, SqsError> {
    queues::tag(sqs, name_in(&request.queue_url)?, request.tags, &request.tag_keys).map(|()| json!({}))
}

// --- Move tasks ------------------------------------------------------------------------------------------------------

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Move {
    source_arn: String,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
    max_results: Option<i64>,
    task_handle: String,
}

fn start_move(sqs: &Sqs, request: &Move) -> Result<Value, SqsError> {
    let (destination, rate) = (request.destination_arn.as_deref(), request.max_number_of_messages_per_second);
    let handle = moves::start(sqs, &request.source_arn, destination, rate)?;
    Ok(json!({"TaskHandle": handle}))
}

fn list_moves(sqs: &Sqs, request: &Move) -> Result<Value, SqsError> {
    let max = request.max_results.unwrap_or(TASKS_DEFAULT);
    if !(1..=TASKS_MAX).contains(&max) {
        return Err(SqsError::value(max, "MaxResults", "Must be between 1 and 10, if provided."));
    }
    Ok(json!({"Results": moves::list(sqs, &request.source_arn, max)?}))
}

fn cancel_move(sqs: &Sqs, request: &Move) -> Result<Value, SqsError> {
    let moved = moves::cancel(sqs, &request.task_handle)?;
    Ok(json!({"ApproximateNumberOfMessagesMoved": moved}))
}

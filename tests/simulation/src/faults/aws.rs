//! Faults between a caller and AWS, at the one connector through which every call goes.
//!
//! No fault is one that AWS documents never to happen: a conditional write is refused only when its condition does not hold, and it does not
//! hold when an attempt whose answer was lost took effect. Source: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use penstock_local::aws::dynamodb::{BEHIND_MAX, DynamoDb};
use penstock_local::aws::faults::{Target, refusal};
use penstock_local::aws::service::{CALLER_OUTSIDE, Lost, ServiceReply, ServiceRequest};
use serde_json::{Value, json};

use super::{SPENT, Spent, Storm};
use crate::dice::Dice;
use crate::timeline::scene;

/// Who looks at the end how things are. Nothing goes wrong for it.
pub const AUDITOR: &str = "auditor";

/// A batch is sent without so many of its entries, and these are answered as not done.
const LEFT_OUT: usize = 1;

/// What stands between callers and AWS.
pub struct Between {
    storm: Arc<Storm>,
    dice: Dice,
    store: DynamoDb,
}

impl Between {
    /// In a storm, before this store.
    ///
    /// # Panics
    /// When the store's memory takes no write.
    #[must_use]
    pub fn new(storm: Arc<Storm>, store: &DynamoDb) -> Self {
        if storm.weather.stale > 0.0 {
            store.remember().expect("the store's memory takes a write");
        }
        let dice = storm.dice("aws");
        Self { storm, dice, store: store.clone() }
    }

    /// Answers a call, perhaps as the service would have.
    pub async fn answer(&self, request: ServiceRequest, target: Target) -> ServiceReply {
        if [AUDITOR, CALLER_OUTSIDE].contains(&request.function.as_str()) {
            return target.call(request).await;
        }
        let said = format!("{}.{}", target.name(), request.operation);
        let who = request.function.clone();
        let scene = scene::call(target.name(), &request);
        tokio::time::sleep(self.dice.span(1..12)).await;
        let reply = scene::within(scene.clone(), self.struck(request, &target)).await;
        tokio::time::sleep(self.dice.span(0..6)).await;
        let outcome = match (&reply.lost, &reply.error) {
            (Some(lost), _) => format!("{lost:?}"),
            (None, Some(error)) => error.clone(),
            (None, None) => "ok".to_owned(),
        };
        self.storm.journal.say(&who, format!("{said}: {outcome}"));
        scene::call_answered(scene.as_ref(), &outcome);
        // Who calls besides invocations spends nothing.
        let _ = SPENT.try_with(|spent| spend(spent, outcome == "ok" && !is_partial(&reply)));
        reply
    }

    async fn struck(&self, request: ServiceRequest, target: &Target) -> ServiceReply {
        let weather = &self.storm.weather;
        let strikes = |kind, probability| self.storm.strikes(&self.dice, kind, probability);
        if strikes("AWS answers slowly", weather.slow) {
            tokio::time::sleep(self.dice.span(500..8_000)).await;
        }
        if strikes("AWS fails before the effect", weather.before) {
            return self.failure(target).await;
        }
        let lost = strikes("AWS fails after the effect", weather.after);
        let reply = self.partly(request, target).await;
        scene::took_effect(&reply);
        if lost { self.failure(target).await } else { reply }
    }

    /// One of the ways in which a call gets no good answer, whether it took effect or not.
    async fn failure(&self, target: &Target) -> ServiceReply {
        match self.dice.below(5) {
            0 => throttled(target.name()),
            1 => unavailable(target.name(), 500),
            2 => unavailable(target.name(), 503),
            3 => ServiceReply { lost: Some(Lost::Reset), ..ServiceReply::default() },
            _ => {
                tokio::time::sleep(Duration::from_secs(3)).await;
                ServiceReply { lost: Some(Lost::TimedOut), ..ServiceReply::default() }
            }
        }
    }

    /// Lets the call take effect: as a whole, in part, after a conflict, or as it would have been answered a moment ago.
    async fn partly(&self, request: ServiceRequest, target: &Target) -> ServiceReply {
        let weather = &self.storm.weather;
        let strikes = |kind, probability| self.storm.strikes(&self.dice, kind, probability);
        match request.operation.as_str() {
            "TransactWriteItems" if strikes("a transaction meets another", weather.conflict) => {
                conflict(&request)
            }
            "BatchWriteItem" | "BatchGetItem" if strikes("a batch is done in part", weather.partial) => {
                unprocessed(request, target, &self.dice).await
            }
            "SendMessageBatch" | "DeleteMessageBatch"
                if strikes("a batch is done in part", weather.partial) =>
            {
                failed_entries(request, target, &self.dice).await
            }
            "GetItem" | "Query" | "BatchGetItem" => self.perhaps_stale(request, target).await,
            _ => target.call(request).await,
        }
    }

    /// A read that is not strongly consistent may be answered from a replica or an index that is behind, whoever asks: each item as it was at
    /// some moment of the last seconds.
    async fn perhaps_stale(&self, request: ServiceRequest, target: &Target) -> ServiceReply {
        if self.storm.is_likely(&self.dice, self.storm.weather.stale) {
            let longest = BEHIND_MAX.as_millis() as u64;
            let behind = || self.dice.span(0..longest);
            let stale = self.store.answer_behind(&request.operation, &request.body, behind);
            if let Some(stale) = stale.expect("the store's memory can be read") {
                self.storm.struck("a read is stale");
                return stale;
            }
        }
        target.call(request).await
    }
}

fn spend(spent: &Spent, done: bool) {
    spent.calls.fetch_add(1, Ordering::Relaxed);
    spent.failed.fetch_add(u64::from(!done), Ordering::Relaxed);
}

/// Whether a batch was done in part only, so that its rest is asked for again.
fn is_partial(reply: &ServiceReply) -> bool {
    let has = |mark: &[u8]| reply.body.windows(mark.len()).any(|it| it == mark);
    has(br#""UnprocessedKeys":{""#) || has(br#""UnprocessedItems":{""#) || has(br#""Failed":[{"#)
}

fn throttled(service: &str) -> ServiceReply {
    match service {
        "s3" => xml(503, "SlowDown"),
        "dynamodb" => refusal(400, "ThrottlingException", "Rate exceeded"),
        _ => refusal(400, "RequestThrottled", "Rate exceeded"),
    }
}

fn unavailable(service: &str, status: u16) -> ServiceReply {
    match (service, status) {
        ("s3", 500) => xml(500, "InternalError"),
        ("s3", _) => xml(503, "ServiceUnavailable"),
        ("dynamodb", 500) => refusal(500, "InternalServerError", "The request processing has failed"),
        (_, 500) => refusal(500, "InternalFailure", "The request processing has failed"),
        _ => refusal(503, "ServiceUnavailable", "The request has failed due to a temporary failure"),
    }
}

fn xml(status: u16, code: &str) -> ServiceReply {
    let body = format!("<Error><Code>{code}</Code><Message>Please try again</Message></Error>");
    ServiceReply {
        status,
        body: body.into_bytes(),
        content_type: "application/xml",
        error: Some(code.to_owned()),
        ..ServiceReply::default()
    }
}

/// What a transaction gets that met another one at its first item.
fn conflict(request: &ServiceRequest) -> ServiceReply {
    let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let items = asked["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons = (0..items)
        .map(|at| if at == 0 { json!({"Code": "TransactionConflict"}) } else { json!({"Code": "None"}) });
    let kind = "TransactionCanceledException";
    let mut reply =
        refusal(400, kind, "Transaction cancelled, please refer cancellation reasons for specific reasons");
    let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    body["CancellationReasons"] = reasons.collect();
    reply.body = body.to_string().into_bytes();
    reply
}

/// A batch of DynamoDB's without a key of each table that has several.
async fn unprocessed(mut request: ServiceRequest, target: &Target, dice: &Dice) -> ServiceReply {
    let mut asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let gets = request.operation == "BatchGetItem";
    let mut left = json!({});
    for (table, wanted) in asked["RequestItems"].as_object_mut().into_iter().flatten() {
        let like = wanted.clone();
        let entries = if gets { wanted["Keys"].as_array_mut() } else { wanted.as_array_mut() };
        let Some(entries) = entries.filter(|it| it.len() > LEFT_OUT) else { continue };
        dice.shuffle(entries);
        let out: Value = entries.split_off(entries.len() - LEFT_OUT).into();
        left[table] = if gets { with(like, "Keys", out) } else { out };
    }
    request.body = asked.to_string().into_bytes().into();
    let mut reply = target.call(request).await;
    if reply.error.is_none() {
        let name = if gets { "UnprocessedKeys" } else { "UnprocessedItems" };
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        reply.body = with(body, name, left).to_string().into_bytes();
    }
    reply
}

/// A batch of SQS's of which an entry fails.
async fn failed_entries(mut request: ServiceRequest, target: &Target, dice: &Dice) -> ServiceReply {
    let mut asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let Some(entries) = asked["Entries"].as_array_mut().filter(|it| it.len() > LEFT_OUT) else {
        return target.call(request).await;
    };
    dice.shuffle(entries);
    let out = entries.split_off(entries.len() - LEFT_OUT);
    request.body = asked.to_string().into_bytes().into();
    let mut reply = target.call(request).await;
    if reply.error.is_none() {
        let mut body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let failed = out.iter().map(|it| {
            json!({"Id": it["Id"], "SenderFault": false, "Code": "InternalError", "Message": "try again"})
        });
        let mut all = body["Failed"].as_array().cloned().unwrap_or_default();
        all.extend(failed);
        body["Failed"] = all.into();
        reply.body = body.to_string().into_bytes();
    }
    reply
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

//! Judges every AWS call of a function by that function's policies in the template, as IAM does.
//!
//! A function has its own policies and no others: no resource policies, no boundaries, no session policies, as the template has
//! none. Callers that are no functions (a person's tools, tests, the laptop's own endpoints) are not judged.

mod conditions;
mod judgement;
mod needs;
mod pattern;
mod refusal;
mod report;
mod usage;

use std::collections::BTreeMap;

use crate::aws::service::{ServiceReply, ServiceRequest};
use crate::template::{ACCOUNT, FunctionSpec, STACK, Statement, Table, function_arn};
use judgement::{Verdict, judge};
use needs::{Need, PartitionKeys, needs, needs_in_batch, needs_of_absence};
pub use report::{Report, UnreadableLog};
use usage::Usage;
pub use usage::{Grant, LOG_VARIABLE};

/// What each function may do, and what it was seen doing.
#[derive(Debug, Default)]
pub struct Permissions {
    by_function: BTreeMap<String, Principal>,
    keys: PartitionKeys,
    usage: Usage,
}

/// What a stream mapping does as its function.
pub const STREAM_MAPPING: &[&str] =
    &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"];
/// What a queue's mapping does as its function.
pub const QUEUE_MAPPING: &[&str] = &["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
/// What reporting batches that were given up does as the function.
pub const ON_FAILURE: &[&str] = &["sqs:SendMessage"];

/// Who a function is to AWS, and what it may do.
#[derive(Debug)]
struct Principal {
    arn: String,
    statements: Vec<Statement>,
}

/// A permission that a mapping needs of its function's role, and that no policy gives it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the function's policies do not allow {action} on {resource}")]
pub struct Missing {
    action: String,
    resource: String,
}

impl Permissions {
    /// Those that the template gives.
    #[must_use]
    pub fn new(functions: &[FunctionSpec], tables: &[Table]) -> Self {
        let principal = |spec: &FunctionSpec| {
            let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{STACK}-{0}-role/{STACK}-{0}", spec.name);
            (spec.name.clone(), Principal { arn, statements: spec.statements.clone() })
        };
        Self {
            by_function: functions.iter().map(principal).collect(),
            keys: PartitionKeys::of(tables),
            usage: Usage::from_environment(),
        }
    }

    /// The refusal of a call that its function may not make; `None` when it may, or when no function makes it.
    #[must_use]
    pub fn refusal(&self, service: &str, request: &ServiceRequest) -> Option<ServiceReply> {
        let function = request.function.as_str();
        let principal = self.by_function.get(function)?;
        let needs = needs(service, request, &self.keys);
        let refused = needs.iter().find_map(|need| self.refused(function, principal, need))?;
        // The function is told, and says so where it matters to it: its first, warming call may well be refused.
        tracing::debug!(function, refused, "a call was refused");
        Some(refusal::reply(service, &refused))
    }

    /// What of a batch its function may not do, by its place in the batch, and AWS's words for why.
    #[must_use]
    pub fn refused_in_batch(&self, service: &str, request: &ServiceRequest) -> BTreeMap<usize, String> {
        let function = request.function.as_str();
        let Some(principal) = self.by_function.get(function) else { return BTreeMap::new() };
        let entries = needs_in_batch(service, request).unwrap_or_default().into_iter().enumerate();
        let refused = |needs: &[Need]| needs.iter().find_map(|need| self.refused(function, principal, need));
        entries.filter_map(|(place, needs)| Some((place, refused(&needs)?))).collect()
    }

    /// Whether a service's replies may have to be concealed.
    #[must_use]
    pub fn may_conceal(&self, service: &str) -> bool {
        needs::tells_of_absence(service)
    }

    /// What is said instead of `reply` when that would tell a function more than it may know: who may not list a bucket is
    /// not told that an object is missing from it ("GetObject", Amazon S3 API Reference).
    #[must_use]
    pub fn concealment(
        &self,
        service: &str,
        request: &ServiceRequest,
        reply: &ServiceReply,
    ) -> Option<ServiceReply> {
        // What answers HEAD has no document that would name the error.
        reply.error.as_deref().filter(|it| ["NoSuchKey", "NotFound", "404"].contains(it))?;
        let function = request.function.as_str();
        let principal = self.by_function.get(function)?;
        let need = needs_of_absence(service, request)?;
        let refused = self.refused(function, principal, &need)?;
        Some(refusal::reply(service, &refused))
    }

    /// The refusal of one function invoking another; `None` when it may, or when no function does.
    #[must_use]
    pub fn refusal_of_invocation(&self, caller: &str, invoked: &str) -> Option<ServiceReply> {
        let principal = self.by_function.get(caller)?;
        let need = Need::new("lambda:InvokeFunction", function_arn(invoked));
        let refused = self.refused(caller, principal, &need)?;
        Some(refusal::reply("lambda", &refused))
    }

    fn refused(&self, function: &str, principal: &Principal, need: &Need) -> Option<String> {
        let verdict = judge(&principal.statements, need);
        if let Verdict::Allowed { action, resource } = verdict {
            self.usage.used(Grant { function: function.to_owned(), action, resource });
            return None;
        }
        Some(refusal::words(&principal.arn, need, verdict == Verdict::Denied))
    }

    /// Whether a mapping may do with its function's role what it needs to: `actions` on `resource`.
    ///
    /// # Errors
    /// The first that it may not. AWS does not create such a mapping.
    pub fn lent(&self, function: &str, actions: &[&str], resource: &str) -> Result<(), Missing> {
        let Some(principal) = self.by_function.get(function) else { return Ok(()) };
        let mut needed = actions.iter().map(|action| Need::new(*action, resource));
        let refused = needed.find(|need| self.refused(function, principal, need).is_some());
        refused.map_or(Ok(()), |need| Err(Missing { action: need.action, resource: need.resource }))
    }

    /// Everything that is allowed, by function; a function that may do nothing is there too.
    #[must_use]
    pub fn allowed(&self) -> BTreeMap<String, Vec<Grant>> {
        let of = |(function, principal): (&String, &Principal)| {
            let grants =
                principal.statements.iter().filter(|it| it.allows).flat_map(|it| usage::grants(function, it));
            (function.clone(), grants.collect())
        };
        self.by_function.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests;

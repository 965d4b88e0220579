//! Every AWS call that was made: who, what, how much, how long. Tests read budgets from it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// One call to AWS.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function that made it.
    pub function: String,
    /// The service, e.g. `dynamodb`.
    pub service: String,
    /// The operation, e.g. `PutItem`.
    pub operation: String,
    /// The tables it touched.
    pub tables: Vec<String>,
    /// Read units it consumed, indexes included.
    pub read_units: f64,
    /// Write units it consumed, indexes included.
    pub write_units: f64,
    /// How long it took.
    pub duration: Duration,
    /// `None` when it succeeded, else the error's type, e.g. `ConditionalCheckFailedException`.
    pub error: Option<String>,
}

/// The calls since the start or the last [`CallLog::reset`].
///
/// The counts are complete; of the calls themselves only the last [`CALLS_KEPT`] are kept.
#[derive(Debug, Default)]
pub struct CallLog {
    inner: Mutex<Inner>,
}

/// How many calls the log keeps.
pub const CALLS_KEPT: usize = 10_000;

#[derive(Debug, Default)]
struct Inner {
    recent: VecDeque<Call>,
    counts: BTreeMap<Kind, u64>,
}

/// Who called, which service, for what.
type Kind = (String, String, String);

impl CallLog {
    /// Forgets everything.
    pub fn reset(&self) {
        *self.lock() = Inner::default();
    }

    /// The last calls, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Call> {
        self.lock().recent.iter().cloned().collect()
    }

    /// The last calls of one function, oldest first.
    #[must_use]
    pub fn of(&self, function: &str) -> Vec<Call> {
        self.lock().recent.iter().filter(|it| it.function == function).cloned().collect()
    }

    /// How often each operation was called, as `service.operation`.
    #[must_use]
    pub fn by_operation(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for ((_, service, operation), count) in &self.lock().counts {
            *counts.entry(format!("{service}.{operation}")).or_default() += count;
        }
        counts
    }

    /// The same by who called, as `function service.operation`.
    #[must_use]
    pub fn by_caller(&self) -> BTreeMap<String, u64> {
        let inner = self.lock();
        let counts = inner.counts.iter();
        counts
            .map(|((function, service, operation), count)| {
                (format!("{function} {service}.{operation}"), *count)
            })
            .collect()
    }

    /// How many calls there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.lock().counts.values().sum()
    }

    pub(crate) fn record(&self, call: Call) {
        let mut inner = self.lock();
        let kind = (call.function.clone(), call.service.clone(), call.operation.clone());
        *inner.counts.entry(kind).or_default() += 1;
        if inner.recent.len() == CALLS_KEPT {
            inner.recent.pop_front();
        }
        inner.recent.push_back(call);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic while counting leaves counts that are at worst one short.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

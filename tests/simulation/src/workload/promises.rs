//! What clients were told: each command with its key, and what became of it in their eyes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use uuid::Uuid;

/// How a command ended for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A 2xx, now or for an attempt before.
    Accepted,
    /// A 4xx that says it is refused.
    Refused {
        /// The status.
        status: u16,
        /// The problem's code.
        code: String,
    },
    /// The client gave up without knowing.
    Unknown,
}

/// A command that a client gave.
#[derive(Debug, Clone)]
pub struct Promise {
    /// Whose.
    pub tenant: String,
    /// Its idempotency key.
    pub key: Uuid,
    /// Where it was sent.
    pub path: String,
    /// The order it is about, where that is known.
    pub order: Option<Uuid>,
    /// What was asked.
    pub body: Value,
    /// How it ended.
    pub verdict: Verdict,
}

/// All that clients were told.
#[derive(Debug, Default)]
pub struct Promises {
    all: Mutex<Vec<Promise>>,
    replies: Mutex<Vec<(String, String)>>,
}

impl Promises {
    /// One more.
    pub fn note(&self, promise: Promise) {
        self.lock().push(promise);
    }

    /// All there are.
    #[must_use]
    pub fn all(&self) -> Vec<Promise> {
        self.lock().clone()
    }

    /// What was answered to a tenant, word for word.
    pub fn replied(&self, tenant: &str, text: String) {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).push((tenant.to_owned(), text));
    }

    /// Every answer, with the tenant that got it.
    #[must_use]
    pub fn replies(&self) -> Vec<(String, String)> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Promise>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

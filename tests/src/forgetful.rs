//! A function that ends after its effect and before its answer, whenever something new is handed to it: what it was handed comes again,
//! to another instance.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use penstock_local::PlatformError;
use penstock_local::handler::{Failure, Handler};
use penstock_local::hosting::{Hosting, Resident, Starter};
use penstock_platform::function::Invocation;
use serde_json::Value;

/// Hosts one function so, and all others as ever.
pub struct Forgetful {
    function: &'static str,
    deaths: Arc<AtomicUsize>,
}

impl Forgetful {
    /// That function ends; nobody does, when nothing is of that name.
    #[must_use]
    pub fn new(function: &'static str) -> Self {
        Self { function, deaths: Arc::default() }
    }

    /// How often it ended.
    #[must_use]
    pub fn deaths(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.deaths)
    }
}

impl Hosting for Forgetful {
    fn host(&self, starter: Starter) -> Result<Arc<dyn Handler>, PlatformError> {
        if starter.spec().name != self.function {
            return Resident.host(starter);
        }
        let (first, second) = (starter.cold()?, starter.cold()?);
        Ok(Arc::new(Mortal { first, second, seen: Mutex::default(), deaths: self.deaths() }))
    }
}

struct Mortal {
    /// Takes what is new, and ends.
    first: Arc<dyn Handler>,
    /// Takes what comes again.
    second: Arc<dyn Handler>,
    seen: Mutex<BTreeSet<String>>,
    deaths: Arc<AtomicUsize>,
}

impl Mortal {
    /// Whether none of these records was handed out before. From now on all were.
    fn are_new(&self, payload: &[u8]) -> bool {
        let mut seen = self.seen.lock().expect("no test panics here");
        ids(payload).into_iter().filter(|id| !seen.insert(id.clone())).count() == 0
    }
}

impl Handler for Mortal {
    fn invoke(
        self: Arc<Self>,
        payload: Vec<u8>,
        invocation: Invocation,
    ) -> BoxFuture<'static, Result<Vec<u8>, Failure>> {
        Box::pin(async move {
            if !self.are_new(&payload) {
                return Arc::clone(&self.second).invoke(payload, invocation).await;
            }
            Arc::clone(&self.first).invoke(payload, invocation).await?;
            self.deaths.fetch_add(1, Ordering::SeqCst);
            Err(Failure::Panicked("it ended before it could answer".to_owned()))
        })
    }
}

/// What tells the records of a queue or of a stream apart.
fn ids(payload: &[u8]) -> Vec<String> {
    let event: Value = serde_json::from_slice(payload).unwrap_or_default();
    let records = event["Records"].as_array().into_iter().flatten();
    let id = |it: &Value| {
        let number = &it["dynamodb"]["SequenceNumber"];
        Some(it["messageId"].as_str().or(number.as_str())?.to_owned())
    };
    records.filter_map(id).collect()
}

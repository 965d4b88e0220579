//! What invokes functions by itself: mappings of queues, and schedules. Mappings of streams are in [`crate::streams`].

pub mod expression;
pub mod filter;
mod message;
mod pollers;
mod queue;
mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::aws::sqs::{Sqs, SqsError};
use crate::functions::Functions;
use crate::template::Template;
use queue::Reader;
pub use schedule::{Clock, WallClock};

/// The running mappings of queues and schedules.
pub struct Sources {
    sqs: Sqs,
    queues: Vec<String>,
    tasks: Vec<JoinHandle<()>>,
}

/// A queue that says nothing of it keeps a received message from others for so long.
const VISIBILITY_DEFAULT: Duration = Duration::from_secs(30);
/// How often an empty queue is looked for.
const DRAINED_EVERY: Duration = Duration::from_millis(5);

impl Sources {
    /// Starts everything. It stops, after what it is doing, when `stop` turns true.
    #[must_use]
    pub fn start(
        sqs: &Sqs,
        functions: &Functions,
        template: &Template,
        clock: &Arc<dyn Clock>,
        stop: &watch::Receiver<bool>,
    ) -> Self {
        let visibility = visibilities(template);
        let mut tasks = Vec::new();
        for mapping in &template.queue_mappings {
            let visibility = visibility.get(mapping.queue.as_str()).copied().unwrap_or(VISIBILITY_DEFAULT);
            let reader = Reader::new(sqs, functions, mapping.clone(), visibility, stop);
            tasks.push(tokio::spawn(reader.run()));
        }
        for schedule in &template.schedules {
            let run = schedule::run(schedule.clone(), functions.clone(), Arc::clone(clock), stop.clone());
            tasks.push(tokio::spawn(run));
        }
        let queues = template.queue_mappings.iter().map(|it| it.queue.clone()).collect();
        Self { sqs: sqs.clone(), queues, tasks }
    }

    /// The queues that have a mapping.
    #[must_use]
    pub fn queues(&self) -> &[String] {
        &self.queues
    }

    /// Waits until every queue that has a mapping is empty: nothing waits, nothing is being worked on or comes back.
    ///
    /// # Errors
    /// When the queues cannot be read.
    pub async fn drained(&self) -> Result<(), SqsError> {
        for queue in &self.queues {
            while !self.is_empty(queue)? {
                tokio::time::sleep(DRAINED_EVERY).await;
            }
        }
        Ok(())
    }

    /// Whether every queue that has a mapping is empty now.
    ///
    /// # Errors
    /// When the queues cannot be read.
    pub fn are_empty(&self) -> Result<bool, SqsError> {
        self.queues.iter().try_fold(true, |empty, queue| Ok(empty && self.is_empty(queue)?))
    }

    fn is_empty(&self, queue: &str) -> Result<bool, SqsError> {
        let counts = self.sqs.counts(queue)?;
        Ok(counts.visible + counts.in_flight + counts.delayed == 0)
    }

    /// Waits until all have stopped.
    pub async fn stopped(self) {
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(error = error.to_string(), "an event source crashed");
            }
        }
    }
}

/// The visibility timeouts of those queues that say one.
fn visibilities(template: &Template) -> BTreeMap<&str, Duration> {
    let declared = template.queues.iter().filter_map(|queue| {
        let seconds = queue.attributes.get("VisibilityTimeout")?.parse().ok()?;
        Some((queue.name.as_str(), Duration::from_secs(seconds)))
    });
    declared.collect()
}

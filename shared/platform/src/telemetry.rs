//! What an operator sees: one line of JSON a log record, and CloudWatch embedded metrics.
//!
//! Records say which function, request, tenant, order and trace, and never who somebody is: no names, no bodies.
//!
//! | metric | unit | dimensions |
//! | --- | --- | --- |
//! | `Latency` | milliseconds | `Function` |
//! | `Errors`, `Refusals` | count | `Function` |
//! | `Retries` | count: AWS calls that were tried again | |
//! | `LostRaces` | count: commands decided anew because another was faster | |
//! | `CacheHits`, `CacheMisses` | count | `Cache` |
//! | `CacheHitRatio` | 0 to 1, one value a question | `Cache` |
//! | `OrderTransitions` | count | `Transition` |
//! | `Letters` | count: what became of a queue's letters | `Consumer`, `Outcome` |
//! | `StrayParcels` | count: parcels of cancelled orders that could not be called back | |
//! | `LetterAge` | seconds since the oldest letter of an invocation was sent first | `Consumer` |
//! | `LetterAttempts` | the most attempts before of an invocation's letters | `Consumer` |

use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;
use metrics::Unit;
use metrics_cloudwatch_embedded::{Builder, Collector};
use penstock_domain::OrderId;
use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::queue::Letter;

const NAMESPACE: &str = "Penstock";
const COUNTERS: [&str; 9] = [
    "Errors",
    "Refusals",
    "Retries",
    "LostRaces",
    "OrderTransitions",
    "CacheHits",
    "CacheMisses",
    "Letters",
    "StrayParcels",
];

static COLLECTOR: OnceLock<Option<&'static Collector>> = OnceLock::new();

/// Begins to log on standard error, from `LOG_LEVEL` (or else `level`) up, and to collect metrics. Once a process;
/// further calls change nothing.
pub fn init(level: &str) {
    COLLECTOR.get_or_init(|| {
        let filter = std::env::var("LOG_LEVEL").unwrap_or_else(|_| level.to_owned());
        // Another subscriber that is there already, as in tests, stays.
        let _ = subscriber(&filter, io::stderr).try_init();
        Builder::new().cloudwatch_namespace(NAMESPACE).init().ok().inspect(|_| describe())
    });
}

/// What turns records into lines of JSON: the fields of a record and of the spans around it, side by side.
fn subscriber<W>(filter: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = json_subscriber::fmt::layer()
        .with_writer(writer)
        .with_target(false)
        .with_current_span(false)
        .with_span_list(false)
        .flatten_event(true)
        .flatten_span_list_on_top_level(true);
    tracing_subscriber::registry().with(EnvFilter::new(filter)).with(lines)
}

/// Writes what was measured since the last time, one line of embedded metric format per set of dimensions.
///
/// # Errors
/// When the writer fails.
pub fn flush(writer: impl Write) -> io::Result<()> {
    match COLLECTOR.get() {
        Some(Some(collector)) => collector.flush(writer),
        _ => Ok(()),
    }
}

fn describe() {
    metrics::describe_histogram!("Latency", Unit::Milliseconds, "");
    metrics::describe_histogram!("LetterAge", Unit::Seconds, "");
    metrics::describe_histogram!("LetterAttempts", Unit::Count, "");
    for counter in COUNTERS {
        metrics::describe_counter!(counter, Unit::Count, "");
    }
}

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As asked.
    Done,
    /// The caller's mistake, or the business's no.
    Refused,
    /// Ours.
    Failed,
}

/// Measures one invocation.
pub(crate) fn measure_invocation(function: &'static str, took: Duration, outcome: Outcome) {
    metrics::histogram!("Latency", "Function" => function).record(took.as_secs_f64() * 1_000.0);
    match outcome {
        Outcome::Done => {}
        Outcome::Refused => metrics::counter!("Refusals", "Function" => function).increment(1),
        Outcome::Failed => metrics::counter!("Errors", "Function" => function).increment(1),
    }
}

/// Says in the records of this invocation which order it is about.
pub fn about_order(id: OrderId) {
    tracing::Span::current().record("order", tracing::field::display(id));
}

/// Counts one question to a cache, for one thing or many: how many it knew, of how many.
///
/// One value a question, as the collector keeps a hundred values of a metric between two flushes.
pub(crate) fn count_cache_read(cache: &'static str, known: usize, asked: usize) {
    if asked > 0 {
        metrics::counter!("CacheHits", "Cache" => cache).increment(known as u64);
        metrics::counter!("CacheMisses", "Cache" => cache).increment((asked - known) as u64);
        metrics::histogram!("CacheHitRatio", "Cache" => cache).record(known as f64 / asked as f64);
    }
}

/// Measures the letters of one invocation: each by its outcome, and the oldest and most tried of all.
///
/// One value an invocation, for the same reason.
pub(crate) fn measure_letters<'a>(
    consumer: &'static str,
    now: Timestamp,
    letters: impl Iterator<Item = (&'a Letter, &'static str)>,
) {
    let (mut age, mut attempts) = (0.0_f64, 0);
    for (letter, outcome) in letters {
        age = age.max(now.duration_since(letter.sent_at).as_secs_f64());
        attempts = attempts.max(letter.attempts);
        metrics::counter!("Letters", "Consumer" => consumer, "Outcome" => outcome).increment(1);
    }
    metrics::histogram!("LetterAge", "Consumer" => consumer).record(age);
    metrics::histogram!("LetterAttempts", "Consumer" => consumer).record(f64::from(attempts));
}

/// Counts the attempts after the first of every AWS call.
#[derive(Debug)]
pub struct CountRetries;

impl Intercept for CountRetries {
    fn name(&self) -> &'static str {
        "CountRetries"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if config.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1) {
            metrics::counter!("Retries").increment(1);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

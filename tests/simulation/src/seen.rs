//! What is seen on the way and must not be: panics, errors that are logged twice, ids of other tenants in a log line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::faults::Spent;

/// Calls that any invocation may make: `archive-orders` looks into sixteen shards, a list of dead letters into every queue.
const CALLS: u64 = 20;
/// Calls that each event or step of a batch may take besides.
const CALLS_A_LETTER: u64 = 8;
/// Parcels that an order has at most: each has a packing slip, which is a call.
const PARCELS_MAX: u64 = 100;
/// Calls that a failed one explains: it is made again, or what it was for is decided anew.
const CALLS_A_FAILURE: u64 = 4;

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    panics: Vec<String>,
    overspent: Vec<String>,
    /// Records of logs: what was said, at what level.
    records: Vec<Record>,
    /// How often each invocation said each error.
    errors: BTreeMap<String, BTreeMap<String, u64>>,
}

/// A record of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How grave it is.
    pub level: Level,
    /// Its words and fields.
    pub text: String,
}

impl Seen {
    /// A handler panicked.
    pub fn panicked(&self, function: &str, request: &str) {
        self.inner().panics.push(format!("{function} panicked in {request}"));
    }

    /// An invocation begins. One that Lambda tries again has the same id, and may say the same again.
    pub(crate) fn begins(&self, request: &str) {
        if let Some(errors) = self.inner().errors.get_mut(request) {
            errors.retain(|_, count| *count > 1);
        }
    }

    /// An invocation ended, having spent that.
    pub(crate) fn spent(&self, function: &str, letters: u64, spent: &Spent) {
        let (calls, failed) = (spent.calls.load(Ordering::Relaxed), spent.failed.load(Ordering::Relaxed));
        if calls > CALLS + letters * calls_a_letter(function) + failed * CALLS_A_FAILURE {
            let what =
                format!("{function} made {calls} calls for {letters} letters, {failed} of which failed");
            self.inner().overspent.push(what);
        }
    }

    /// Which invocations made more calls than can be explained.
    #[must_use]
    pub fn overspent(&self) -> Vec<String> {
        self.inner().overspent.clone()
    }

    /// Which handlers panicked.
    #[must_use]
    pub fn panics(&self) -> Vec<String> {
        self.inner().panics.clone()
    }

    /// Which errors one invocation logged more than once.
    #[must_use]
    pub fn logged_twice(&self) -> Vec<String> {
        let inner = self.inner();
        let all =
            inner.errors.iter().flat_map(|(request, errors)| errors.iter().map(move |it| (request, it)));
        let twice = all.filter(|(_, (_, count))| **count > 1);
        twice.map(|(request, (text, count))| format!("{count} times in {request}: {text}")).collect()
    }

    /// Every log record of level `info` and graver.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.inner().records.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes log records down.
pub struct Listen(pub Arc<Seen>);

fn calls_a_letter(function: &str) -> u64 {
    if function == "handle-shipping" { CALLS_A_LETTER + PARCELS_MAX } else { CALLS_A_LETTER }
}

/// The invocation that a span is of.
struct Request(String);

/// Whether somebody may want to know: what libraries say is theirs, and most of what they would write down is said to nobody.
fn is_heard(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with("penstock")
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listen {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_heard(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        is_heard(metadata)
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut request = OneField { name: "request_id", value: None };
        attributes.record(&mut request);
        if let (Some(span), Some(request)) = (context.span(id), request.value) {
            span.extensions_mut().insert(Request(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let level = *event.metadata().level();
        if level > Level::INFO {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        let mut spans = context.event_scope(event).into_iter().flatten();
        let request = spans.find_map(|it| it.extensions().get::<Request>().map(|it| it.0.clone()));
        let mut inner = self.0.inner();
        if let (Level::ERROR, Some(request)) = (level, request) {
            *inner.errors.entry(request).or_default().entry(text.0.clone()).or_default() += 1;
        }
        inner.records.push(Record { level, text: text.0 });
    }
}

struct OneField {
    name: &'static str,
    value: Option<String>,
}

impl Visit for OneField {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == self.name {
            self.value = Some(format!("{value:?}"));
        }
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").expect("a string can be written to");
    }
}

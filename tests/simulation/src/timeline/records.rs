//! What functions log on the way about the watched order, and what companies outside answer them, as the log has it.

use jiff::SignedDuration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Registry};

use super::scene;
use super::{Entry, Lane};

/// The field of a span that says which order it is about.
const SUBJECT: &str = "order";
/// Where calls to other companies are logged.
const OUTBOUND: &str = "penstock_outbound";

/// Listens to the log.
pub(crate) struct Hear;

/// The order that a span is about.
struct Subject(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Hear {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        remember(fields, id, &context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        remember(fields, id, &context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let metadata = event.metadata();
        let is_call = metadata.target().starts_with(OUTBOUND);
        if !metadata.target().starts_with("penstock") || (*metadata.level() > Level::INFO && !is_call) {
            return;
        }
        let Some(scene) = scene::current() else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        // How a request was answered is known.
        if fields.get("route").is_some() {
            return;
        }
        let mut spans = context.event_scope(event).into_iter().flatten();
        let subject = spans.find_map(|it| it.extensions().get::<Subject>().map(|it| it.0.clone()));
        if !scene.hears(&fields.text(), subject.as_deref()) {
            return;
        }
        match fields.get("path").filter(|_| is_call) {
            Some(path) => scene.note(asked(path, &fields)),
            None => scene.tell(&format!("{}: {}", metadata.level().as_str().to_lowercase(), fields.text())),
        }
    }
}

fn remember<S: Subscriber + for<'a> LookupSpan<'a>>(fields: Fields, id: &Id, context: &Context<'_, S>) {
    if let (Some(span), Some(subject)) = (context.span(id), fields.get(SUBJECT)) {
        span.extensions_mut().replace(Subject(subject.to_owned()));
    }
}

/// The order that the span under way is about.
pub(super) fn subject() -> Option<String> {
    let of = |(id, dispatch): (&Id, &tracing::Dispatch)| {
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        span.scope().find_map(|it| it.extensions().get::<Subject>().map(|it| it.0.clone()))
    };
    tracing::Span::current().with_subscriber(of).flatten()
}

/// Whose API a path is of, or whose news it takes.
pub(super) fn company(path: &str) -> &'static str {
    let is_carriers = path.contains("/shipments") || path.ends_with("/carrier");
    if is_carriers { "carrier" } else { "payment provider" }
}

/// A call to another company.
fn asked(path: &str, fields: &Fields) -> Entry {
    let company = company(path);
    let what = format!(
        "{} {}",
        fields.get("method").unwrap_or_default(),
        path.split('?').next().unwrap_or_default()
    );
    let mut entry = Entry::now(Lane::World, company, what).with(format!("path {path}"));
    entry.until = Some(entry.at);
    entry.at -= fields
        .get("elapsed_ms")
        .and_then(|it| it.parse().ok())
        .map(SignedDuration::from_millis)
        .unwrap_or_default();
    entry.outcome = match (fields.get("status"), fields.get("error")) {
        (Some(status), _) => format!("answers {status}"),
        (None, error) => error.unwrap_or("does not answer").to_owned(),
    };
    // To be declined is no fault.
    entry.is_bad = fields.get("status").is_none_or(|it| it.starts_with('5') || it == "429");
    entry
}

/// The fields of a record, in their order.
#[derive(Default)]
struct Fields(Vec<(&'static str, String)>);

impl Fields {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| *it == name).map(|(_, value)| &**value)
    }

    /// The message, then the rest.
    fn text(&self) -> String {
        let (message, rest): (Vec<_>, Vec<_>) = self.0.iter().partition(|(name, _)| *name == "message");
        let rest = rest.into_iter().map(|(name, value)| format!("{name}={value}"));
        message.into_iter().map(|(_, value)| value.clone()).chain(rest).collect::<Vec<_>>().join(" ")
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

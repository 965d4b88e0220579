//! What a line of the log looks like. What functions write into it is tested over the whole platform.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::field::Empty;
use uuid::Uuid;

use super::*;

#[test]
fn a_record_is_one_object_on_one_line_with_the_fields_of_its_spans_beside_its_own() {
    let order = OrderId::from(Uuid::from_u128(7));
    let lines = logged("info", || {
        let span = invocation();
        let _entered = span.enter();
        span.record("tenant", "acme");
        span.record("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
        about_order(order);
        tracing::info!(status = 201, "answered\nas asked");
    });
    let [line] = lines.as_slice() else { panic!("one line: {lines:?}") };
    let mut line: Value = serde_json::from_str(line).unwrap();
    let timestamp = line.as_object_mut().unwrap().remove("timestamp").unwrap();
    assert!(timestamp.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
    assert_eq!(
        line,
        json!({
            "level": "INFO", "message": "answered\nas asked", "status": 201, "name": "invocation",
            "function": "create-order", "request_id": "r-1", "correlation_id": "c-1", "tenant": "acme",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "order": order.to_string(),
        })
    );
}

#[test]
fn what_an_invocation_did_not_learn_is_not_in_its_lines() {
    let lines = logged("info", || invocation().in_scope(|| tracing::info!("answered")));
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((line.get("order"), line.get("tenant")), (None, None));
}

#[test]
fn each_record_is_a_line_and_those_below_the_level_are_none() {
    let lines = logged("warn", || {
        tracing::info!("too low");
        tracing::warn!("first");
        tracing::error!("second");
    });
    let message = |line: &String| serde_json::from_str::<Value>(line).unwrap()["message"].clone();
    assert_eq!(lines.iter().map(message).collect::<Vec<_>>(), ["first", "second"]);
}

fn invocation() -> tracing::Span {
    tracing::error_span!(
        "invocation",
        function = "create-order",
        request_id = "r-1",
        correlation_id = "c-1",
        trace_id = Empty,
        tenant = Empty,
        order = Empty,
    )
}

/// The lines that `log` writes, from `level` up.
fn logged(level: &str, log: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    let writer = written.clone();
    tracing::subscriber::with_default(subscriber(level, move || writer.clone()), log);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

//! When what functions measured is written: in AWS after every invocation, here after every few, to standard error.
//!
//! What measures is the platform's telemetry, and only where the binary began it; elsewhere nothing is written.

use std::sync::atomic::{AtomicU32, Ordering};

/// The collector keeps a hundred values of a metric; this many invocations stay well below it.
const INVOCATIONS_BETWEEN: u32 = 16;

static INVOCATIONS: AtomicU32 = AtomicU32::new(0);

/// Says that an invocation ended.
pub(crate) fn invocation_ended() {
    if INVOCATIONS.fetch_add(1, Ordering::Relaxed) % INVOCATIONS_BETWEEN == INVOCATIONS_BETWEEN - 1 {
        flush();
    }
}

/// Writes what was measured since the last time.
pub fn flush() {
    if let Err(error) = penstock_platform::telemetry::flush(std::io::stderr().lock()) {
        tracing::warn!(error = error.to_string(), "what was measured could not be written");
    }
}

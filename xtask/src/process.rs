//! The end-to-end tests once more, with each function in a process of its own, as `--runtime process` has it.

use crate::command::{Command, everywhere};

/// Tests about the code, about what one process measures of itself, and about what is alike in both forms.
const SAME_IN_BOTH: [&str; 8] = [
    "guards::",
    "budgets::",
    "bill::",
    "telemetry::",
    "replay::",
    "conformance::",
    // What a process remembers saves these calls; the processes of these tests remember nothing.
    "notifications::a_tenant_without_webhooks_costs_no_call",
    "notifications::an_event_to_a_webhook_costs",
];

/// Every binary of the workspace, with the same dependencies as the tests, so that none is compiled twice.
#[must_use]
pub fn binaries() -> Command {
    everywhere(&["build", "--quiet"]).and_all(&["--bins", "--tests"])
}

/// The binaries, and then the tests over them.
#[must_use]
pub fn commands() -> Vec<Command> {
    let tests = everywhere(&["test"])
        .and_all(&["--test", "suite", "--"])
        .with("PENSTOCK_TEST_RUNTIME", "process")
        // What a process logs is not captured by the test that started it.
        .with("LOG_LEVEL", "off");
    vec![binaries(), SAME_IN_BOTH.into_iter().fold(tests, |tests, module| tests.and("--skip").and(module))]
}

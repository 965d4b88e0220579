//! All integration tests, in one binary: each more would link the whole platform again.

#![expect(clippy::unwrap_used, reason = "what a test's own functions cannot do, fails the test")]

mod adapters;
mod bad_input;
mod blobs;
mod budgets;
mod catalogue;
mod conformance;
mod consumers;
mod guards;
mod lists;
mod orders;
mod permissions;
mod replay;
mod samples;
mod telemetry;

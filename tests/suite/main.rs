//! All integration tests, in one binary: each more would link the whole platform again.

#![expect(clippy::unwrap_used, reason = "what a test's own functions cannot do, fails the test")]

mod adapters;
mod archiving;
mod bad_input;
mod bill;
mod blobs;
mod budgets;
mod catalogue;
mod checkout;
mod conformance;
mod consumers;
mod dead_letters;
mod guards;
mod lists;
mod notifications;
mod orders;
mod permissions;
mod redelivery;
mod replay;
mod runner;
mod samples;
mod stock;
mod telemetry;
mod views;

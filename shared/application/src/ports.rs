//! Ports to the world outside: companies whose servers do what the platform cannot.
//!
//! Each call can fail in ways that differ in what is right to do next, and its errors say which.

pub mod carrier;
pub mod mail;
pub mod payments;

/// The adapter's own error, kept as the cause.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

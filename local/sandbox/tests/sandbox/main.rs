//! The sandbox from outside: over HTTP and SMTP, as its users have it.

#![expect(clippy::unwrap_used, reason = "what a test's own functions cannot do, fails the test")]

mod behaviours;
mod books;
mod carrier;
mod harness;
mod mail;
mod payments;
mod webhooks;

//! The sandbox from outside: over HTTP and SMTP, as its users have it.

mod behaviours;
mod books;
mod carrier;
mod harness;
mod mail;
mod payments;
mod webhooks;

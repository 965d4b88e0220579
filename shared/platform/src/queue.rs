//! Queues: how a producer sends, what a consumer is given by SQS, and what it answers.
//!
//! A message is a JSON array of CloudEvents envelopes of one tenant, its *letters*; the message group is the tenant. Every
//! letter comes twice, late and out of order; what a consumer does about that is its own affair.

pub mod consumer;
mod letters;
pub(crate) mod outcomes;
mod pack;
mod receive;
pub(crate) mod send;

pub use letters::Letter;
pub(crate) use letters::unpack;
pub use pack::{LETTERS_MAX, MESSAGE_BYTES_MAX, NewLetter};
pub use receive::Message;
pub use send::{DELAY_MAX, Outgoing, Queue};

/// The attributes of a message that says more than its body: all are text.
pub mod attributes {
    /// How often its letter was tried before.
    pub const ATTEMPTS: &str = "attempts";
    /// Why the last try failed.
    pub const REASON: &str = "reason";
    /// When its letter was sent first (RFC 3339).
    pub const SENT_AT: &str = "sentAt";
    /// When a dead letter was given up (RFC 3339). A message that has it was redriven: its attempts count from the start.
    pub const FAILED_AT: &str = "failedAt";
    /// The function that gave a dead letter up.
    pub const FUNCTION: &str = "function";
}

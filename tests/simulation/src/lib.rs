//! The whole platform in one thread, on a virtual clock, with faults that follow from a seed.
//!
//! Real are the handlers, the use cases, the AWS SDK, the embedded services, and the servers of the world outside. Simulated are the clock and
//! the entropy ([`interposed`]), what goes wrong ([`faults`]), and who buys and sells ([`workload`]). When the storm is over, [`invariants`]
//! must hold. The same seed gives the same [`journal`], byte for byte.

pub mod apart;
pub mod dice;
pub mod faults;
pub mod interposed;
pub mod invariants;
pub mod journal;
mod month;
pub mod run;
pub mod seen;
pub mod shrink;
pub mod timeline;
pub mod workload;

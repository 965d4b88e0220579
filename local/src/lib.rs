//! The laptop form of Penstock: runs what a `template.yaml` describes, in one process, with AWS embedded.
//!
//! It knows templates, events and AWS. What an order is, it does not know; [`suite`] is the one place that names functions.

pub mod aws;
pub mod data_dir;
mod dev;
pub mod functions;
pub mod gateway;
pub mod handler;
pub mod hosting;
pub mod identity;
mod invoke;
mod loopback;
pub mod metrics;
mod outside;
pub mod permissions;
#[cfg(test)]
mod planted;
mod platform;
pub mod runtime;
pub mod sources;
pub mod streams;
pub mod suite;
pub mod template;

pub use data_dir::Data;
pub use outside::{OutsideError, OutsideOptions};
pub use platform::{Options, Platform, PlatformError, TEMPLATE};
pub use runtime::Runtime;

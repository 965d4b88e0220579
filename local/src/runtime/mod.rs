//! Functions as processes of their own: each is its `bootstrap`, started on demand and spoken to by Lambda's Runtime API.
//!
//! A function that is linked into this process is a [`penstock_platform::function::Instance`] instead; both are handlers, and
//! nobody else knows which it is.

mod api;
mod binaries;
mod environment;
mod instance;
mod pool;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

pub use binaries::{BinaryError, build, find};
pub(crate) use environment::Surroundings;
pub use pool::PooledFunction;

use crate::template::FunctionSpec;

/// Where functions run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Runtime {
    /// In this process.
    #[default]
    InProcess,
    /// Each instance in a process of its own.
    Process,
}

/// How to start an instance of a function.
#[derive(Debug)]
pub(crate) struct Launch {
    spec: FunctionSpec,
    binary: PathBuf,
    surroundings: Surroundings,
}

/// A function whose instances are processes, started when it is invoked. They end when `stopping` turns true.
///
/// # Errors
/// When there is no binary of it.
pub(crate) fn function(
    spec: &FunctionSpec,
    surroundings: Surroundings,
    stopping: &watch::Receiver<bool>,
) -> Result<Arc<PooledFunction>, BinaryError> {
    let launch = Launch { spec: spec.clone(), binary: find(&spec.name)?, surroundings };
    Ok(PooledFunction::new(launch, stopping.clone()))
}

#[cfg(test)]
mod tests;

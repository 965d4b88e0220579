//! A queue of events: keeps them for good, a line of JSON each, once each.

mod archive;
mod batch;

use penstock_platform::function::Function;

pub use archive::Archive;

/// The function.
pub const FUNCTION: Function =
    Function::sink("archive-events", |environment| Ok(Box::new(Archive::new(environment)?)));

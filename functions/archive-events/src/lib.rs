//! A queue of events: keeps them for good, a line of JSON each, once each.

mod archive;
mod batch;

use penstock_platform::function::Function;
use penstock_platform::queue::consumer::{Queues, Runner};

pub use archive::Archive;

const QUEUES: Queues = Queues {
    function: "archive-events",
    queue: "ARCHIVE_EVENTS_QUEUE",
    dead_letters: "ARCHIVE_EVENTS_DEAD_LETTERS",
};

/// The function.
pub const FUNCTION: Function = Function::sink(QUEUES.function, |environment| {
    Runner::start(environment, &QUEUES, Archive::new(environment)?)
});

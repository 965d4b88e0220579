//! A second for each commit of a life, so that what happens together happens in one second, however long that takes.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;

use jiff::{SignedDuration, Timestamp};
use penstock_local::PlatformError;
use penstock_local::handler::Handler;
use penstock_local::hosting::{Hosting, Starter};

/// What functions take for the time.
pub(super) struct Time {
    began: Timestamp,
    second: AtomicU32,
}

impl Time {
    pub(super) fn new() -> Self {
        // All digits, so that what is stored is as long in every run.
        let began = Timestamp::new(Timestamp::now().as_second(), 123_456_789).unwrap();
        Self { began, second: 0.into() }
    }

    fn now(&self) -> Timestamp {
        self.began + SignedDuration::from_secs(self.second.load(SeqCst).into())
    }

    /// The next commits are about to be made.
    pub(super) fn pass(&self) {
        self.second.fetch_add(1, SeqCst);
    }
}

/// Lets functions go by that time, each in one environment: a second one would read its secrets too.
pub(super) struct ByTime(pub(super) Arc<Time>);

impl Hosting for ByTime {
    fn host(&self, starter: Starter) -> Result<Arc<dyn Handler>, PlatformError> {
        let time = Arc::clone(&self.0);
        starter.by(Arc::new(move || time.now())).resident()
    }
}

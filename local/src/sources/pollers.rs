//! How many batches of a mapping run at once: few at first, more while there is work for more, fewer after failures.
//!
//! Lambda adds pollers within minutes. Here one is added for each full batch that finds none free.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The pollers of one mapping.
#[derive(Clone)]
pub(super) struct Pollers {
    free: Arc<Semaphore>,
    open: Arc<AtomicUsize>,
    most: usize,
}

/// A poller that is at work; free again when dropped.
pub(super) struct Poller {
    place: OwnedSemaphorePermit,
    pollers: Pollers,
}

const FIRST: usize = 2;
/// A laptop's limit for mappings that have none.
const MOST: usize = 16;

impl Pollers {
    /// Pollers for a mapping, at most so many if it says so.
    pub(super) fn new(most: Option<usize>) -> Self {
        let most = most.unwrap_or(MOST).max(1);
        let first = FIRST.min(most);
        Self { free: Arc::new(Semaphore::new(first)), open: Arc::new(AtomicUsize::new(first)), most }
    }

    /// The next one that is free.
    pub(super) async fn next(&self) -> Poller {
        let place = Arc::clone(&self.free).acquire_owned().await.expect("the pollers are never closed");
        Poller { place, pollers: self.clone() }
    }

    /// One more, if all are at work and the mapping allows more.
    pub(super) fn grow(&self) {
        let more = |open| (open < self.most).then_some(open + 1);
        let busy = self.free.available_permits() == 0;
        if busy && self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok() {
            self.free.add_permits(1);
        }
    }

    /// How many there are.
    #[cfg(test)]
    fn open(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }
}

impl Poller {
    /// Ends for good, unless it is the last.
    pub(super) fn back_off(self) {
        let less = |open| (open > 1).then(|| open - 1);
        if self.pollers.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok() {
            self.place.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pollers_grow_while_all_are_at_work_up_to_what_is_allowed() {
        let pollers = Pollers::new(Some(3));
        let mut at_work = vec![pollers.next().await];
        pollers.grow();
        assert_eq!(pollers.open(), 2, "one was free");
        at_work.push(pollers.next().await);
        pollers.grow();
        at_work.push(pollers.next().await);
        pollers.grow();
        assert_eq!(pollers.open(), 3);
    }

    #[tokio::test]
    async fn pollers_back_off_to_one() {
        let pollers = Pollers::new(None);
        pollers.next().await.back_off();
        pollers.next().await.back_off();
        assert_eq!(pollers.open(), 1);
        drop(pollers.next().await);
        assert_eq!(pollers.free.available_permits(), 1);
    }

    #[tokio::test]
    async fn a_mapping_that_allows_one_has_one() {
        assert_eq!(Pollers::new(Some(1)).open(), 1);
    }
}

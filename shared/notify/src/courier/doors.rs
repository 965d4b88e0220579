//! The doors of a process: how many stand before each, and which are left alone.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use penstock_domain::WebhookId;
use penstock_outbound::{Breaker, BreakerSettings, Passage};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

/// Calls under way at one door.
const PLACES: usize = 4;
/// So many that did not answer in a row close a door.
const SILENT_MAX: u32 = 3;
/// For so long.
const CLOSED_FOR: Duration = Duration::from_secs(30);
/// How long whoever did not get a turn stays away.
const CROWDED: Duration = Duration::from_secs(5);
/// Doors that are remembered.
const DOORS_MAX: u64 = 10_000;

/// All doors.
pub(super) struct Doors(Cache<WebhookId, Arc<Door>>);

/// One door.
pub(super) struct Door {
    places: Semaphore,
    breaker: Breaker,
}

/// Leave to call at a door.
pub(super) struct Turn<'a> {
    passage: Passage<'a>,
    _place: SemaphorePermit<'a>,
}

impl Default for Doors {
    fn default() -> Self {
        Self(Cache::new(DOORS_MAX))
    }
}

impl Doors {
    pub(super) fn of(&self, webhook: WebhookId) -> Arc<Door> {
        let settings = BreakerSettings { failures_max: SILENT_MAX, open_for: CLOSED_FOR };
        let door = || Arc::new(Door { places: Semaphore::new(PLACES), breaker: Breaker::new(settings) });
        self.0.get_with(webhook, door)
    }
}

impl Door {
    /// Waits for a turn, no longer than that; otherwise, how long to stay away.
    pub(super) async fn turn(&self, within: Duration) -> Result<Turn<'_>, Duration> {
        let place = timeout(within, self.places.acquire()).await.map_err(|_| CROWDED)?;
        let place = place.map_err(|_| CROWDED)?;
        Ok(Turn { passage: self.breaker.enter()?, _place: place })
    }
}

impl Turn<'_> {
    /// Says what came of it. An answer is an answer, whatever it says: it holds nobody up.
    pub(super) fn judge(self, silent: bool) {
        self.passage.judge(silent);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_silent_door_is_left_alone_and_others_are_not() {
        let doors = Doors::default();
        let (silent, other) = (doors.of(id(1)), doors.of(id(2)));
        for _ in 0..SILENT_MAX {
            silent.turn(Duration::ZERO).await.ok().unwrap().judge(true);
        }
        assert_eq!(doors.of(id(1)).turn(Duration::ZERO).await.err(), Some(CLOSED_FOR));
        assert!(other.turn(Duration::ZERO).await.is_ok());
        tokio::time::advance(CLOSED_FOR).await;
        assert!(silent.turn(Duration::ZERO).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn few_stand_before_a_door_and_the_others_wait_so_long() {
        let door = Doors::default().of(id(1));
        let mut turns = Vec::new();
        for _ in 0..PLACES {
            turns.push(door.turn(Duration::ZERO).await.ok().unwrap());
        }
        assert_eq!(door.turn(Duration::from_secs(1)).await.err(), Some(CROWDED));
        turns.pop();
        assert!(door.turn(Duration::from_secs(1)).await.is_ok());
    }

    fn id(number: u128) -> WebhookId {
        WebhookId::from(Uuid::from_u128(number))
    }
}

//! A circuit breaker: after some failures in a row nobody asks for a while, then one asks, and what comes of that decides.
//!
//! Written here rather than taken from a crate: it goes by tokio's clock, so that a test of half an hour of outage takes no time, it
//! lets one call through to probe and not all, and a call that is given up is no verdict.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long whoever comes during a probe is told to wait: about as long as the probe takes.
const PROBE_TAKES: Duration = Duration::from_secs(1);

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures_max: u32,
    /// So long nobody asks.
    pub open_for: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { failures_max: 5, open_for: Duration::from_secs(30) }
    }
}

/// A circuit breaker.
#[derive(Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Calls pass; so many failed in a row.
    Closed(u32),
    /// Nobody asks until then.
    Open(Instant),
    /// One is asking.
    Probed,
}

/// Leave to make one call. Dropping it without a verdict, as when the call is given up, is no failure.
#[derive(Debug)]
pub struct Passage<'a> {
    breaker: &'a Breaker,
    probe: bool,
    judged: bool,
}

impl Breaker {
    /// A breaker that is closed.
    pub fn new(settings: BreakerSettings) -> Self {
        Self { settings, state: Mutex::new(State::Closed(0)) }
    }

    /// Leave to make one call.
    ///
    /// # Errors
    /// How long to wait for it.
    pub fn enter(&self) -> Result<Passage<'_>, Duration> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed(_) => false,
            State::Probed => return Err(PROBE_TAKES),
            State::Open(until) => {
                let wait = until.saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    return Err(wait);
                }
                *state = State::Probed;
                true
            }
        };
        Ok(Passage { breaker: self, probe, judged: false })
    }

    /// The state is always whole, even when a thread died holding it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> State {
        State::Open(Instant::now() + self.settings.open_for)
    }

    /// The state after a call. What was asked before the breaker opened says nothing about now.
    fn after(&self, state: State, probe: bool, failed: bool) -> State {
        match (state, failed) {
            (State::Closed(_), false) => State::Closed(0),
            (State::Closed(before), true) if before + 1 < self.settings.failures_max => {
                State::Closed(before + 1)
            }
            (State::Closed(_), true) => self.open(),
            (State::Probed, true) if probe => self.open(),
            (State::Probed, false) if probe => State::Closed(0),
            (state, _) => state,
        }
    }
}

impl Passage<'_> {
    /// Says what came of the call.
    pub fn judge(mut self, failed: bool) {
        self.judged = true;
        let mut state = self.breaker.state();
        *state = self.breaker.after(*state, self.probe, failed);
    }
}

impl Drop for Passage<'_> {
    fn drop(&mut self) {
        if self.probe && !self.judged {
            *self.breaker.state() = State::Open(Instant::now()); // the next one may probe
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const SETTINGS: BreakerSettings = BreakerSettings { failures_max: 2, open_for: Duration::from_secs(30) };

    #[tokio::test(start_paused = true)]
    async fn failures_in_a_row_open_it_and_others_do_not() {
        let breaker = Breaker::new(SETTINGS);
        for failed in [true, false, true, false, true] {
            breaker.enter().unwrap().judge(failed);
        }
        assert!(breaker.enter().is_ok());
        breaker.enter().unwrap().judge(true);
        assert_eq!(breaker.enter().unwrap_err(), SETTINGS.open_for);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_while_one_may_ask_and_its_success_closes_it() {
        let breaker = opened();
        advance(SETTINGS.open_for).await;
        let probe = breaker.enter().unwrap();
        assert_eq!(breaker.enter().unwrap_err(), PROBE_TAKES, "one asks, not all");
        probe.judge(false);
        assert!(breaker.enter().is_ok() && breaker.enter().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_opens_it_again() {
        let breaker = opened();
        advance(SETTINGS.open_for).await;
        breaker.enter().unwrap().judge(true);
        assert_eq!(breaker.enter().unwrap_err(), SETTINGS.open_for);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_was_given_up_leaves_its_place_to_the_next() {
        let breaker = opened();
        advance(SETTINGS.open_for).await;
        drop(breaker.enter().unwrap());
        assert!(breaker.enter().unwrap().probe);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_before_it_opened_changes_nothing() {
        let breaker = Breaker::new(SETTINGS);
        let early = [breaker.enter().unwrap(), breaker.enter().unwrap()];
        breaker.enter().unwrap().judge(true);
        breaker.enter().unwrap().judge(true);
        for (early, failed) in early.into_iter().zip([false, true]) {
            early.judge(failed);
        }
        assert_eq!(breaker.enter().unwrap_err(), SETTINGS.open_for);
    }

    fn opened() -> Breaker {
        let breaker = Breaker::new(SETTINGS);
        for _ in 0..SETTINGS.failures_max {
            breaker.enter().unwrap().judge(true);
        }
        breaker
    }
}

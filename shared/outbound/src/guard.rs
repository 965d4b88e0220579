//! What stands between us and a company that may be slow, busy or down: so many calls at once, tried again with jitter while
//! there is time, and none at all while it is down.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backon::Retryable;
use penstock_application::ports::Cause;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use backoff::FullJitter;
use breaker::{Breaker, BreakerSettings};

mod backoff;
pub(crate) mod breaker;
mod errors;

/// How much is asked of another company.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GuardSettings {
    /// Calls under way at once.
    pub(crate) calls_max: usize,
    /// How long a call waits for its turn.
    pub(crate) turn_within: Duration,
    /// Further attempts after the first.
    pub(crate) retries_max: u32,
    /// How long an attempt may take; no attempt begins that might not end within [`Self::budget`].
    pub(crate) attempt_takes: Duration,
    /// How long a call may take with all its attempts.
    pub(crate) budget: Duration,
    /// When to stop asking.
    pub(crate) breaker: BreakerSettings,
}

impl Default for GuardSettings {
    fn default() -> Self {
        Self {
            calls_max: 10,
            turn_within: Duration::from_secs(2),
            retries_max: 2,
            attempt_takes: Duration::from_secs(8),
            budget: Duration::from_secs(12),
            breaker: BreakerSettings::default(),
        }
    }
}

/// Guards all calls to one company. Its state is the process's.
pub(crate) struct Guard {
    company: &'static str,
    settings: GuardSettings,
    places: Semaphore,
    breaker: Breaker,
}

/// What a failure says about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TryAgain {
    /// Not before this time has passed.
    pub(crate) after: Option<Duration>,
    /// The call may have taken effect.
    pub(crate) unknown: bool,
}

/// An error of a port to another company.
pub(crate) trait CallError: std::error::Error + Send + Sync + Sized + 'static {
    /// What it says about trying again; nothing when that would not help.
    fn try_again(&self) -> Option<TryAgain>;

    /// Whether the company answered that too much is asked of it (429).
    fn is_busy(&self) -> bool;

    /// Whether the company answered for certain that there is no effect, of earlier attempts neither.
    fn is_certain(&self) -> bool;

    /// An error that says so.
    fn of(again: TryAgain, cause: Cause) -> Self;
}

/// Why a company was not even asked.
#[derive(Debug, thiserror::Error)]
enum NotAsked {
    #[error("it failed several times in a row, and is left alone for a while")]
    Open,
    #[error("too many calls are under way")]
    Busy,
}

impl Guard {
    pub(crate) fn new(company: &'static str, settings: GuardSettings) -> Self {
        let places = Semaphore::new(settings.calls_max);
        Self { company, settings, places, breaker: Breaker::new(settings.breaker) }
    }

    /// Makes a call, with further attempts while they may help and there is time.
    ///
    /// The calls' arguments must make all attempts one call to the company. If one attempt may have taken effect, then so says
    /// the error, however the last one failed.
    pub(crate) async fn call<T, E, Fut>(&self, ask: impl Fn() -> Fut) -> Result<T, E>
    where
        E: CallError,
        Fut: Future<Output = Result<T, E>>,
    {
        let started = Instant::now();
        let unknown = AtomicBool::new(false);
        let attempts = (|| self.attempt(&ask)).retry(FullJitter::new(self.settings.retries_max));
        let result = attempts
            .when(|error: &E| {
                let again = error.try_again();
                unknown.fetch_or(again.is_some_and(|it| it.unknown), Ordering::Relaxed);
                again.is_some()
            })
            .adjust(|error: &E, delay| self.delay(error, delay?, started))
            .await;
        result.map_err(|error| remembering(error, unknown.into_inner()))
    }

    /// One attempt, in its turn, if the company is asked at all.
    async fn attempt<T, E, Fut>(&self, ask: impl Fn() -> Fut) -> Result<T, E>
    where
        E: CallError,
        Fut: Future<Output = Result<T, E>>,
    {
        let _place = self.place().await?;
        let passage = self.breaker.enter().map_err(|wait| self.not_asked(NotAsked::Open, wait))?;
        let result = ask().await;
        let failed = result.as_ref().is_err_and(|error| error.try_again().is_some());
        // Whoever says that it is busy is not down: it is asked less by the delays, not left alone for all orders.
        passage.judge(failed && !result.as_ref().is_err_and(CallError::is_busy));
        self.count(if failed { "failed" } else { "answered" });
        result
    }

    async fn place<E: CallError>(&self) -> Result<SemaphorePermit<'_>, E> {
        let place = timeout(self.settings.turn_within, self.places.acquire()).await;
        let place = place.map_err(|_| self.not_asked(NotAsked::Busy, self.settings.turn_within))?;
        Ok(place.expect("the places are never closed"))
    }

    /// How long to wait before a further attempt: what the company says, or else `delay`. Nothing when there is no time.
    fn delay<E: CallError>(&self, error: &E, delay: Duration, started: Instant) -> Option<Duration> {
        let asked_for = error.try_again().and_then(|it| it.after).unwrap_or_default();
        let delay = delay.max(asked_for);
        let ends = started.elapsed() + delay + self.settings.attempt_takes;
        (ends <= self.settings.budget).then_some(delay)
    }

    fn not_asked<E: CallError>(&self, why: NotAsked, wait: Duration) -> E {
        self.count("notAsked");
        E::of(TryAgain { after: Some(wait), unknown: false }, Box::new(why))
    }

    fn count(&self, outcome: &'static str) {
        metrics::counter!("CompanyCalls", "Company" => self.company, "Outcome" => outcome).increment(1);
    }
}

/// The error of a call, when it may have taken effect by an earlier attempt.
fn remembering<E: CallError>(error: E, unknown: bool) -> E {
    let again = error.try_again();
    if !unknown || error.is_certain() || again.is_some_and(|it| it.unknown) {
        return error;
    }
    E::of(TryAgain { after: again.and_then(|it| it.after), unknown }, Box::new(error))
}

#[cfg(test)]
mod tests;

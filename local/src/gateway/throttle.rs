//! Throttling as API Gateway does it: a token bucket a route, filled at `rate`, holding at most `burst`.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::template::Throttle;

/// One bucket.
pub(super) struct Bucket {
    size: Throttle,
    state: Mutex<(f64, Instant)>,
}

impl Bucket {
    pub(super) fn new(size: Throttle, now: Instant) -> Self {
        Self { size, state: Mutex::new((size.burst, now)) }
    }

    /// Whether one more request may pass.
    pub(super) fn take(&self, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, since) = *state;
        let filled = now.saturating_duration_since(since).as_secs_f64().mul_add(self.size.rate, left);
        let tokens = filled.min(self.size.burst);
        let passes = tokens >= 1.0;
        *state = (if passes { tokens - 1.0 } else { tokens }, now);
        passes
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_passes_and_the_next_waits_for_the_rate() {
        let start = Instant::now();
        let bucket = Bucket::new(Throttle { rate: 10.0, burst: 3.0 }, start);
        assert_eq!([(); 4].map(|()| bucket.take(start)), [true, true, true, false]);
        assert!(!bucket.take(start + Duration::from_millis(50)));
        assert!(bucket.take(start + Duration::from_millis(110)));
    }

    #[test]
    fn a_quiet_hour_saves_up_no_more_than_the_burst() {
        let start = Instant::now();
        let bucket = Bucket::new(Throttle { rate: 10.0, burst: 2.0 }, start);
        let later = start + Duration::from_secs(3600);
        assert_eq!([(); 3].map(|()| bucket.take(later)), [true, true, false]);
    }
}

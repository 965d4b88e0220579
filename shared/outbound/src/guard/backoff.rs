//! Full jitter: a random delay below a bound that doubles. Callers that failed together do not come back together.
//!
//! Source: <https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/>.

use std::time::Duration;

/// The bound of the first delay.
const FIRST_MAX: Duration = Duration::from_millis(200);
/// No delay is longer.
const DELAY_MAX: Duration = Duration::from_secs(5);

/// Delays before so many further attempts.
#[derive(Debug)]
pub(super) struct FullJitter {
    bound: Duration,
    left: u32,
}

impl FullJitter {
    pub(super) fn new(retries_max: u32) -> Self {
        Self { bound: FIRST_MAX, left: retries_max }
    }
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let delay = self.bound.mul_f64(fastrand::f64());
        self.bound = (self.bound * 2).min(DELAY_MAX);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_anywhere_below_a_growing_bound() {
        let mut shortest = [DELAY_MAX; 3];
        let mut longest = [Duration::ZERO; 3];
        for _ in 0..1_000 {
            for (i, delay) in FullJitter::new(3).enumerate() {
                shortest[i] = shortest[i].min(delay);
                longest[i] = longest[i].max(delay);
            }
        }
        for (i, bound) in [FIRST_MAX, FIRST_MAX * 2, FIRST_MAX * 4].into_iter().enumerate() {
            assert!(longest[i] < bound && longest[i] > bound.mul_f64(0.9), "{longest:?}");
            assert!(shortest[i] < bound.mul_f64(0.1), "{shortest:?}");
        }
    }

    #[test]
    fn no_delay_is_longer_than_the_longest() {
        assert!(FullJitter::new(50).all(|delay| delay < DELAY_MAX));
        assert_eq!(FullJitter::new(50).count(), 50);
    }
}

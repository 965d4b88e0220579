//! How long answers took: the quantiles that matter.

use std::time::Duration;

/// Times of many requests.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that a share `quantile` of the requests did not exceed, in milliseconds.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        let time = sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default();
        (time.as_secs_f64() * 100_000.0).round() / 100.0
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        Self(times.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let latencies: Latencies = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!([0.5, 0.99, 1.0].map(|quantile| latencies.quantile_ms(quantile)), [50.0, 99.0, 100.0]);
    }

    #[test]
    fn nothing_measured_is_zero() {
        assert_eq!(Latencies::default().quantile_ms(0.99), 0.0);
    }
}

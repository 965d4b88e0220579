//! Chance that follows from the seed. Each purpose has dice of its own, so that one more throw here changes nothing there.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;

/// Dice of one purpose.
#[derive(Debug)]
pub struct Dice(Mutex<Rng>);

impl Dice {
    /// The dice of a purpose under a seed.
    #[must_use]
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, purpose).hash(&mut hasher);
        Self(Mutex::new(Rng::with_seed(hasher.finish())))
    }

    /// Whether something happens that does with this probability.
    pub fn chance(&self, probability: f64) -> bool {
        probability > 0.0 && self.rng().f64() < probability
    }

    /// A number below `end`, which is not zero.
    pub fn below(&self, end: usize) -> usize {
        self.rng().usize(..end.max(1))
    }

    /// A number of the range, which is not empty.
    pub fn of(&self, range: Range<u64>) -> u64 {
        self.rng().u64(range)
    }

    /// One of them; there is at least one.
    pub fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// One of them, each as often as its weight says.
    pub fn weighed<T: Copy>(&self, items: &[(u32, T)]) -> T {
        let all: u32 = items.iter().map(|(weight, _)| weight).sum();
        let mut left = self.rng().u32(..all);
        for (weight, item) in items {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *item,
            }
        }
        items[items.len() - 1].1
    }

    /// A span of time.
    pub fn span(&self, millis: Range<u64>) -> Duration {
        Duration::from_millis(self.of(millis))
    }

    /// The same items in another order.
    pub fn shuffle<T>(&self, items: &mut [T]) {
        self.rng().shuffle(items);
    }

    fn rng(&self) -> MutexGuard<'_, Rng> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_throw_the_same() {
        let throws = |seed, purpose| {
            let dice = Dice::new(seed, purpose);
            (0..8).map(|_| dice.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(1, "aws"), throws(1, "aws"));
        assert_ne!(throws(1, "aws"), throws(2, "aws"));
        assert_ne!(throws(1, "aws"), throws(1, "lambda"));
    }

    #[test]
    fn what_has_no_weight_is_never_picked() {
        let dice = Dice::new(1, "weights");
        assert!((0..100).all(|_| dice.weighed(&[(0, 'a'), (3, 'b'), (0, 'c')]) == 'b'));
    }
}

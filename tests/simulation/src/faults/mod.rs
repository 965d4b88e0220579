//! What goes wrong, and until when. Each run has weather of its own: some kinds of faults often, some seldom, some not at all, since
//! bugs hide where two faults meet and a third is away.

pub mod aws;
mod batch;
pub mod lambda;
pub mod outside;
pub mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::dice::Dice;
use crate::journal::Journal;
use crate::timeline::scene;

tokio::task_local! {
    /// Whether the invocation under way is spared: it is the last one its message has.
    pub(crate) static SPARED: bool;
    /// What the invocation under way has spent.
    pub(crate) static SPENT: Arc<Spent>;
}

/// What one invocation has spent on AWS.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    /// Calls that were made.
    pub(crate) calls: AtomicU64,
    /// Those that were answered with an error, or in part: each explains some more.
    pub(crate) failed: AtomicU64,
}

/// How many shards a stream has at most.
const SHARDS_MAX: usize = 8;

/// How much less likely everything is in mild weather.
const MILDNESS: u32 = 20;

macro_rules! weather {
    ($($(#[doc = $doc:literal])+ $name:ident: $most:literal,)*) => {
        /// How likely each kind of fault is, per call, per invocation, or per minute.
        #[derive(Debug, Clone)]
        pub struct Weather {
            $($(#[doc = $doc])+ pub $name: f64,)*
        }

        impl Weather {
            /// What can be left out of it, by name.
            pub const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// The weather of a seed: of each kind none, little or much.
            #[must_use]
            pub fn of(seed: u64) -> Self {
                let dice = Dice::new(seed, "weather");
                Self { $($name: often(&dice, $most),)* }
            }

            /// What there is of it, in words, and how likely it is.
            #[must_use]
            pub fn told(&self) -> Vec<(&'static str, f64)> {
                let all = vec![$((concat!($($doc),+).trim(), self.$name)),*];
                all.into_iter().filter(|(_, likely)| *likely > 0.0).collect()
            }

            /// Nothing goes wrong.
            #[must_use]
            pub const fn calm() -> Self {
                Self { $($name: 0.0,)* }
            }

            /// The same without one kind.
            #[must_use]
            pub fn without(mut self, name: &str) -> Self {
                $(if name == stringify!($name) { self.$name = 0.0; })*
                self
            }
        }
    };
}

weather! {
    /// A call to AWS fails before it takes effect.
    before: 0.08,
    /// A call to AWS takes effect, and its caller does not learn so.
    after: 0.06,
    /// A call to AWS takes seconds.
    slow: 0.03,
    /// A transaction meets another one.
    conflict: 0.15,
    /// A batch is done in part.
    partial: 0.15,
    /// An eventually consistent read shows what was.
    stale: 0.6,
    /// An invocation ends at some await, or when all is done but said.
    crash: 0.12,
    /// An invocation takes too long.
    hang: 0.02,
    /// A batch is handed to two environments at once.
    twice: 0.1,
    /// A batch comes again later.
    again: 0.15,
    /// A batch is cut, its rest comes later; or its messages are in another order.
    mixed: 0.3,
    /// There is no place for one more invocation.
    throttled: 0.05,
    /// An environment is replaced by a new one.
    cold: 0.2,
    /// A company outside is down, per minute.
    down: 2.0,
    /// All environments are replaced, per minute.
    deployment: 2.0,
    /// Nonsense gets into a queue, per minute.
    poison: 1.0,
    /// A client does not wait for an answer.
    impatient: 0.1,
    /// A shard of a stream is held up, while others go on.
    lag: 0.2,
    /// A call to a company outside is slow, or cut.
    outside: 0.15,
    /// News of a company outside come late, or once more.
    news: 0.2,
    /// An operator redrives dead letters, per minute.
    redrive: 1.0,
    /// The run goes on for a month.
    month: 0.25,
    /// A tenant's server is away for days, in such a run.
    away: 1.0,
}

fn often(dice: &Dice, most: f64) -> f64 {
    match dice.below(4) {
        0 => 0.0,
        1 => most / 10.0,
        _ => most * dice.of(20..100) as f64 / 100.0,
    }
}

/// The weather while it lasts, and who writes down what it does.
pub struct Storm {
    /// What is likely.
    pub weather: Weather,
    /// Where it is written down.
    pub journal: Arc<Journal>,
    seed: u64,
    rages: AtomicBool,
    over: AtomicBool,
    /// By how much everything is less likely.
    mildness: AtomicU32,
}

impl Storm {
    /// A storm that has not begun.
    #[must_use]
    pub fn new(seed: u64, weather: Weather, journal: Arc<Journal>) -> Self {
        let (rages, over, mildness) = (AtomicBool::new(false), AtomicBool::new(false), AtomicU32::new(1));
        Self { weather, journal, seed, rages, over, mildness }
    }

    /// Whether the run goes on for a month.
    pub(crate) fn lasts_a_month(&self) -> bool {
        self.dice("month").chance(self.weather.month)
    }

    /// How many shards a stream has: between keys of different ones there is no order. One, where none is held up.
    #[must_use]
    pub(crate) fn shards(&self) -> usize {
        if self.weather.lag > 0.0 { 2 + self.dice("shards").below(SHARDS_MAX - 1) } else { 1 }
    }

    /// From now on things go wrong, perhaps once more.
    pub fn begin(&self) {
        self.mildness.store(1, Ordering::SeqCst);
        self.rages.store(true, Ordering::SeqCst);
    }

    /// The same, with everything a twentieth as likely.
    pub(crate) fn begin_mildly(&self) {
        self.begin();
        self.mildness.store(MILDNESS, Ordering::SeqCst);
    }

    /// Dice of one purpose.
    #[must_use]
    pub fn dice(&self, purpose: &str) -> Dice {
        Dice::new(self.seed, purpose)
    }

    /// From now on nothing goes wrong any more, and whoever is down comes up.
    pub fn end(&self) {
        self.rages.store(false, Ordering::SeqCst);
        self.over.store(true, Ordering::SeqCst);
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Whether a fault of this probability happens now; it is counted as this kind.
    pub fn strikes(&self, dice: &Dice, kind: &'static str, probability: f64) -> bool {
        let strikes = self.is_likely(dice, probability);
        if strikes {
            self.struck(kind);
        }
        strikes
    }

    /// Whether a fault of this probability is to happen now, if it can.
    pub(crate) fn is_likely(&self, dice: &Dice, probability: f64) -> bool {
        // The dice are thrown all the same, or the end of a storm would change what comes after.
        let strikes = dice.chance(probability / f64::from(self.mildness.load(Ordering::SeqCst)));
        let spared = SPARED.try_with(|it| *it).unwrap_or(false);
        strikes && !spared && self.rages.load(Ordering::SeqCst)
    }

    /// A fault of this kind happened.
    pub(crate) fn struck(&self, kind: &'static str) {
        self.journal.count(kind);
        scene::struck(kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_seeds_last_a_month_and_most_do_not() {
        let months = (1..=200).filter(|seed| storm(*seed).lasts_a_month()).count();
        assert!((5..=40).contains(&months), "{months} of 200");
    }

    #[test]
    fn what_is_left_out_does_not_happen_and_changes_no_other_weather() {
        for name in Weather::NAMES {
            let weather = Weather::of(3);
            let told = |weather: &Weather| weather.told().len();
            assert!(told(&weather) - told(&weather.clone().without(name)) <= 1, "{name}");
        }
        let calm = Weather::NAMES.iter().fold(Weather::of(3), |weather, name| weather.without(name));
        assert_eq!(calm.told(), Weather::calm().told());
    }

    fn storm(seed: u64) -> Storm {
        Storm::new(seed, Weather::of(seed), Arc::default())
    }
}

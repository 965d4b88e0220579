//! Many runs beside each other, with a line that says how far they are.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use penstock_simulation::run::Outcome;

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// After so many minutes no further seed begins.
    Minutes(f64),
    /// After so many seeds.
    Seeds(u64),
}

/// Runs beside each other.
pub(crate) struct Fleet {
    limit: Limit,
    threads: usize,
    began: Instant,
    next: AtomicU64,
    over: AtomicBool,
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    seeds: u64,
    lives: usize,
    calls: BTreeMap<String, u64>,
    simulated: Duration,
    faults: BTreeMap<String, u64>,
    broken: Option<Outcome>,
    told: Option<Instant>,
}

/// How often it is said how far they are, where nobody watches.
const TOLD_EVERY: Duration = Duration::from_secs(10);

impl Fleet {
    pub(crate) fn new(limit: Limit, threads: usize) -> Self {
        let (next, over, sums) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::default());
        Self { limit, threads, began: Instant::now(), next, over, sums }
    }

    /// Runs them; the first one that broke something, after which no further begins.
    pub(crate) fn run(&self, run: impl Fn(u64) -> Outcome + Sync) -> Option<Outcome> {
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| {
                    while let Some(number) = self.next() {
                        self.add(run(number));
                    }
                });
            }
        });
        let mut sums = self.sums();
        self.tell(&mut sums, true);
        for (kind, count) in &sums.faults {
            println!("{count:>10}  {kind}");
        }
        println!("calls to AWS a life:");
        for (operation, count) in &sums.calls {
            println!("{:>10.2}  {operation}", *count as f64 / sums.lives as f64);
        }
        sums.broken.take()
    }

    fn next(&self) -> Option<u64> {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let more = match self.limit {
            Limit::Minutes(minutes) => self.began.elapsed().as_secs_f64() < minutes * 60.0,
            Limit::Seeds(seeds) => number < seeds,
        };
        (more && !self.over.load(Ordering::SeqCst)).then_some(number)
    }

    fn add(&self, outcome: Outcome) {
        let mut sums = self.sums();
        sums.seeds += 1;
        sums.lives += outcome.lives;
        for (call, count) in &outcome.calls {
            let operation = call.split(' ').next_back().unwrap_or_default();
            *sums.calls.entry(operation.to_owned()).or_default() += count;
        }
        sums.simulated += outcome.virtual_time;
        for (kind, count) in &outcome.faults {
            *sums.faults.entry(kind.to_string()).or_default() += count;
        }
        if !outcome.violations.is_empty() {
            self.over.store(true, Ordering::SeqCst);
            sums.broken.get_or_insert(outcome);
        }
        self.tell(&mut sums, false);
    }

    /// `1,200 lives (34 a second), 20 seeds, 5,210 faults, 62,000 calls to AWS, 21 hours simulated`
    fn tell(&self, sums: &mut Sums, last: bool) {
        let watched = std::io::stderr().is_terminal();
        if !last && !watched && sums.told.is_some_and(|it| it.elapsed() < TOLD_EVERY) {
            return;
        }
        sums.told = Some(Instant::now());
        let faults: u64 = sums.faults.values().sum();
        let a_second = sums.lives as f64 / self.began.elapsed().as_secs_f64();
        let end = if watched && !last { "\r" } else { "\n" };
        let (lives, seeds, calls, hours) = (
            sums.lives,
            sums.seeds,
            sums.calls.values().sum::<u64>(),
            sums.simulated.as_secs_f64() / 3_600.0,
        );
        eprint!(
            "{lives} lives ({a_second:.1} a second), {seeds} seeds, {faults} faults, {calls} calls to AWS, {hours:.1} hours simulated{end}"
        );
        // A line that nobody can be told is no reason to stop.
        let _ = std::io::stderr().flush();
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

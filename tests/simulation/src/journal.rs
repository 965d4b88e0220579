//! What happened, in order: the trace of a run. The same seed writes the same journal, byte for byte.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::timeline::watch::Watch;

/// Who says what happens to everybody: who is down, who is up.
pub const WORLD: &str = "the world";

/// The journal of a run.
#[derive(Default)]
pub struct Journal {
    /// The order whose timeline is told, if one is.
    pub watch: Watch,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    keeps: bool,
    lines: Vec<Line>,
    written: u64,
    digest: Sha256,
    counts: BTreeMap<&'static str, u64>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// When, on the virtual clock.
    pub at: Timestamp,
    /// Who says so: a function, a client, a fault.
    pub who: String,
    /// What it was.
    pub what: String,
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} {:<24} {}", self.at, self.who, self.what)
    }
}

impl Journal {
    /// A journal that keeps its lines, or only what they amount to.
    #[must_use]
    pub fn new(keeps: bool, watch: Watch) -> Self {
        Self { watch, inner: Mutex::new(Inner { keeps, ..Inner::default() }) }
    }

    /// Writes a line.
    pub fn say(&self, who: &str, what: impl Into<String>) {
        let what = what.into();
        if who == WORLD {
            self.watch.note_for_all(who, &what);
        }
        let line = Line { at: Timestamp::now(), who: who.to_owned(), what };
        let mut inner = self.inner();
        inner.written += 1;
        inner.digest.update(line.to_string());
        inner.digest.update(b"\n");
        if inner.keeps {
            inner.lines.push(line);
        }
    }

    /// Counts a fault, by its kind.
    pub fn count(&self, kind: &'static str) {
        *self.inner().counts.entry(kind).or_default() += 1;
    }

    /// How many faults there were of each kind.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.inner().counts.clone()
    }

    /// The lines, if they are kept.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.inner().lines.clone()
    }

    /// How many lines were written, and what they amount to.
    #[must_use]
    pub fn digest(&self) -> (u64, String) {
        let inner = self.inner();
        let mut hex = String::new();
        for byte in inner.digest.clone().finalize() {
            write!(hex, "{byte:02x}").expect("a string can be written to");
        }
        (inner.written, hex)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

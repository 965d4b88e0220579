//! What becomes of letters that are not done: which are sent again and when, and which are dead.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use penstock_domain::TenantId;
use penstock_domain::planted::{self, Bug};

use super::consumer::{NotDone, Taken};
use super::receive::Message;
use super::send::{DELAY_MAX, Outgoing, Queue, whole_seconds};
use super::{Letter, attributes, pack};

/// How often a letter is tried before it is dead.
const ATTEMPTS_MAX: u32 = 5;
/// Why a letter is given up that never came to an answer.
pub(crate) const UNFINISHED: &str = "the function did not finish";
/// How long something may be away before letters that need it count as failed.
const UNAVAILABLE_MAX: Duration = Duration::from_hours(1);

/// What shall become of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is done.
    Gone,
    /// It is sent again. Without a reason it may travel in company.
    Again {
        /// Tries that count from then on.
        attempts: u32,
        /// When.
        delay: Duration,
        /// Why, when it failed.
        reason: Option<String>,
    },
    /// It is given up.
    Dead {
        /// Tries that counted.
        attempts: u32,
        /// Why.
        reason: String,
    },
}

impl Fate {
    /// Its name in metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Gone => "done",
            Self::Again { reason: None, .. } => "later",
            Self::Again { .. } => "failed",
            Self::Dead { .. } => "dead",
        }
    }
}

/// The invocation that letters were taken in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// When it was.
    pub(super) now: Timestamp,
    /// From 0 to 1: one chance for all its letters, so that those that wait for the same thing travel together again.
    pub(super) chance: f64,
}

impl Moment {
    pub(super) fn at(now: Timestamp) -> Self {
        Self { now, chance: fastrand::f64() }
    }

    /// Any time up to `most`, so that what failed together in many invocations does not come again together.
    ///
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog (full jitter).
    fn jitter(self, most: Duration) -> Duration {
        delay(most.min(DELAY_MAX).mul_f64(self.chance))
    }
}

/// A delay of at least a second: a letter that comes back at once keeps a function busy for nothing.
fn delay(wanted: Duration) -> Duration {
    whole_seconds(wanted).max(Duration::from_secs(1))
}

/// What shall become of a letter that was taken so.
pub(super) fn fate(letter: &Letter, taken: Taken, moment: Moment) -> Fate {
    let attempts = letter.attempts;
    match taken {
        Ok(()) => Fate::Gone,
        Err(_) if planted::is(Bug::AcknowledgedAnyway) => Fate::Gone,
        Err(NotDone::Later(wanted)) => Fate::Again { attempts, delay: delay(wanted), reason: None },
        Err(NotDone::Unavailable(why)) => waiting(letter, why, moment),
        Err(NotDone::Failed(why)) => failed(attempts, why, moment),
        Err(NotDone::Poison(why)) => Fate::Dead { attempts: attempts + 1, reason: why },
    }
}

/// The longer something is away, the less often it is asked: the delay doubles as the letter's age does.
fn waiting(letter: &Letter, why: String, moment: Moment) -> Fate {
    let age = Duration::try_from(moment.now.duration_since(letter.sent_at)).unwrap_or_default();
    if age > UNAVAILABLE_MAX {
        return failed(letter.attempts, why, moment);
    }
    tracing::warn!(letter = letter.id, why, "a letter waits for something that does not answer");
    let delay = moment.jitter(age.max(Duration::from_secs(1)));
    Fate::Again { attempts: letter.attempts, delay, reason: None }
}

fn failed(before: u32, reason: String, moment: Moment) -> Fate {
    let attempts = before + 1;
    if attempts >= ATTEMPTS_MAX {
        return Fate::Dead { attempts, reason };
    }
    let delay = moment.jitter(Duration::from_secs(1 << attempts));
    Fate::Again { attempts, delay, reason: Some(reason) }
}

/// A message to be sent, and the places of those messages that its letters came with.
pub(super) type Sending = (Outgoing, Vec<usize>);

/// What an invocation has to send before its messages may go.
pub(super) struct Dispatch {
    function: &'static str,
    moment: Moment,
    later: BTreeMap<Company, Vec<(usize, Letter)>>,
    again: Vec<Sending>,
    dead: Vec<Sending>,
}

/// What letters must have in common to be sent again together.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Company {
    tenant: TenantId,
    delay: Duration,
    attempts: u32,
    sent_at: Timestamp,
}

impl Dispatch {
    pub(super) fn new(function: &'static str, moment: Moment) -> Self {
        Self { function, moment, later: BTreeMap::new(), again: Vec::new(), dead: Vec::new() }
    }

    /// Adds a letter of the message at `place`.
    pub(super) fn add(&mut self, place: usize, letter: Letter, fate: Fate) {
        match fate {
            Fate::Gone => {}
            Fate::Again { attempts, delay, reason: None } => {
                let Letter { tenant, sent_at, .. } = letter.clone();
                let company = Company { tenant, delay, attempts, sent_at };
                self.later.entry(company).or_default().push((place, letter));
            }
            Fate::Again { attempts, delay, reason: Some(reason) } => {
                tracing::warn!(letter = letter.id, attempts, reason, "a letter failed");
                let message = alone(&letter, delay, attempts);
                self.again.push((said(message, attributes::REASON, reason), vec![place]));
            }
            Fate::Dead { attempts, reason } => {
                let message = alone(&letter, Duration::ZERO, attempts);
                self.bury(place, message, &letter.id, reason);
            }
        }
    }

    /// Adds what is no letter in the message at `place`.
    pub(super) fn poison(&mut self, place: usize, message: &Message, poison: Vec<(String, String)>) {
        for (body, reason) in poison {
            let group = message.group.clone();
            let outgoing = Outgoing { body, group, ..Outgoing::default() };
            let attempts = (message.attempts + 1).to_string();
            self.bury(place, said(outgoing, attributes::ATTEMPTS, attempts), &message.id, reason);
        }
    }

    /// Adds letters each alone, a second after another, lest one invocation takes several again; with their messages' places.
    pub(super) fn part(&mut self, suspects: Vec<(usize, Letter)>) {
        for (seconds, (place, letter)) in (1_u64..).zip(suspects) {
            if letter.attempts >= ATTEMPTS_MAX {
                let message = alone(&letter, Duration::ZERO, letter.attempts);
                self.bury(place, message, &letter.id, UNFINISHED.to_owned());
                continue;
            }
            tracing::warn!(
                letter = letter.id,
                attempts = letter.attempts,
                "a letter did not finish in company"
            );
            let delay = Duration::from_secs(seconds).min(DELAY_MAX);
            self.again.push((alone(&letter, delay, letter.attempts), vec![place]));
        }
    }

    fn bury(&mut self, place: usize, message: Outgoing, letter: &str, reason: String) {
        tracing::error!(letter, reason, "a letter is dead");
        let message = said(message, attributes::REASON, reason);
        let message = said(message, attributes::FUNCTION, self.function.to_owned());
        self.dead.push((said(message, attributes::FAILED_AT, self.moment.now.to_string()), vec![place]));
    }

    /// What is sent to the queue again, and what to the dead letters.
    pub(super) fn messages(self) -> (Vec<Sending>, Vec<Sending>) {
        let mut again = self.again;
        for (company, letters) in self.later {
            for letters in pack::full(&letters, |(_, letter)| letter.json().len()) {
                let mut message = alone(&letters[0].1, company.delay, company.attempts);
                message.body = pack::body(letters.iter().map(|(_, letter)| letter.json()));
                again.push((message, letters.iter().map(|(place, _)| *place).collect()));
            }
        }
        (again, self.dead)
    }
}

/// A message of this letter and no other.
fn alone(letter: &Letter, delay: Duration, attempts: u32) -> Outgoing {
    let body = pack::body([letter.json()].into_iter());
    let message = Outgoing { body, group: letter.tenant.to_string(), delay, ..Outgoing::default() };
    let message = said(message, attributes::SENT_AT, letter.sent_at.to_string());
    said(message, attributes::ATTEMPTS, attempts.to_string())
}

fn said(mut message: Outgoing, name: &'static str, value: String) -> Outgoing {
    message.attributes.insert(name, value);
    message
}

/// Sends all; the places that what was not sent came from.
pub(super) async fn send(queue: &Queue, sendings: &[Sending]) -> BTreeSet<usize> {
    let messages: Vec<Outgoing> = sendings.iter().map(|(message, _)| message.clone()).collect();
    let failed = queue.send(&messages).await;
    if let Some(error) = failed.values().next() {
        tracing::error!(
            messages = failed.len(),
            error,
            "letters were not sent again; their messages will come again"
        );
    }
    failed.keys().flat_map(|at| sendings[*at].1.iter().copied()).collect()
}

#[cfg(test)]
mod tests;

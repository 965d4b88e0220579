//! A consumer of a queue: says of each letter what became of it; the [`Runner`] does the rest.
//!
//! | a letter is | then |
//! | --- | --- |
//! | `Ok(())` | gone |
//! | [`NotDone::Later`] | sent again with that delay; no attempt is counted |
//! | [`NotDone::Unavailable`] | sent again with a delay that grows with its age; after an hour it counts as failed |
//! | [`NotDone::Failed`] | sent again alone with a growing delay; after five attempts a dead letter, with the reason |
//! | [`NotDone::Poison`] | at once a dead letter, with the reason |
//!
//! When a letter cannot be sent again, its message fails and SQS delivers it again. The same happens when the function crashes, to
//! all messages of that invocation. From the third time on their letters are parted: each is sent alone, a second after the one
//! before, so that the one which ends the function ends it alone. That one becomes a dead letter by the queue's redrive policy,
//! without a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use penstock_application::{Clock, OrderError, Unavailable};
use penstock_domain::planted::{self, Bug};
use serde_json::Value;
use tracing::Instrument;

use super::outcomes::{self, Dispatch, Fate, Moment, fate};
use super::receive::{self, Message};
use super::{Letter, Queue, letters};
use crate::app::StartError;
use crate::failure::chain;
use crate::function::{Environment, EventSink, InvocationError};
use crate::telemetry::measure_letters;

/// Letters that came so often without being finished are suspected of ending the function, and parted from all others.
const RECEIVES_TOGETHER_MAX: u32 = 2;

/// What became of a letter.
pub type Taken = Result<(), NotDone>;

/// Why a letter is not done, and what shall become of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDone {
    /// Not yet, and that is no failure: come again after that delay, [`super::DELAY_MAX`] at most.
    Later(Duration),
    /// Something that is needed does not answer, which is not the letter's fault.
    Unavailable(String),
    /// It failed, and may succeed another time.
    Failed(String),
    /// It can never succeed.
    Poison(String),
}

/// What takes a queue's letters.
pub trait Consumer: Send + Sync {
    /// Takes all letters of an invocation, of any tenants, and answers for each in their order; one without an answer failed.
    ///
    /// A letter may have been taken before, even a moment ago by another instance.
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>>;
}

/// Takes letters one by one, `at_once` at most side by side; those of one subject, e.g. an order, one after another.
pub async fn each<F, Taking>(letters: Vec<Letter>, at_once: usize, take: F) -> Vec<Taken>
where
    F: Fn(Letter) -> Taking,
    Taking: Future<Output = Taken>,
{
    let take = &take;
    let taking = by_subject(letters).into_iter().map(|letters| async move {
        let mut taken = Vec::with_capacity(letters.len());
        for (place, letter) in letters {
            let span = letter.span();
            taken.push((place, take(letter).instrument(span).await));
        }
        taken
    });
    let taken: Vec<Vec<(usize, Taken)>> = stream::iter(taking).buffer_unordered(at_once).collect().await;
    let mut taken: Vec<_> = taken.into_iter().flatten().collect();
    taken.sort_by_key(|(place, _)| *place);
    taken.into_iter().map(|(_, taken)| taken).collect()
}

/// A consumer's queues, and the function that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queues {
    /// The function's name, for dead letters and metrics.
    pub function: &'static str,
    /// The variable with the URL of its queue, e.g. `STOCK_QUEUE`.
    pub queue: &'static str,
    /// The variable with the URL of its dead-letter queue, e.g. `STOCK_DEAD_LETTERS`.
    pub dead_letters: &'static str,
}

/// Runs a consumer behind its queue.
pub struct Runner<C> {
    consumer: C,
    function: &'static str,
    queue: Queue,
    dead_letters: Queue,
    clock: Clock,
}

impl<C: Consumer + 'static> Runner<C> {
    /// A consumer with the queues of the function's variables.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn start(
        environment: &Environment,
        queues: &Queues,
        consumer: C,
    ) -> Result<Box<dyn EventSink>, StartError> {
        let queue = Queue::new(environment, queues.queue)?;
        let dead_letters = Queue::new(environment, queues.dead_letters)?;
        let (function, clock) = (queues.function, Arc::clone(&environment.clock));
        Ok(Box::new(Self { consumer, function, queue, dead_letters, clock }))
    }

    /// Takes a batch of messages; the ids of those that SQS shall deliver again.
    async fn run(&self, messages: &[Message]) -> Vec<String> {
        let moment = Moment::at((self.clock)());
        let (mut taken, mut dispatch) = (Vec::new(), Dispatch::new(self.function, moment));
        for (place, message) in messages.iter().enumerate() {
            let (letters, poison) = letters::unpack(message);
            dispatch.poison(place, message, poison);
            taken.extend(letters.into_iter().map(|letter| (place, letter)));
        }
        let suspect = |place: usize| messages[place].receives > RECEIVES_TOGETHER_MAX;
        if taken.len() > 1 {
            let (suspects, others) = taken.into_iter().partition(|(place, _)| suspect(*place));
            dispatch.part(suspects);
            taken = others;
        }
        for (place, letter, fate) in self.take(taken, moment).await {
            dispatch.add(place, letter, fate);
        }
        self.send(dispatch).await.into_iter().map(|place| messages[place].id.clone()).collect()
    }

    /// Has letters taken, and measures what came of it.
    async fn take(&self, letters: Vec<(usize, Letter)>, moment: Moment) -> Vec<(usize, Letter, Fate)> {
        if letters.is_empty() {
            return vec![];
        }
        let handed: Vec<_> = letters.iter().map(|(_, letter)| letter.clone()).collect();
        if planted::is(Bug::Indiscreet) {
            tracing::info!(?handed, "a batch");
        }
        let mut taken = self.consumer.take(handed).await.into_iter();
        let unanswered = || Err(NotDone::Failed("the function did not say what became of it".to_owned()));
        let fates = letters.into_iter().map(|(place, letter)| {
            let fate = fate(&letter, taken.next().unwrap_or_else(unanswered), moment);
            (place, letter, fate)
        });
        let fates: Vec<_> = fates.collect();
        let outcomes = fates.iter().map(|(_, letter, fate)| (letter, fate.outcome()));
        measure_letters(self.function, moment.now, outcomes);
        fates
    }

    /// Sends what is to be sent; the places of the messages of which something was not.
    async fn send(&self, dispatch: Dispatch) -> BTreeSet<usize> {
        let (again, dead) = dispatch.messages();
        let (unsent_again, unsent_dead) =
            futures::join!(outcomes::send(&self.queue, &again), outcomes::send(&self.dead_letters, &dead));
        unsent_again.into_iter().chain(unsent_dead).collect()
    }
}

impl<C: Consumer + 'static> EventSink for Runner<C> {
    fn handle(&self, event: Value) -> BoxFuture<'_, Result<Value, InvocationError>> {
        Box::pin(async move { Ok(receive::failures(self.run(&receive::messages(event)?).await)) })
    }
}

impl From<Unavailable> for NotDone {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(chain(&error))
    }
}

impl From<OrderError> for NotDone {
    fn from(error: OrderError) -> Self {
        match error {
            OrderError::Unavailable(error) => error.into(),
            OrderError::Contended => Self::Unavailable(error.to_string()),
            error => Self::Failed(chain(&error)),
        }
    }
}

/// The letters of each subject, in order, with their places.
fn by_subject(letters: Vec<Letter>) -> Vec<Vec<(usize, Letter)>> {
    let mut subjects = BTreeMap::<_, Vec<_>>::new();
    for (place, letter) in letters.into_iter().enumerate() {
        subjects.entry((letter.tenant.clone(), letter.subject.clone())).or_default().push((place, letter));
    }
    subjects.into_values().collect()
}

#[cfg(test)]
mod tests;

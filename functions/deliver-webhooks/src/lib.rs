//! A queue of deliveries: one signed HTTP request each, tried again for days.
//!
//! A delivery that is not due goes back into its queue without a look at it, as often as it takes: SQS keeps nothing back for longer than
//! 15 minutes. After an attempt that failed the next one is sent first, and the attempt is noted then: a crash in between makes two
//! chains of attempts out of one, of which the second ends where it meets what the first has noted.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use penstock_api::envelope::Cause;
use penstock_application::webhooks::{Attempted, Deliverer, Errand};
use penstock_notify::HttpCourier;
use penstock_platform::app::StartError;
use penstock_platform::errands::clock;
use penstock_platform::failure::chain;
use penstock_platform::function::{Environment, Function};
use penstock_platform::queue::consumer::{Consumer, NotDone, Queues, Runner, Taken};
use penstock_platform::queue::{DELAY_MAX, Letter, NewLetter, Queue};
use penstock_platform::webhooks::{DynamoWebhooks, letter as errand_letter};
use tracing::Instrument;

const NAME: &str = "deliver-webhooks";
const QUEUES: Queues = Queues {
    function: NAME,
    queue: "WEBHOOK_DELIVERIES_QUEUE",
    dead_letters: "WEBHOOK_DELIVERIES_DEAD_LETTERS",
};
/// How many are under way at once: all of a batch, so that none waits for a slow one.
const AT_ONCE: usize = 100;

/// The function.
pub const FUNCTION: Function =
    Function::sink(NAME, |environment| Runner::start(environment, &QUEUES, Post::new(environment)?));

struct Post {
    deliverer: Deliverer<DynamoWebhooks, HttpCourier>,
    queue: Queue,
}

/// What is left to do after an attempt.
struct Tried {
    next: Option<NewLetter>,
    attempted: Attempted,
}

impl Post {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        let courier = penstock_notify::courier(environment)?;
        let deliverer = Deliverer::new(DynamoWebhooks::of(environment)?, courier, clock());
        Ok(Self { deliverer, queue: Queue::new(environment, QUEUES.queue)? })
    }

    async fn attempt(&self, letter: &Letter) -> Result<Tried, NotDone> {
        let errand: Errand = letter.data()?;
        match self.deliverer.attempt(&letter.tenant, &errand).await? {
            Attempted::Early(wait) => Err(NotDone::Later(wait.min(DELAY_MAX))),
            Attempted::NotTried(wait) => Err(NotDone::Later(away(wait, letter))),
            attempted => Ok(Tried { next: next(letter, &attempted), attempted }),
        }
    }

    /// Notes an attempt whose next one is sent.
    async fn note(&self, letter: &Letter, attempted: &Attempted) {
        let Attempted::Tried { delivery, verdict, .. } = attempted else { return };
        if let Err(error) = self.deliverer.note(&letter.tenant, delivery, *verdict).await {
            // The receiver has it; to send it again for the sake of our books would be worse than a gap in them.
            tracing::warn!(error = chain(&error), "an attempt was not noted");
        }
    }

    /// Makes all attempts at once, then sends what follows from them together, then notes them.
    async fn deliver(&self, letters: Vec<Letter>) -> Vec<Taken> {
        let mut attempts = Vec::with_capacity(letters.len());
        for letter in &letters {
            attempts.push(self.attempt(letter).instrument(letter.span()));
        }
        let tried: Vec<_> = stream::iter(attempts).buffered(AT_ONCE).collect().await;
        let taken = self.send_next(&tried).await;
        let mut notes = Vec::with_capacity(letters.len());
        for ((letter, tried), taken) in letters.iter().zip(&tried).zip(&taken) {
            if let (Ok(tried), Ok(())) = (tried, taken) {
                notes.push(self.note(letter, &tried.attempted).instrument(letter.span()));
            }
        }
        stream::iter(notes).buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        taken
    }

    async fn send_next(&self, tried: &[Result<Tried, NotDone>]) -> Vec<Taken> {
        let mut taken: Vec<Taken> = Vec::with_capacity(tried.len());
        let (mut next, mut places) = (Vec::new(), Vec::new());
        for (place, tried) in tried.iter().enumerate() {
            if let Ok(Tried { next: Some(letter), .. }) = tried {
                next.push(letter.clone());
                places.push(place);
            }
            taken.push(tried.as_ref().map(drop).map_err(Clone::clone));
        }
        for (at, why) in self.queue.send_packed(&next).await {
            taken[places[at]] = Err(NotDone::Unavailable(format!("the next attempt was not sent: {why}")));
        }
        taken
    }
}

impl Consumer for Post {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(self.deliver(letters))
    }
}

/// The letter of the next attempt, kept back as long as one delay reaches.
fn next(letter: &Letter, attempted: &Attempted) -> Option<NewLetter> {
    let Attempted::Tried { next: Some(errand), .. } = attempted else { return None };
    let cause = Cause {
        tenant: letter.tenant.clone(),
        time: letter.time,
        correlation_id: letter.correlation.clone(),
        traceparent: letter.traceparent.clone(),
    };
    let wait = Duration::try_from(errand.due.duration_since(Timestamp::now())).unwrap_or_default();
    Some(errand_letter(&cause, errand).after(wait.min(DELAY_MAX)))
}

/// How long a delivery stays away from a closed door: the longer it has been under way the longer, so that a crowd before it
/// does not come and go all day.
fn away(wait: Duration, letter: &Letter) -> Duration {
    let under_way = Duration::try_from(Timestamp::now().duration_since(letter.sent_at)).unwrap_or_default();
    wait.max(under_way / 2).min(DELAY_MAX)
}

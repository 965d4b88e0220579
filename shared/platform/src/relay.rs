//! From the ledger's stream to the queues of those who subscribe to its events.
//!
//! Every event goes to every subscriber's queue at least once, as a CloudEvents envelope whose id is the same each time.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_dynamodb::Client;
use futures::StreamExt;
use futures::future::{BoxFuture, join_all};
use futures::stream;
use penstock_api::envelope::Envelope;
use penstock_api::history::HistoryEntry;
use penstock_application::Unavailable;
use penstock_application::ledger::{Commit, Ledger};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{OrderId, TenantId, order};
use serde_json::Value;

use crate::app::StartError;
use crate::failure::chain;
use crate::function::{Environment, EventSink, InvocationError};
use crate::ledger::{DynamoLedger, commit};
use crate::queue::{NewLetter, Queue};
use crate::subscriptions::{Form, SUBSCRIPTIONS, Subscription};
use crate::telemetry::CountRetries;

/// How many orders' histories are read at once.
const READS_MAX: usize = 16;

/// What sends events on.
pub struct Relay {
    ledger: DynamoLedger,
    subscribers: Vec<Subscriber>,
}

/// Who is told, and where.
struct Subscriber {
    subscription: Subscription,
    queue: Queue,
}

/// A commit in a batch of the stream, and where it stands there.
struct Placed {
    place: usize,
    commit: Commit,
}

/// An event, its envelope, and where in the batch its commit stands.
struct Letter {
    place: usize,
    envelope: Envelope,
    event: order::Event,
}

impl Letter {
    fn to(&self, form: Form) -> NewLetter {
        match form {
            Form::Shown => (&self.envelope).into(),
            Form::Stored => (&self.envelope.carrying(&self.event)).into(),
        }
    }
}

impl Relay {
    /// The ledger and all queues, from the function's variables.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        let config =
            aws_sdk_dynamodb::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
        let ledger = DynamoLedger::new(Client::from_conf(config), environment.required("ORDERS_TABLE")?);
        let subscribers = SUBSCRIPTIONS
            .iter()
            .map(|it| Ok(Subscriber { subscription: *it, queue: Queue::new(environment, it.queue)? }));
        Ok(Self { ledger, subscribers: subscribers.collect::<Result<_, StartError>>()? })
    }

    /// Sends every event of a batch of the ledger's stream to everyone who subscribes to it.
    ///
    /// Answers the place of the first record that was not sent: Lambda delivers from there again, and what was sent after
    /// it is sent once more, with the same ids.
    pub async fn relay(&self, batch: &Event) -> DynamoDbEventResponse {
        let (commits, mut failed) = commits(&batch.records);
        let read = stream::iter(by_order(commits)).map(|of_order| self.letters(of_order));
        let mut letters = Vec::new();
        for read in read.buffer_unordered(READS_MAX).collect::<Vec<_>>().await {
            match read {
                Ok(read) => letters.extend(read),
                Err(place) => failed.extend(Some(place)),
            }
        }
        letters.sort_by_key(|it| (it.place, it.envelope.sequence()));
        for places in join_all(self.subscribers.iter().map(|it| send(it, &letters))).await {
            failed.extend(places);
        }
        let mut response = DynamoDbEventResponse::default();
        if let Some(first) = failed.first() {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = batch.records[*first].change.sequence_number.clone();
            response.batch_item_failures.push(failure);
        }
        response
    }

    /// The letters of one order's commits. The ledger is asked only for commits that do not say which number their first event
    /// has: they were stored before commits said so.
    async fn letters(&self, commits: Vec<Placed>) -> Result<Vec<Letter>, usize> {
        let known: Option<Vec<u32>> = commits.iter().map(|it| first_sequence(&it.commit)).collect();
        if let Some(known) = known {
            let numbered = commits.iter().zip(known);
            return Ok(numbered.flat_map(|(it, first)| letters(it.place, &it.commit, first)).collect());
        }
        let Some(first) = commits.first() else { return Ok(vec![]) };
        let (tenant, order, place) = (&first.commit.tenant, first.commit.order, first.place);
        match self.ledger.read(tenant, order).await {
            Ok(history) => Ok(counted(&commits, &history)),
            Err(error) => {
                tracing::error!(%tenant, %order, error = chain(&error), "an order's events were not sent");
                Err(place)
            }
        }
    }
}

impl EventSink for Relay {
    fn handle(&self, event: Value) -> BoxFuture<'_, Result<Value, InvocationError>> {
        Box::pin(async move {
            let batch: Event = serde_json::from_value(event)?;
            Ok(serde_json::to_value(self.relay(&batch).await)?)
        })
    }
}

/// Sends what the subscriber takes; the places of what was not sent.
async fn send(to: &Subscriber, letters: &[Letter]) -> BTreeSet<usize> {
    let Subscription { takes, form, .. } = to.subscription;
    let taken: Vec<&Letter> = letters.iter().filter(|it| takes.include(it.envelope.event_type())).collect();
    let packed: Vec<NewLetter> = taken.iter().map(|it| it.to(form)).collect();
    let failed = to.queue.send_packed(&packed).await;
    if let Some((at, error)) = failed.first_key_value() {
        let (events, first) = (failed.len(), taken[*at].envelope.id());
        tracing::error!(events, first, error, "events were not sent to a queue");
    }
    failed.keys().map(|at| taken[*at].place).collect()
}

/// The commits of a batch, and the places of records that are none.
fn commits(records: &[EventRecord]) -> (Vec<Placed>, BTreeSet<usize>) {
    let (mut commits, mut malformed) = (Vec::new(), BTreeSet::new());
    for (place, record) in records.iter().enumerate() {
        if record.change.new_image.inner().is_empty() {
            continue; // A deletion: the ledger makes none.
        }
        match commit(record.change.new_image.clone()) {
            Ok(commit) if planted::is(Bug::OrderAmongOrders) && is_older(&commit) => {}
            Ok(commit) => commits.push(Placed { place, commit }),
            Err(error) => {
                report_malformed(&error);
                malformed.insert(place);
            }
        }
    }
    (commits, malformed)
}

/// Whether a commit is some seconds older than the newest one of all orders.
fn is_older(commit: &Commit) -> bool {
    const MUCH_MS: i64 = 5_000;
    let at = commit.at.as_millisecond();
    planted::greatest(at) > at + MUCH_MS
}

fn report_malformed(error: &Unavailable) {
    tracing::error!(error = chain(error), "a stream record is no commit");
}

fn by_order(commits: Vec<Placed>) -> Vec<Vec<Placed>> {
    let mut orders: BTreeMap<(TenantId, OrderId), Vec<Placed>> = BTreeMap::new();
    for placed in commits {
        let of_order = orders.entry((placed.commit.tenant.clone(), placed.commit.order)).or_default();
        if of_order.is_empty() || !planted::is(Bug::RecordSkipped) {
            of_order.push(placed);
        }
    }
    orders.into_values().collect()
}

/// The number of a commit's first event, as far as the commit itself says.
fn first_sequence(commit: &Commit) -> Option<u32> {
    if commit.number == 1 { Some(1) } else { Some(commit.head.as_ref()?.first_sequence) }
}

/// The letters of the `wanted` commits' events, numbered by counting through the order's history.
fn counted(wanted: &[Placed], history: &[Commit]) -> Vec<Letter> {
    let mut first_sequence = 1;
    let mut counted = Vec::new();
    for commit in history {
        if let Some(placed) = wanted.iter().find(|it| it.commit.number == commit.number) {
            counted.extend(letters(placed.place, commit, first_sequence));
        }
        first_sequence += u32::try_from(commit.events.len()).expect("an item holds fewer events");
    }
    counted
}

/// The letters of a commit's events, of which the first has that number.
fn letters(place: usize, commit: &Commit, first_sequence: u32) -> Vec<Letter> {
    let numbered = commit.events.iter().zip(first_sequence..).map(|(event, sequence)| {
        let entry = HistoryEntry::new(sequence, commit.number, &commit.actor, event);
        let trace = commit.traceparent.as_deref();
        let envelope = Envelope::new(&commit.tenant, commit.order, &entry, &commit.correlation_id, trace);
        Letter { place, envelope, event: event.clone() }
    });
    numbered.collect()
}

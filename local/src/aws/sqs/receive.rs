//! Receiving: who is next, what is to be a dead letter instead, and waiting for the first message.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, Row, params};
use tokio::time::Instant;
use uuid::Uuid;

use super::attributes::Redrive;
use super::error::SqsError;
use super::message::{Attribute, Message};
use super::receipts::Receipt;
use super::state::{IN_FLIGHT, Parts, Queue, State, VISIBLE};
use super::{Sqs, queue_arn, queue_name, send, store, sweep};
use crate::template::ACCOUNT;

/// A standard queue has at most so many messages in flight.
const IN_FLIGHT_MAX: u64 = 120_000;
/// Messages made visible before one receive, at most.
const PROMOTED_MAX: usize = 100;
/// While a message is hidden it is looked at least so often whether it is due: a machine that slept does not know for how long.
const NAP_MAX: Duration = Duration::from_secs(20);
/// Dead letters and late messages that one receive passes by, at most; the next goes on.
const PASSED_MAX: usize = 1_000;

pub(super) async fn receive(
    sqs: &Sqs,
    queue: &str,
    max: usize,
    wait: Duration,
    visibility: Option<Duration>,
) -> Result<Vec<Message>, SqsError> {
    let changed = sqs.changed(queue)?;
    let mut stopped = sqs.inner.stopped.subscribe();
    let until = Instant::now() + wait;
    loop {
        // Listening begins before looking, or what comes between would be missed.
        let mut notified = std::pin::pin!(changed.notified());
        notified.as_mut().enable();
        let (messages, next_due) = take(sqs, queue, max, visibility)?;
        let now = Instant::now();
        if !messages.is_empty() || now >= until || *stopped.borrow_and_update() {
            return Ok(messages);
        }
        let until_due = u64::try_from(next_due.saturating_sub(sqs.now())).unwrap_or_default();
        let nap =
            if next_due == i64::MAX { Duration::MAX } else { NAP_MAX.min(Duration::from_millis(until_due)) };
        let sleep = until.saturating_duration_since(now).min(nap);
        tokio::select! {
            () = notified => {}
            // The sender is in what is borrowed here, so it is a change.
            _ = stopped.changed() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// What can be received now, and when the next message comes due.
fn take(
    sqs: &Sqs,
    name: &str,
    max: usize,
    visibility: Option<Duration>,
) -> Result<(Vec<Message>, i64), SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let dead = dead_letters(&mut state, name)?;
    let Parts { queue, db, .. } = state.parts(name)?;
    store::promote(db, queue, now, PROMOTED_MAX)?;
    sweep::late(db, queue, now)?;
    let in_flight = queue.counters.in_flight.unsigned_abs();
    if in_flight >= IN_FLIGHT_MAX {
        return Err(SqsError::OverLimit(in_flight));
    }
    if queue.counters.visible == 0 {
        return Ok((vec![], queue.next_due));
    }
    let visibility = visibility.map_or(queue.settings.visibility_ms, |it| it.as_millis() as i64);
    let round = Round { queue, dead: dead.as_ref(), now, due: now + visibility };
    let transaction = db.transaction()?;
    let taken = round.take(&transaction, max)?;
    transaction.commit()?;
    sqs.written();
    let (messages, moved) = count(queue, taken, now + visibility);
    let next_due = queue.next_due;
    if let (Some(dead), 1..) = (dead, moved) {
        let dead = state.parts(&dead.name)?.queue;
        dead.counters.visible += moved as i64;
        dead.wake(moved);
    }
    Ok((messages, next_due))
}

/// Brings the counters up to what a round did, and wakes the next if it left something.
fn count(queue: &mut Queue, taken: Taken, due: i64) -> (Vec<Message>, usize) {
    let received = taken.messages.len() as i64;
    queue.counters.visible -= received + taken.moved as i64 + taken.late as i64;
    queue.counters.in_flight += received;
    queue.turn = queue.turn.max(taken.turn);
    if received > 0 {
        queue.comes_due(due);
    }
    if queue.counters.visible > 0 {
        queue.wake(1);
    }
    (taken.messages, taken.moved)
}

/// Where a queue's dead letters go.
struct DeadLetters {
    name: String,
    shelf: i64,
    turn: i64,
    receives_max: i64,
}

/// `None` also when the dead-letter queue is gone: then messages stay where they are.
fn dead_letters(state: &mut State, name: &str) -> Result<Option<DeadLetters>, SqsError> {
    let Some(Redrive { dead_letter_arn, receives_max }) = &state.queue(name)?.settings.redrive else {
        return Ok(None);
    };
    let Ok(dead) = state.queue(queue_name(dead_letter_arn)) else { return Ok(None) };
    let turn = send::turn(&state.db, dead, None)?;
    Ok(Some(DeadLetters { name: dead.name.clone(), shelf: dead.shelf, turn, receives_max: *receives_max }))
}

struct Round<'a> {
    queue: &'a Queue,
    dead: Option<&'a DeadLetters>,
    now: i64,
    due: i64,
}

#[derive(Default)]
struct Taken {
    messages: Vec<Message>,
    moved: usize,
    late: usize,
    turn: i64,
}

/// A visible message as it lies there.
struct Candidate {
    id: i64,
    turn: i64,
    message_id: [u8; 16],
    sent: i64,
    tenant: Option<String>,
    receives: i64,
    first_received: Option<i64>,
    source_arn: Option<String>,
}

impl Round<'_> {
    fn take(&self, db: &Connection, max: usize) -> Result<Taken, SqsError> {
        let mut taken = Taken { turn: i64::MIN, ..Taken::default() };
        while taken.messages.len() < max && taken.moved + taken.late < PASSED_MAX {
            let candidates = self.next(db, max - taken.messages.len())?;
            if candidates.is_empty() {
                break;
            }
            for candidate in candidates {
                taken.turn = taken.turn.max(candidate.turn);
                if candidate.sent + self.queue.settings.retention_ms <= self.now {
                    store::delete(db, candidate.id)?;
                    taken.late += 1;
                } else if let Some(dead) = self.dead.filter(|it| candidate.receives >= it.receives_max) {
                    self.bury(db, candidate.id, dead)?;
                    taken.moved += 1;
                } else {
                    taken.messages.push(self.receive(db, candidate)?);
                }
            }
        }
        Ok(taken)
    }

    fn next(&self, db: &Connection, limit: usize) -> Result<Vec<Candidate>, SqsError> {
        let sql = "SELECT id, turn, message_id, sent, tenant, receives, first_received, source_arn FROM messages \
                   WHERE shelf = ?1 AND state = ?2 ORDER BY due, id LIMIT ?3";
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map(params![self.queue.shelf, VISIBLE, limit as i64], Candidate::read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// It keeps its id, its age and its receive count, as in AWS.
    fn bury(&self, db: &Connection, id: i64, dead: &DeadLetters) -> Result<(), SqsError> {
        let sql = "UPDATE messages SET shelf = ?2, state = ?3, due = ?4, turn = ?4, moved = ?5, source_arn = ?6, \
                   receipt = NULL WHERE id = ?1";
        let source = queue_arn(&self.queue.name);
        db.prepare_cached(sql)?.execute(params![id, dead.shelf, VISIBLE, dead.turn, self.now, source])?;
        Ok(())
    }

    fn receive(&self, db: &Connection, candidate: Candidate) -> Result<Message, SqsError> {
        let receipt = Receipt::new(self.queue.id, candidate.id);
        let first = candidate.first_received.unwrap_or(self.now);
        let sql = "UPDATE messages SET state = ?2, due = ?3, receives = receives + 1, first_received = ?4, \
                   last_received = ?5, receipt = ?6 WHERE id = ?1";
        db.prepare_cached(sql)?.execute(params![
            candidate.id,
            IN_FLIGHT,
            self.due,
            first,
            self.now,
            receipt.nonce
        ])?;
        let mut statement = db.prepare_cached("SELECT body, attributes, trace FROM bodies WHERE id = ?1")?;
        let (body, attributes, trace): (String, Option<String>, Option<String>) =
            statement.query_row([candidate.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(Message {
            message_id: Uuid::from_bytes(candidate.message_id).to_string(),
            receipt_handle: receipt.handle(),
            body,
            message_attributes: declared(attributes.as_deref())?,
            attributes: candidate.attributes(first, trace),
        })
    }
}

fn declared(attributes: Option<&str>) -> Result<BTreeMap<String, Attribute>, SqsError> {
    attributes.map_or(Ok(BTreeMap::new()), |it| {
        serde_json::from_str(it).map_err(|error| SqsError::Malformed(error.to_string()))
    })
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            turn: row.get(1)?,
            message_id: row.get(2)?,
            sent: row.get(3)?,
            tenant: row.get(4)?,
            receives: row.get(5)?,
            first_received: row.get(6)?,
            source_arn: row.get(7)?,
        })
    }

    fn attributes(self, first_received: i64, trace: Option<String>) -> BTreeMap<String, String> {
        let given = [
            ("AWSTraceHeader", trace),
            ("MessageGroupId", self.tenant),
            ("DeadLetterQueueSourceArn", self.source_arn),
        ];
        let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let always = [
            ("SenderId", ACCOUNT.to_owned()),
            ("SentTimestamp", self.sent.to_string()),
            ("ApproximateReceiveCount", (self.receives + 1).to_string()),
            ("ApproximateFirstReceiveTimestamp", first_received.to_string()),
        ];
        always.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(given).collect()
    }
}

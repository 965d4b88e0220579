//! Sending, and the turns that make a queue fair.
//!
//! Visible messages are received in the order of their turns. A message's turn is the one after the turn being served,
//! or the one after the last of its own group if that is later. So a group that sends a million messages takes a million
//! turns, another group's next message takes its turn among the first of them, and a message without a group is a
//! group of its own: among those, the order is that of sending.

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use super::Sqs;
use super::error::SqsError;
use super::message::{Outgoing, Sent};
use super::state::{DELAYED, Parts, Queue, VISIBLE};

pub(super) fn send(
    sqs: &Sqs,
    queue: &str,
    messages: Vec<Outgoing>,
) -> Result<Vec<Result<Sent, SqsError>>, SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let Parts { queue, db, next_id } = state.parts(queue)?;
    let transaction = db.transaction()?;
    let (mut results, mut dues) = (Vec::with_capacity(messages.len()), Vec::new());
    let mut id = *next_id;
    for message in messages {
        if let Err(refused) = message.check(queue.settings.size_max) {
            results.push(Err(refused));
            continue;
        }
        let message_id = Uuid::new_v4();
        dues.push(insert(&transaction, queue, &message, id, message_id, now)?);
        id += 1;
        results.push(Ok(message.sent(message_id.to_string())));
    }
    transaction.commit()?;
    sqs.written();
    *next_id = id;
    announce(queue, &dues);
    Ok(results)
}

/// Writes a message; when it becomes visible, if that is not now.
fn insert(
    db: &Transaction<'_>,
    queue: &Queue,
    message: &Outgoing,
    id: i64,
    message_id: Uuid,
    now: i64,
) -> Result<Option<i64>, SqsError> {
    let turn = turn(db, queue, message.group.as_deref())?;
    let delay = message.delay.map_or(queue.settings.delay_ms, |it| it.as_millis() as i64);
    let due = (delay > 0).then_some(now + delay);
    let state = if due.is_some() { DELAYED } else { VISIBLE };
    db.prepare_cached(
        "INSERT INTO messages (id, shelf, state, due, turn, message_id, sent, tenant) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        id,
        queue.shelf,
        state,
        due.unwrap_or(turn),
        turn,
        message_id.as_bytes().as_slice(),
        now,
        message.group
    ])?;
    let attributes = match message.attributes.is_empty() {
        true => None,
        false => Some(
            serde_json::to_string(&message.attributes).map_err(|it| SqsError::Malformed(it.to_string()))?,
        ),
    };
    db.prepare_cached("INSERT INTO bodies (id, body, attributes, trace) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![id, message.body, attributes, message.trace])?;
    Ok(due)
}

/// The turn of a message that comes into the queue now.
pub(super) fn turn(db: &Connection, queue: &Queue, group: Option<&str>) -> Result<i64, SqsError> {
    let Some(group) = group else { return Ok(queue.turn + 1) };
    let sql = "SELECT MAX(turn) FROM messages WHERE shelf = ?1 AND tenant = ?2";
    let last: Option<i64> =
        db.prepare_cached(sql)?.query_row(params![queue.shelf, group], |row| row.get(0))?;
    Ok(queue.turn.max(last.unwrap_or(i64::MIN)) + 1)
}

fn announce(queue: &mut Queue, dues: &[Option<i64>]) {
    let delayed = dues.iter().flatten();
    let visible = dues.len() - delayed.clone().count();
    queue.counters.visible += visible as i64;
    queue.counters.delayed += delayed.clone().count() as i64;
    if let Some(first) = delayed.min() {
        queue.comes_due(*first);
    }
    queue.wake(visible);
}

//! Message move tasks: from a dead-letter queue back to where the messages came from, or elsewhere.
//!
//! A step moves some messages and counts them in one transaction. A task that a crash interrupted goes on at the start.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::SqsError;
use super::state::{Queue, State, VISIBLE};
use super::{Sqs, queue_name, send, store};

/// Messages moved in one step, at most.
const STEP_MAX: i64 = 100;
/// The pause between steps when no rate was asked for.
const PAUSE: Duration = Duration::from_millis(1);
const RATE_MAX: i64 = 500;
/// Tasks of one source that are remembered.
const KEPT: i64 = 10;

const RUNNING: &str = "RUNNING";
const COLUMNS: &str =
    "id, handle, status, source_arn, destination_arn, rate, moved, to_move, started, failure";

struct Task {
    id: i64,
    handle: String,
    status: String,
    source: String,
    destination: Option<String>,
    rate: Option<i64>,
    moved: i64,
    to_move: i64,
    started: i64,
    failure: Option<String>,
}

/// Starts a task; its handle.
pub(super) fn start(
    sqs: &Sqs,
    source: &str,
    destination: Option<&str>,
    rate: Option<i64>,
) -> Result<String, SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    check(&mut state, source, destination, rate, now)?;
    let to_move = state.queue(queue_name(source))?.counters.visible;
    let handle = Uuid::new_v4().to_string();
    let transaction = state.db.transaction()?;
    transaction.execute(
        "INSERT INTO moves (handle, status, source_arn, destination_arn, rate, moved, to_move, started) \
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7)",
        params![handle, RUNNING, source, destination, rate, to_move, now],
    )?;
    let id = transaction.last_insert_rowid();
    let forgotten = "DELETE FROM moves WHERE source_arn = ?1 AND id NOT IN \
                     (SELECT id FROM moves WHERE source_arn = ?1 ORDER BY id DESC LIMIT ?2)";
    transaction.execute(forgotten, params![source, KEPT])?;
    transaction.commit()?;
    drop(state);
    sqs.run_move(id);
    Ok(handle)
}

fn check(
    state: &mut State,
    source: &str,
    destination: Option<&str>,
    rate: Option<i64>,
    now: i64,
) -> Result<(), SqsError> {
    let no_resource =
        || SqsError::NoResource("The resource that you specified for the SourceArn parameter doesn't exist.");
    let parts = state.parts(queue_name(source)).map_err(|_| no_resource())?;
    store::promote(parts.db, parts.queue, now, STEP_MAX as usize)?;
    if state.sources_of(source).is_empty() {
        return Err(SqsError::Invalid("Source queue must be configured as a Dead Letter Queue.".to_owned()));
    }
    if let Some(destination) = destination {
        let no_resource = || {
            SqsError::NoResource(
                "The resource that you specified for the DestinationArn parameter doesn't exist.",
            )
        };
        state.queue(queue_name(destination)).map_err(|_| no_resource())?;
        if destination == source {
            return Err(SqsError::Invalid(
                "Source queue arn and destination queue arn cannot be the same.".to_owned(),
            ));
        }
    }
    if rate.is_some_and(|it| !(1..=RATE_MAX).contains(&it)) {
        let reason = "Must be between 1 and 500, if provided.";
        return Err(SqsError::value(rate.unwrap_or_default(), "MaxNumberOfMessagesPerSecond", reason));
    }
    let sql = "SELECT id FROM moves WHERE source_arn = ?1 AND status = ?2";
    let running: Option<i64> = state.db.query_row(sql, [source, RUNNING], |row| row.get(0)).optional()?;
    running.map_or(Ok(()), |_| {
        Err(SqsError::Unsupported(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        ))
    })
}

/// Stops a task; how many messages it had moved.
pub(super) fn cancel(sqs: &Sqs, handle: &str) -> Result<i64, SqsError> {
    let state = sqs.state();
    let sql = "UPDATE moves SET status = 'CANCELLED' WHERE handle = ?1 AND status = ?2 RETURNING moved";
    let moved = state.db.query_row(sql, [handle, RUNNING], |row| row.get(0)).optional()?;
    moved.ok_or(SqsError::NoResource("Task does not exist, or it is not running."))
}

/// The last tasks of a source, the newest first, as on the wire.
pub(super) fn list(sqs: &Sqs, source: &str, max: i64) -> Result<Vec<Value>, SqsError> {
    let state = sqs.state();
    let no_resource =
        SqsError::NoResource("The resource that you specified for the SourceArn parameter doesn't exist.");
    state.queue(queue_name(source)).map_err(|_| no_resource)?;
    let sql = format!("SELECT {COLUMNS} FROM moves WHERE source_arn = ?1 ORDER BY id DESC LIMIT ?2");
    let mut statement = state.db.prepare(&sql)?;
    let tasks = statement.query_map(params![source, max], Task::read)?;
    Ok(tasks.map(|it| it.map(Task::told)).collect::<Result<_, _>>()?)
}

/// The tasks that were running when the last process ended.
pub(super) fn running(db: &Connection) -> Result<Vec<i64>, SqsError> {
    let mut statement = db.prepare("SELECT id FROM moves WHERE status = ?1")?;
    let ids = statement.query_map([RUNNING], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// Moves some messages; how long to wait before the next, or `None` when the task is over.
pub(super) fn step(sqs: &Sqs, id: i64) -> Result<Option<Duration>, SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let sql = format!("SELECT {COLUMNS} FROM moves WHERE id = ?1 AND status = ?2");
    let task = state.db.query_row(&sql, params![id, RUNNING], Task::read).optional()?;
    let Some(task) = task else { return Ok(None) };
    let Ok(parts) = state.parts(queue_name(&task.source)) else {
        return end(&state.db, id, "FAILED", Some("AWS.SimpleQueueService.NonExistentQueue"));
    };
    store::promote(parts.db, parts.queue, now, STEP_MAX as usize)?;
    let shelf = parts.queue.shelf;
    let size = task.rate.unwrap_or(STEP_MAX).min(STEP_MAX).min(task.to_move - task.moved);
    let messages = next(&state.db, shelf, size)?;
    if messages.is_empty() {
        return end(&state.db, id, "COMPLETED", None);
    }
    let mut destinations = Vec::with_capacity(messages.len());
    for message in &messages {
        match destination(&state, &task, message) {
            Ok(it) => destinations.push(it.name.clone()),
            Err(failure) => return end(&state.db, id, "FAILED", Some(failure)),
        }
    }
    move_all(&mut state, &task, &messages, &destinations, now)?;
    sqs.written();
    Ok(Some(task.rate.map_or(PAUSE, |rate| Duration::from_secs_f64(messages.len() as f64 / rate as f64))))
}

/// A message in the source, and where it was before.
struct Letter {
    id: i64,
    tenant: Option<String>,
    source: Option<String>,
}

fn next(db: &Connection, shelf: i64, limit: i64) -> Result<Vec<Letter>, SqsError> {
    let sql = "SELECT id, tenant, source_arn FROM messages WHERE shelf = ?1 AND state = ?2 ORDER BY due, id LIMIT ?3";
    let mut statement = db.prepare_cached(sql)?;
    let read = |row: &Row<'_>| Ok(Letter { id: row.get(0)?, tenant: row.get(1)?, source: row.get(2)? });
    let letters = statement.query_map([shelf, VISIBLE, limit], read)?;
    Ok(letters.collect::<Result<_, _>>()?)
}

fn destination<'a>(state: &'a State, task: &Task, letter: &Letter) -> Result<&'a Queue, &'static str> {
    let arn = task.destination.as_ref().or(letter.source.as_ref()).ok_or("CouldNotDetermineMessageSource")?;
    state.queue(queue_name(arn)).map_err(|_| "AWS.SimpleQueueService.NonExistentQueue")
}

/// A message that is moved is a new one: with another id, another age, and never received.
fn move_all(
    state: &mut State,
    task: &Task,
    letters: &[Letter],
    destinations: &[String],
    now: i64,
) -> Result<(), SqsError> {
    let transaction = state.db.unchecked_transaction()?;
    let sql = "UPDATE messages SET shelf = ?2, due = ?3, turn = ?3, message_id = ?4, sent = ?5, receives = 0, \
               first_received = NULL, last_received = NULL, receipt = NULL, moved = NULL, source_arn = NULL \
               WHERE id = ?1";
    for (letter, name) in letters.iter().zip(destinations) {
        let queue = state.queue(name)?;
        let turn = send::turn(&transaction, queue, letter.tenant.as_deref())?;
        let message_id = Uuid::new_v4();
        let moved = params![letter.id, queue.shelf, turn, message_id.as_bytes().as_slice(), now];
        transaction.prepare_cached(sql)?.execute(moved)?;
    }
    let moved = letters.len() as i64;
    transaction.execute("UPDATE moves SET moved = moved + ?2 WHERE id = ?1", [task.id, moved])?;
    transaction.commit()?;
    state.parts(queue_name(&task.source))?.queue.counters.visible -= moved;
    let mut arrived: BTreeMap<&str, usize> = BTreeMap::new();
    for name in destinations {
        *arrived.entry(name).or_default() += 1;
    }
    for (name, count) in arrived {
        let queue = state.parts(name)?.queue;
        queue.counters.visible += count as i64;
        queue.wake(count);
    }
    Ok(())
}

fn end(db: &Connection, id: i64, status: &str, failure: Option<&str>) -> Result<Option<Duration>, SqsError> {
    db.execute("UPDATE moves SET status = ?2, failure = ?3 WHERE id = ?1", params![id, status, failure])?;
    Ok(None)
}

impl Task {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get(0)?,
            handle: row.get(1)?,
            status: row.get(2)?,
            source: row.get(3)?,
            destination: row.get(4)?,
            rate: row.get(5)?,
            moved: row.get(6)?,
            to_move: row.get(7)?,
            started: row.get(8)?,
            failure: row.get(9)?,
        })
    }

    /// As `ListMessageMoveTasks` tells it: the handle only while it can be used.
    fn told(self) -> Value {
        let mut told = json!({
            "Status": self.status,
            "SourceArn": self.source,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.started,
        });
        if self.status == RUNNING {
            told["TaskHandle"] = json!(self.handle);
        }
        let optional = [
            ("DestinationArn", self.destination.map(Value::from)),
            ("MaxNumberOfMessagesPerSecond", self.rate.map(Value::from)),
            ("FailureReason", self.failure.map(Value::from)),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                told[name] = value;
            }
        }
        told
    }
}

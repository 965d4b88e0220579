//! The queues themselves: made, listed, changed, purged and deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::attributes::Settings;
use super::error::SqsError;
use super::state::{Counters, Parts, Queue, State};
use super::{Counts, Sqs, queue_arn, queue_name, store, sweep};
use crate::template;

const NAME_MAX: usize = 80;
/// Messages made visible before they are counted, at most.
const PROMOTED_MAX: usize = 1_000;
/// A queue is purged once in this time.
const PURGE_EVERY_MS: i64 = 60_000;

/// Creates queues and their dead-letter queues whatever their order, and gives all of them exactly their attributes.
pub(super) fn create_declared(sqs: &Sqs, queues: &[template::Queue]) -> Result<(), SqsError> {
    let named = |name: &str, error| SqsError::Declared { queue: name.to_owned(), cause: Box::new(error) };
    let (now, mut state) = (sqs.now(), sqs.state());
    for declared in queues.iter().filter(|it| state.queue(&it.name).is_err()).collect::<Vec<_>>() {
        let settings = Settings::default();
        insert(&mut state, &declared.name, settings, BTreeMap::new(), now)
            .map_err(|it| named(&declared.name, it))?;
    }
    for declared in queues {
        // A dead-letter queue's permission must be known before who asks for it is looked at.
        let mut settings =
            Settings::new(declared.attributes.clone()).map_err(|it| named(&declared.name, it))?;
        settings.redrive = None;
        state.parts(&declared.name)?.queue.settings = settings;
    }
    for declared in queues {
        let update = Settings::new(declared.attributes.clone())
            .and_then(|it| apply(&mut state, &declared.name, it, now));
        update.map_err(|it| named(&declared.name, it))?;
    }
    Ok(())
}

/// Creates a queue; one that is there with the same attributes is as good.
pub(super) fn create(
    sqs: &Sqs,
    name: &str,
    attributes: BTreeMap<String, String>,
    tags: BTreeMap<String, String>,
) -> Result<(), SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let settings = Settings::new(attributes.clone())?;
    if let Ok(queue) = state.queue(name) {
        return queue
            .settings
            .first_difference(&attributes)
            .map_or(Ok(()), |it| Err(SqsError::QueueExists(it)));
    }
    check_dead_letters(&state, name, &settings)?;
    insert(&mut state, name, settings, tags, now)
}

fn insert(
    state: &mut State,
    name: &str,
    settings: Settings,
    tags: BTreeMap<String, String>,
    now: i64,
) -> Result<(), SqsError> {
    check_name(name)?;
    let shelf = store::free_shelf(&state.db)?;
    let sql = "INSERT INTO queues (name, shelf, created, modified, attributes, tags) VALUES (?1, ?2, ?3, ?3, ?4, ?5)";
    state.db.execute(sql, params![name, shelf, now, json(settings.given())?, json(&tags)?])?;
    let id = state.db.last_insert_rowid();
    state.add(Queue { shelf, settings, tags, ..Queue::new(id, name, now) });
    Ok(())
}

fn check_name(name: &str) -> Result<(), SqsError> {
    if name.ends_with(".fifo") {
        return Err(SqsError::Unsupported("FIFO queues are not run here; leave .fifo out of the name."));
    }
    let well_formed = (1..=NAME_MAX).contains(&name.len())
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_');
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.";
    well_formed.then_some(()).ok_or_else(|| SqsError::value(name, "QueueName", reason))
}

fn check_dead_letters(state: &State, name: &str, settings: &Settings) -> Result<(), SqsError> {
    let Some(redrive) = &settings.redrive else { return Ok(()) };
    let refused = |reason| Err(SqsError::value(&redrive.dead_letter_arn, "RedrivePolicy", reason));
    match state.queue(queue_name(&redrive.dead_letter_arn)) {
        // Its dead letters would come back to it, and be dead again.
        _ if queue_name(&redrive.dead_letter_arn) == name => {
            refused("A queue cannot be its own dead letter queue.")
        }
        Err(_) => refused("Dead letter target does not exist."),
        Ok(dead) if !dead.settings.allow.allows(&queue_arn(name)) => {
            refused("Queue does not have permission to use the dead letter queue as a dead letter target.")
        }
        Ok(_) => Ok(()),
    }
}

/// Sets some attributes, and leaves the others as they are.
pub(super) fn set_attributes(
    sqs: &Sqs,
    name: &str,
    changes: BTreeMap<String, String>,
) -> Result<(), SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let settings = state.queue(name)?.settings.changed(changes)?;
    apply(&mut state, name, settings, now)
}

fn apply(state: &mut State, name: &str, settings: Settings, now: i64) -> Result<(), SqsError> {
    check_dead_letters(state, name, &settings)?;
    let Parts { queue, db, .. } = state.parts(name)?;
    let sql = "UPDATE queues SET attributes = ?2, modified = ?3 WHERE id = ?1";
    db.execute(sql, params![queue.id, json(settings.given())?, now])?;
    queue.settings = settings;
    queue.modified = now;
    queue.next_sweep = i64::MIN;
    Ok(())
}

/// All attributes, those that are counted included.
pub(super) fn attributes(sqs: &Sqs, name: &str) -> Result<BTreeMap<String, String>, SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(name)?;
    let counters = counted(queue, db, now)?;
    let mut told = queue.settings.told();
    let more = [
        ("QueueArn", queue_arn(name)),
        ("CreatedTimestamp", (queue.created / 1_000).to_string()),
        ("LastModifiedTimestamp", (queue.modified / 1_000).to_string()),
        ("ApproximateNumberOfMessages", counters.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counters.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counters.delayed.to_string()),
    ];
    told.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Ok(told)
}

pub(super) fn counts(sqs: &Sqs, name: &str) -> Result<Counts, SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(name)?;
    let counters = counted(queue, db, now)?;
    let since = oldest(db, queue.shelf)?;
    Ok(Counts {
        visible: counters.visible.unsigned_abs(),
        in_flight: counters.in_flight.unsigned_abs(),
        delayed: counters.delayed.unsigned_abs(),
        oldest: since.map(|it| Duration::from_millis(u64::try_from(now - it).unwrap_or_default())),
    })
}

fn counted(queue: &mut Queue, db: &mut Connection, now: i64) -> Result<Counters, SqsError> {
    store::promote(db, queue, now, PROMOTED_MAX)?;
    sweep::late(db, queue, now)?;
    Ok(queue.counters)
}

/// Since when the oldest message is here: a dead letter is so since it was moved.
fn oldest(db: &Connection, shelf: i64) -> Result<Option<i64>, SqsError> {
    let mut since = None;
    for sql in [
        "SELECT sent FROM messages WHERE shelf = ?1 AND moved IS NULL ORDER BY sent LIMIT 1",
        "SELECT moved FROM messages WHERE shelf = ?1 AND moved IS NOT NULL ORDER BY moved LIMIT 1",
    ] {
        let found: Option<i64> = db.prepare_cached(sql)?.query_row([shelf], |row| row.get(0)).optional()?;
        since = since.into_iter().chain(found).min();
    }
    Ok(since)
}

/// Deletes every message, at once for who looks; what lay there is swept away beside.
pub(super) fn purge(sqs: &Sqs, name: &str) -> Result<(), SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(name)?;
    if queue.purged.is_some_and(|it| now < it + PURGE_EVERY_MS) {
        return Err(SqsError::PurgeInProgress(name.to_owned()));
    }
    let transaction = db.transaction()?;
    let shelf = store::free_shelf(&transaction)?;
    transaction.execute("INSERT INTO swept_shelves (shelf) VALUES (?1)", [queue.shelf])?;
    transaction.execute("UPDATE queues SET shelf = ?2 WHERE id = ?1", [queue.id, shelf])?;
    transaction.commit()?;
    (queue.shelf, queue.counters, queue.purged) = (shelf, Counters::default(), Some(now));
    drop(state);
    sqs.sweep();
    Ok(())
}

/// Deletes a queue with its messages.
pub(super) fn delete(sqs: &Sqs, name: &str) -> Result<(), SqsError> {
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(name)?;
    let transaction = db.transaction()?;
    transaction.execute("INSERT INTO swept_shelves (shelf) VALUES (?1)", [queue.shelf])?;
    transaction.execute("DELETE FROM queues WHERE id = ?1", [queue.id])?;
    transaction.commit()?;
    state.remove(name);
    drop(state);
    sqs.sweep();
    Ok(())
}

/// Sets tags, and takes others away.
pub(super) fn tag(
    sqs: &Sqs,
    name: &str,
    set: BTreeMap<String, String>,
    taken_away: &[String],
) -> Result<(), SqsError> {
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(name)?;
    let mut tags = queue.tags.clone();
    tags.extend(set);
    tags.retain(|key, _| !taken_away.contains(key));
    db.execute("UPDATE queues SET tags = ?2 WHERE id = ?1", params![queue.id, json(&tags)?])?;
    queue.tags = tags;
    Ok(())
}

fn json(map: &BTreeMap<String, String>) -> Result<String, SqsError> {
    serde_json::to_string(map).map_err(|it| SqsError::Malformed(it.to_string()))
}

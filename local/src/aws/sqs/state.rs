//! What is known of the queues without asking the file: their settings, counters, and who waits.
//!
//! Counters change only after the transaction that they count has been committed, and are counted anew at the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::Notify;

use super::attributes::Settings;
use super::error::SqsError;
use super::store;

/// The file and what is known of it.
pub(super) struct State {
    pub(super) db: Connection,
    queues: BTreeMap<String, Queue>,
    /// The id of the next message; ids grow in the order of sending.
    pub(super) next_id: i64,
}

/// A queue.
pub(super) struct Queue {
    pub(super) id: i64,
    pub(super) name: String,
    /// Under which number its messages lie. A purge gives it another, and the old ones are swept away later.
    pub(super) shelf: i64,
    pub(super) created: i64,
    pub(super) modified: i64,
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) counters: Counters,
    /// The turn of the message that was received last; see `send`.
    pub(super) turn: i64,
    /// No delayed or invisible message becomes visible before this.
    pub(super) next_due: i64,
    /// When messages beyond the retention are looked for next.
    pub(super) next_sweep: i64,
    pub(super) purged: Option<i64>,
    pub(super) changed: Arc<Notify>,
}

/// What an operation on one queue changes.
pub(super) struct Parts<'a> {
    pub(super) queue: &'a mut Queue,
    pub(super) db: &'a mut Connection,
    pub(super) next_id: &'a mut i64,
}

/// Messages by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counters {
    pub(super) visible: i64,
    pub(super) delayed: i64,
    pub(super) in_flight: i64,
}

/// The states of a message, as stored.
pub(super) const VISIBLE: i64 = 0;
pub(super) const DELAYED: i64 = 1;
pub(super) const IN_FLIGHT: i64 = 2;

impl Counters {
    /// Counts `change` messages more (or fewer) in a state.
    pub(super) fn add(&mut self, state: i64, change: i64) {
        match state {
            DELAYED => self.delayed += change,
            IN_FLIGHT => self.in_flight += change,
            _ => self.visible += change,
        }
    }
}

impl Queue {
    /// A queue without messages, attributes and tags. Its shelf is to be given.
    pub(super) fn new(id: i64, name: &str, created: i64) -> Self {
        Self {
            id,
            name: name.to_owned(),
            shelf: 0,
            created,
            modified: created,
            settings: Settings::default(),
            tags: BTreeMap::new(),
            counters: Counters::default(),
            turn: 0,
            next_due: i64::MIN,
            next_sweep: i64::MIN,
            purged: None,
            changed: Arc::new(Notify::new()),
        }
    }

    /// Notes that a message becomes visible at `due`, and wakes who waits for a later moment.
    pub(super) fn comes_due(&mut self, due: i64) {
        if due < self.next_due {
            self.next_due = due;
            self.changed.notify_waiters();
        }
    }

    /// Wakes one for every visible message, as far as it is known that there are that many waiting.
    pub(super) fn wake(&self, messages: usize) {
        for _ in 0..messages.min(WAKE_MAX) {
            self.changed.notify_one();
        }
    }
}

/// Who is woken and finds more messages than it takes wakes the next.
const WAKE_MAX: usize = 10;

impl State {
    /// Prepares the file and counts what is there.
    pub(super) fn load(db: Connection) -> Result<Self, SqsError> {
        store::prepare(&db)?;
        let mut state = Self { db, queues: BTreeMap::new(), next_id: 1 };
        state.reload()?;
        Ok(state)
    }

    /// Counts everything anew.
    pub(super) fn reload(&mut self) -> Result<(), SqsError> {
        let waiting: BTreeMap<String, Arc<Notify>> =
            self.queues.iter().map(|(name, it)| (name.clone(), Arc::clone(&it.changed))).collect();
        let newest: Option<i64> = self.db.query_row("SELECT MAX(id) FROM messages", [], |row| row.get(0))?;
        self.next_id = newest.unwrap_or_default() + 1;
        let mut queues = BTreeMap::new();
        for mut queue in store::queues(&self.db)? {
            queue.changed = waiting.get(&queue.name).cloned().unwrap_or_default();
            queue.turn = first_turn(&self.db, queue.shelf)?;
            queue.counters = store::count(&self.db, queue.shelf)?;
            queues.insert(queue.name.clone(), queue);
        }
        self.queues = queues;
        Ok(())
    }

    /// The queue of that name.
    pub(super) fn queue(&self, name: &str) -> Result<&Queue, SqsError> {
        self.queues.get(name).ok_or(SqsError::NoQueue)
    }

    /// The queue of that name, to be changed, and what else an operation on it changes.
    pub(super) fn parts(&mut self, name: &str) -> Result<Parts<'_>, SqsError> {
        let queue = self.queues.get_mut(name).ok_or(SqsError::NoQueue)?;
        Ok(Parts { queue, db: &mut self.db, next_id: &mut self.next_id })
    }

    /// All queues, by name.
    pub(super) fn queues(&self) -> impl Iterator<Item = &Queue> {
        self.queues.values()
    }

    pub(super) fn add(&mut self, queue: Queue) {
        self.queues.insert(queue.name.clone(), queue);
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some(queue) = self.queues.remove(name) {
            queue.changed.notify_waiters();
        }
    }

    /// The queues whose dead letters go to the queue of that ARN.
    pub(super) fn sources_of(&self, arn: &str) -> Vec<&Queue> {
        let leads_there =
            |it: &&Queue| it.settings.redrive.as_ref().is_some_and(|it| it.dead_letter_arn == arn);
        self.queues.values().filter(leads_there).collect()
    }
}

/// Before the first visible message's turn, so that new messages come neither far before nor far behind it.
fn first_turn(db: &Connection, shelf: i64) -> Result<i64, SqsError> {
    let sql = "SELECT due FROM messages WHERE shelf = ?1 AND state = ?2 ORDER BY due LIMIT 1";
    let first: Option<i64> = db.query_row(sql, [shelf, VISIBLE], |row| row.get(0)).optional()?;
    Ok(first.map_or(0, |it| it - 1))
}

//! What happens beside the requests: messages beyond the retention, what a purge left, and tasks that go on after a start.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::error::SqsError;
use super::state::Queue;
use super::{Inner, Sqs, moves, store};

/// Messages deleted at once: so many hold up others for about a millisecond.
const SWEPT_MAX: i64 = 100;
/// The pause after it, in which others get their turn.
const PAUSE: Duration = Duration::from_millis(1);
/// How often a queue is looked through for late messages.
const LATE_EVERY_MS: i64 = 1_000;

/// Deletes some of the messages that have been kept as long as the queue keeps them.
pub(super) fn late(db: &mut Connection, queue: &mut Queue, now: i64) -> Result<(), SqsError> {
    if now < queue.next_sweep {
        return Ok(());
    }
    let oldest = now - queue.settings.retention_ms;
    let ids = [
        "SELECT id FROM messages WHERE shelf = ?1 AND moved IS NULL AND sent <= ?2 ORDER BY sent LIMIT ?3",
        "SELECT id FROM messages WHERE shelf = ?1 AND moved IS NOT NULL AND sent <= ?2 ORDER BY sent LIMIT ?3",
    ];
    let transaction = db.transaction()?;
    let mut states = Vec::new();
    for sql in ids {
        let mut statement = transaction.prepare_cached(sql)?;
        let late = statement.query_map(params![queue.shelf, oldest, SWEPT_MAX], |row| row.get(0))?;
        for id in late.collect::<Result<Vec<i64>, _>>()? {
            states.extend(store::delete(&transaction, id)?);
        }
    }
    transaction.commit()?;
    queue.next_sweep = if states.is_empty() { now + LATE_EVERY_MS } else { now };
    for state in states {
        queue.counters.add(state, -1);
    }
    Ok(())
}

impl Sqs {
    /// Goes on with what was not finished when the last process ended.
    pub(super) fn resume(&self) -> Result<(), SqsError> {
        let state = self.state();
        let swept: Option<i64> =
            state.db.query_row("SELECT 1 FROM swept_shelves", [], |row| row.get(0)).optional()?;
        let moving = moves::running(&state.db)?;
        drop(state);
        if swept.is_some() {
            self.sweep();
        }
        for task in moving {
            self.run_move(task);
        }
        Ok(())
    }

    /// Begins to delete what lies on shelves that no queue has any more.
    pub(super) fn sweep(&self) {
        self.beside("sweep", |sqs| Ok(sweep_some(sqs)?.then_some(PAUSE)));
    }

    /// Begins a move task, or goes on with it.
    pub(super) fn run_move(&self, task: i64) {
        self.beside("move", move |sqs| moves::step(sqs, task));
    }

    /// Repeats `step` with the pause it says until it says none; no longer than anybody holds this.
    fn beside<F>(&self, what: &'static str, step: F)
    where
        F: Fn(&Sqs) -> Result<Option<Duration>, SqsError> + Send + 'static,
    {
        let inner: Weak<Inner> = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            while let Some(inner) = inner.upgrade() {
                let next = step(&Sqs { inner });
                match next {
                    Ok(Some(pause)) => tokio::time::sleep(pause).await,
                    Ok(None) => return,
                    Err(error) => {
                        let error: &dyn std::error::Error = &error;
                        tracing::error!(
                            error,
                            what,
                            "stopped in its work on the queues until the next start"
                        );
                        return;
                    }
                }
            }
        });
    }
}

/// Deletes some; `false` when nothing is left.
fn sweep_some(sqs: &Sqs) -> Result<bool, SqsError> {
    let mut state = sqs.state();
    let transaction = state.db.transaction()?;
    let shelf: Option<i64> =
        transaction.query_row("SELECT shelf FROM swept_shelves LIMIT 1", [], |row| row.get(0)).optional()?;
    let Some(shelf) = shelf else { return Ok(false) };
    let sql =
        "DELETE FROM messages WHERE id IN (SELECT id FROM messages WHERE shelf = ?1 LIMIT ?2) RETURNING id";
    let ids = {
        let mut statement = transaction.prepare_cached(sql)?;
        let ids = statement.query_map([shelf, SWEPT_MAX], |row| row.get(0))?;
        ids.collect::<Result<Vec<i64>, _>>()?
    };
    for id in &ids {
        transaction.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([id])?;
    }
    if ids.is_empty() {
        transaction.execute("DELETE FROM swept_shelves WHERE shelf = ?1", [shelf])?;
    }
    transaction.commit()?;
    sqs.written();
    Ok(true)
}

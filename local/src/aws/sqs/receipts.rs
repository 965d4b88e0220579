//! Receipt handles, and what is done with one: deleting a message, and changing how long it stays invisible.
//!
//! A handle names the queue, the message, and the receive: after another receive it leads nowhere.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::Sqs;
use super::attributes::VISIBILITY_MAX_S;
use super::error::SqsError;
use super::state::{IN_FLIGHT, Parts, Queue, VISIBLE};
use super::store;

/// One receive of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) queue: i64,
    pub(super) message: i64,
    pub(super) nonce: i64,
}

impl Receipt {
    /// Of a receive that happens now.
    pub(super) fn new(queue: i64, message: i64) -> Self {
        Self { queue, message, nonce: rand::random() }
    }

    pub(super) fn handle(self) -> String {
        BASE64.encode([self.queue, self.message, self.nonce].map(i64::to_be_bytes).concat())
    }

    fn read(handle: &str, queue: &Queue) -> Result<Self, SqsError> {
        let invalid = || SqsError::InvalidHandle(handle.to_owned());
        let bytes = BASE64.decode(handle).map_err(|_| invalid())?;
        let bytes: [u8; 24] = bytes.try_into().map_err(|_| invalid())?;
        let part = |at: usize| i64::from_be_bytes(std::array::from_fn(|it| bytes[at * 8 + it]));
        let receipt = Self { queue: part(0), message: part(1), nonce: part(2) };
        (receipt.queue == queue.id).then_some(receipt).ok_or_else(invalid)
    }
}

pub(super) fn delete(
    sqs: &Sqs,
    queue: &str,
    handles: &[String],
) -> Result<Vec<Result<(), SqsError>>, SqsError> {
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(queue)?;
    let transaction = db.transaction()?;
    let (mut results, mut deleted) = (Vec::with_capacity(handles.len()), Vec::new());
    for handle in handles {
        let receipt = match Receipt::read(handle, queue) {
            Ok(receipt) => receipt,
            Err(refused) => {
                results.push(Err(refused));
                continue;
            }
        };
        if find(&transaction, queue, receipt)?.is_some() {
            deleted.extend(store::delete(&transaction, receipt.message)?);
        }
        results.push(Ok(()));
    }
    transaction.commit()?;
    sqs.written();
    for state in deleted {
        queue.counters.add(state, -1);
    }
    Ok(results)
}

pub(super) fn change_visibility(
    sqs: &Sqs,
    queue: &str,
    handle: &str,
    timeout: Duration,
) -> Result<(), SqsError> {
    let now = sqs.now();
    let mut state = sqs.state();
    let Parts { queue, db, .. } = state.parts(queue)?;
    let receipt = Receipt::read(handle, queue)?;
    let gone = "Message does not exist or is not available for visibility timeout change.";
    let found = find(db, queue, receipt)?.ok_or_else(|| SqsError::value(handle, "ReceiptHandle", gone))?;
    if found.state != IN_FLIGHT || found.due <= now {
        return Err(SqsError::NotInFlight);
    }
    let due = now + timeout.as_millis() as i64;
    if due > found.last_received + VISIBILITY_MAX_S * 1_000 {
        let reason = format!(
            "Total VisibilityTimeout for the message is beyond the limit [{VISIBILITY_MAX_S} seconds]"
        );
        return Err(SqsError::value(timeout.as_secs(), "VisibilityTimeout", &reason));
    }
    if timeout.is_zero() {
        set_due(db, receipt.message, VISIBLE, found.turn)?;
        queue.counters.add(IN_FLIGHT, -1);
        queue.counters.add(VISIBLE, 1);
        queue.wake(1);
    } else {
        set_due(db, receipt.message, IN_FLIGHT, due)?;
        queue.comes_due(due);
    }
    sqs.written();
    Ok(())
}

/// The message of a receipt, as it lies there.
struct Found {
    state: i64,
    due: i64,
    turn: i64,
    last_received: i64,
}

/// `None` when the message is gone, or was received again since.
fn find(db: &Connection, queue: &Queue, receipt: Receipt) -> Result<Option<Found>, SqsError> {
    let sql =
        "SELECT state, due, turn, last_received FROM messages WHERE id = ?1 AND shelf = ?2 AND receipt = ?3";
    let found =
        db.prepare_cached(sql)?.query_row(params![receipt.message, queue.shelf, receipt.nonce], |row| {
            Ok(Found { state: row.get(0)?, due: row.get(1)?, turn: row.get(2)?, last_received: row.get(3)? })
        });
    Ok(found.optional()?)
}

fn set_due(db: &Connection, message: i64, state: i64, due: i64) -> Result<(), SqsError> {
    db.prepare_cached("UPDATE messages SET state = ?2, due = ?3 WHERE id = ?1")?
        .execute([message, state, due])?;
    Ok(())
}

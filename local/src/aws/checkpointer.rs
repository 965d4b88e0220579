//! Moves what SQLite has written ahead into its file, on a thread of its own, so that no request waits for the disk.
//!
//! SQLite would do it within the write that fills the log, some tens of milliseconds at a time. It still does when the
//! log has grown large all the same, which bounds the log; then little is left to move.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use rusqlite::Connection;

/// Writes between two rounds: some megabytes of log.
const WRITES_BETWEEN: u32 = 256;

/// The handle of the thread, which ends when this is dropped.
pub(super) struct Checkpointer {
    writes: AtomicU32,
    wake: SyncSender<()>,
}

impl Checkpointer {
    pub(super) fn start(file: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        let (wake, woken) = sync_channel(1);
        std::thread::spawn(move || {
            while woken.recv().is_ok() {
                if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
                    tracing::warn!(
                        error = error.to_string(),
                        "the log could not be moved into its file; later, then"
                    );
                }
            }
        });
        Ok(Self { writes: AtomicU32::new(0), wake })
    }

    /// Says that something was written.
    pub(super) fn written(&self) {
        if self.writes.fetch_add(1, Ordering::Relaxed) % WRITES_BETWEEN == WRITES_BETWEEN - 1 {
            // When it is full, the thread has been woken already.
            let _already_awake = self.wake.try_send(());
        }
    }
}

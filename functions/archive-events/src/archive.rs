//! Writes each event into exactly one object of a bucket, though its message may come again in any company.
//!
//! All events of a commit that come in one batch go into one object, named after the commit and written only if it is not
//! there: what it holds never changes. Events of the commit that it does not hold go into an object each, named after the
//! event. So an event's place is decided once, by whichever batch writes the commit's object, and every later delivery
//! finds it there. Nothing is ever overwritten, and no state is kept elsewhere.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream;
use penstock_api::envelope::{Envelope, NoEnvelope};
use penstock_blobs::{BlobError, Blobs, Put};
use penstock_platform::app::StartError;
use penstock_platform::function::{Environment, EventSink, InvocationError};
use penstock_platform::queue;
use serde_json::Value;

use crate::batch::{Commit, Line, Lines, sort};

/// The variable that names the bucket.
const BUCKET: &str = "ARCHIVE_BUCKET";
const CONTENT_TYPE: &str = "application/x-ndjson";
/// How many objects are written at once.
const WRITES_MAX: usize = 16;

/// The archive of all events.
pub struct Archive {
    blobs: Blobs,
}

/// Why events were not archived.
#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error("object {0} was there and is gone")]
    Gone(String),
    #[error("object {key} is damaged: {cause}")]
    Damaged { key: String, cause: NoEnvelope },
}

impl Archive {
    /// The bucket of the function's variables.
    ///
    /// # Errors
    /// When the variable is missing.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { blobs: Blobs::new(environment, BUCKET)? })
    }

    /// Archives a batch; the messages that failed, and will come again.
    async fn archive(&self, batch: Vec<queue::Message>) -> Vec<String> {
        let (commits, poison) = sort(batch);
        let written = stream::iter(commits).map(|(commit, lines)| self.write(commit, lines));
        let unwritten = written.buffer_unordered(WRITES_MAX).collect::<Vec<_>>().await;
        for (message, error) in &poison {
            tracing::error!(message, error = error.to_string(), "a message is poison");
        }
        poison.into_iter().map(|(message, _)| message).chain(unwritten.into_iter().flatten()).collect()
    }

    async fn write(&self, commit: Commit, lines: Lines) -> Vec<String> {
        match self.write_once(&commit, &lines).await {
            Ok(()) => vec![],
            Err(error) => {
                tracing::error!(events = lines.len(), error = error.to_string(), "events were not archived");
                lines.into_values().flat_map(|it| it.messages).collect()
            }
        }
    }

    /// One `PutObject`; when the commit's object was there, also one `GetObject` and a `PutObject` for each event not in it.
    async fn write_once(&self, commit: &Commit, lines: &Lines) -> Result<(), ArchiveError> {
        let key = commit.key();
        if self.put(&key, lines.values()).await? == Put::New {
            return Ok(());
        }
        let written = self.written(key).await?;
        for (sequence, line) in lines.iter().filter(|(sequence, _)| !written.contains(sequence)) {
            self.put(&commit.key_of_late(*sequence), [line]).await?;
        }
        Ok(())
    }

    async fn put(&self, key: &str, lines: impl IntoIterator<Item = &Line>) -> Result<Put, BlobError> {
        let text: String = lines.into_iter().flat_map(|it| [it.text.as_str(), "\n"]).collect();
        self.blobs.put_once(key, CONTENT_TYPE, Bytes::from(text)).await
    }

    /// The numbers of the events in an object.
    async fn written(&self, key: String) -> Result<BTreeSet<u32>, ArchiveError> {
        let Some(found) = self.blobs.get(&key).await? else { return Err(ArchiveError::Gone(key)) };
        let text = String::from_utf8_lossy(&found);
        let numbers = text.lines().map(|line| Envelope::read(line).map(|it| it.sequence()));
        numbers.collect::<Result<_, _>>().map_err(|cause| ArchiveError::Damaged { key, cause })
    }
}

impl EventSink for Archive {
    fn handle(&self, event: Value) -> BoxFuture<'_, Result<Value, InvocationError>> {
        Box::pin(async move { Ok(queue::failures(self.archive(queue::messages(event)?).await)) })
    }
}

//! Writes each event into exactly one object of a bucket, though its message may come again in any company.
//!
//! All events of a tenant's second that come in one batch go into one object, named after that second and written only if
//! it is not there: what it holds never changes. If it is there, it is read, and what it does not hold goes into the next
//! one of the second, in the same way. Whoever writes an event into an object has read all objects before it, so no event
//! is in two of them. Nothing is ever overwritten, and no state is kept elsewhere.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::{self, BoxFuture};
use futures::stream;
use penstock_api::envelope::{Envelope, NoEnvelope};
use penstock_blobs::{BlobError, Blobs, Put};
use penstock_domain::planted::{self, Bug};
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Taken};

use crate::batch::{EventId, Lines, Second, sort};

/// The variable that names the bucket.
const BUCKET: &str = "ARCHIVE_BUCKET";
const CONTENT_TYPE: &str = "application/x-ndjson";
/// How many seconds are written at once.
const WRITES_MAX: usize = 16;
/// More objects than this and a second is damaged: each holds what one batch brought, and no second lasts for so many.
const OBJECTS_MAX: u32 = 1_000;

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
    #[error("{0} has more than {OBJECTS_MAX} objects")]
    Endless(String),
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

    /// Archives a batch; what became of each letter, in order.
    async fn archive(&self, letters: &[Letter]) -> Vec<Taken> {
        let (seconds, poison) = sort(letters.iter().map(Letter::json));
        let mut taken: Vec<Taken> = vec![Ok(()); letters.len()];
        for (place, error) in poison {
            taken[place] = Err(NotDone::Poison(error.to_string()));
        }
        let written = stream::iter(seconds).map(|(second, lines)| self.write(second, lines));
        for (places, error) in
            written.buffer_unordered(WRITES_MAX).filter_map(future::ready).collect::<Vec<_>>().await
        {
            places.into_iter().for_each(|place| taken[place] = Err(error.clone()));
        }
        taken
    }

    /// Writes a second's lines; when that fails, the places of its letters, and why.
    async fn write(&self, second: Second, lines: Lines) -> Option<(Vec<usize>, NotDone)> {
        let places = lines.values().flat_map(|it| it.places.clone()).collect();
        let error = self.write_once(&second, lines).await.err()?;
        Some((places, error.into()))
    }

    /// One `PutObject`; for each object that is there already, a refused one and a `GetObject` more.
    async fn write_once(&self, second: &Second, mut lines: Lines) -> Result<(), ArchiveError> {
        for number in 0..OBJECTS_MAX {
            let key = second.key(number);
            let put = self.put(&key, &lines).await?;
            if put == Put::New || planted::is(Bug::ArchivedByAnother) {
                return Ok(());
            }
            for id in self.written(key).await? {
                lines.remove(&id);
            }
            if lines.is_empty() {
                return Ok(());
            }
        }
        Err(ArchiveError::Endless(second.key(0)))
    }

    async fn put(&self, key: &str, lines: &Lines) -> Result<Put, BlobError> {
        let text: String = lines.values().flat_map(|it| [it.text.as_str(), "\n"]).collect();
        self.blobs.put_once(key, CONTENT_TYPE, Bytes::from(text)).await
    }

    /// The events in an object.
    async fn written(&self, key: String) -> Result<BTreeSet<EventId>, ArchiveError> {
        let Some(found) = self.blobs.get(&key).await? else { return Err(ArchiveError::Gone(key)) };
        let text = String::from_utf8_lossy(&found);
        let events = text.lines().map(|line| Envelope::read(line).map(|it| EventId::of(&it)));
        events.collect::<Result<_, _>>().map_err(|cause| ArchiveError::Damaged { key, cause })
    }
}

impl Consumer for Archive {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(async move { self.archive(&letters).await })
    }
}

impl From<ArchiveError> for NotDone {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Blob(error) => Self::Unavailable(error.to_string()),
            error => Self::Failed(error.to_string()),
        }
    }
}

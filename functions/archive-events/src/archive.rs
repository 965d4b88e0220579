//! Writes each event into exactly one object of a bucket, though its message may come again in any company.
//!
//! All events of a commit that come in one batch go into one object, named after the commit and written only if it is not
//! there: what it holds never changes. Events of the commit that it does not hold go into an object each, named after the
//! event. So an event's place is decided once, by whichever batch writes the commit's object, and every later delivery
//! finds it there. Nothing is ever overwritten, and no state is kept elsewhere.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::{self, BoxFuture};
use futures::stream;
use penstock_api::envelope::{Envelope, NoEnvelope};
use penstock_blobs::{BlobError, Blobs, Put};
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Taken};

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

    /// Archives a batch; what became of each letter, in order.
    async fn archive(&self, letters: &[Letter]) -> Vec<Taken> {
        let (commits, poison) = sort(letters.iter().map(Letter::json));
        let mut taken: Vec<Taken> = vec![Ok(()); letters.len()];
        for (place, error) in poison {
            taken[place] = Err(NotDone::Poison(error.to_string()));
        }
        let written = stream::iter(commits).map(|(commit, lines)| self.write(commit, lines));
        for (places, error) in
            written.buffer_unordered(WRITES_MAX).filter_map(future::ready).collect::<Vec<_>>().await
        {
            places.into_iter().for_each(|place| taken[place] = Err(error.clone()));
        }
        taken
    }

    /// Writes a commit's lines; when that fails, the places of its letters, and why.
    async fn write(&self, commit: Commit, lines: Lines) -> Option<(Vec<usize>, NotDone)> {
        let error = self.write_once(&commit, &lines).await.err()?;
        Some((lines.into_values().flat_map(|it| it.places).collect(), error.into()))
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

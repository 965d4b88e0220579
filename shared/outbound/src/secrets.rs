//! Keys and webhook secrets, from Secrets Manager: remembered for five minutes, and read anew when they are refused.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) mod manager;

/// How long a secret is used before it is read again.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// A secret that is refused is not read more often than this: the refusals may have another reason.
const RENEWED_AFTER: Duration = Duration::from_secs(10);

/// Where secrets are kept.
pub trait SecretSource: Send + Sync {
    /// The secret's current text.
    ///
    /// # Errors
    /// [`SecretError::Unavailable`] when it cannot be read now.
    fn read(&self, id: &str) -> impl Future<Output = Result<String, SecretError>> + Send;
}

/// Why a secret is of no use.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read now; trying again later may help.
    #[error("secret {id} cannot be read")]
    Unavailable {
        /// Which.
        id: String,
        /// The adapter's error.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It is not there, or not what it should be. The message never holds the text.
    #[error("secret {id} {reason}")]
    Unusable {
        /// Which.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// One secret, a JSON object that becomes a `T`.
pub struct Secret<T, S> {
    source: S,
    id: String,
    kept: Mutex<Option<Kept<T>>>,
}

struct Kept<T> {
    value: Arc<T>,
    read_at: Instant,
}

impl<T: DeserializeOwned + PartialEq + Send + Sync, S: SecretSource> Secret<T, S> {
    /// The secret `id` (its name or ARN) of `source`. Does no I/O.
    pub fn new(source: S, id: String) -> Self {
        Self { source, id, kept: Mutex::new(None) }
    }

    /// The secret, no older than five minutes; an older one when it cannot be read now.
    ///
    /// # Errors
    /// When it was never read and cannot be read now, or is not a `T`.
    pub async fn current(&self) -> Result<Arc<T>, SecretError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| kept.read_at.elapsed() < KEPT_FOR) {
            return Ok(Arc::clone(&kept.value));
        }
        match (self.read().await, kept.as_ref()) {
            (Err(error @ SecretError::Unavailable { .. }), Some(old)) => {
                tracing::warn!(%error, "an old secret is used");
                Ok(Arc::clone(&old.value))
            }
            (read, _) => Ok(keep(&mut kept, read?)),
        }
    }

    /// What replaced `refused`; nothing when it is still the secret, or was read moments ago.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn renewed(&self, refused: &Arc<T>) -> Result<Option<Arc<T>>, SecretError> {
        let mut kept = self.kept.lock().await;
        if let Some(kept) = kept.as_ref() {
            if kept.value != *refused {
                return Ok(Some(Arc::clone(&kept.value)));
            }
            if kept.read_at.elapsed() < RENEWED_AFTER {
                return Ok(None);
            }
        }
        let value = keep(&mut kept, self.read().await?);
        Ok(Some(value).filter(|value| value != refused))
    }

    async fn read(&self) -> Result<T, SecretError> {
        let text = self.source.read(&self.id).await?;
        // serde's own message may quote the text.
        serde_json::from_str(&text).map_err(|_| SecretError::Unusable {
            id: self.id.clone(),
            reason: "is not the JSON object it should be",
        })
    }
}

fn keep<T>(kept: &mut Option<Kept<T>>, value: T) -> Arc<T> {
    let value = Arc::new(value);
    *kept = Some(Kept { value: Arc::clone(&value), read_at: Instant::now() });
    value
}

#[cfg(test)]
mod tests;

//! What the platform's consumers gave up of the tenant's: there must be nothing.

use crate::client::{Ask, Client, RequestError};

use super::wire::{Queue, Queues};

/// The tenant's dead letters, queue by queue.
#[derive(Debug, Default)]
pub(super) struct DeadLetters {
    pub(super) queues: Vec<Queue>,
}

impl DeadLetters {
    /// Asks for them, as an operator of the tenant.
    pub(super) async fn list(client: &Client) -> Result<Self, RequestError> {
        let Queues { queues } = client.send(&Ask::get("/v1/dead-letters".to_owned())).await?.success()?;
        Ok(Self { queues })
    }

    /// A queue that has some, in words.
    pub(super) fn findings(&self) -> impl Iterator<Item = String> {
        let some = self.queues.iter().filter(|queue| queue.dead_letters > 0 || !queue.complete);
        some.map(|queue| {
            let Queue { queue, dead_letters, complete } = queue;
            let more = if *complete { "" } else { " or more" };
            format!("{dead_letters}{more} dead letters of {queue}; `cargo run -- dlq show {queue}` tells why")
        })
    }
}

//! One consumer's dead-letter queue: receiving from it, and putting back what was only looked at.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry as Shown, Message as Received, MessageSystemAttributeName,
    QueueAttributeName,
};
use jiff::Timestamp;
use penstock_application::Unavailable;

use super::Sight;
use crate::queue::{Letter, Message, attributes, unpack};

/// SQS hands out and takes no more messages in one call.
pub(super) const BATCH_MAX: usize = 10;
/// How many messages a request looks at.
pub(super) const SEEN_MAX: usize = 1_000;
/// How long a request looks for dead letters.
const LOOK: Duration = Duration::from_secs(5);
/// How long a message is hidden by a look at it: longer than the look, or it would be seen twice.
const HIDDEN_SECONDS: i32 = 15;
/// Long polling asks every server of SQS, so that an empty answer means an empty queue.
const WAIT_SECONDS: i32 = 1;

/// A dead-letter queue and where its letters came from.
pub(super) struct Shelf {
    pub(super) client: Client,
    pub(super) url: String,
    /// The URL of the queue that they came from.
    pub(super) source: String,
}

/// A message found there.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) message: Message,
    pub(super) letters: Vec<Letter>,
    /// Whether something in it is no letter.
    pub(super) unreadable: bool,
    /// What it says beside its body.
    pub(super) said: HashMap<String, String>,
    pub(super) receipt: String,
}

impl Found {
    /// Whether a caller with that sight may see it. What cannot be read might be anybody's.
    pub(super) fn is_in(&self, sight: &Sight) -> bool {
        match sight {
            Sight::Everything => true,
            Sight::Tenant(tenant) => {
                !self.unreadable
                    && !self.letters.is_empty()
                    && self.letters.iter().all(|it| it.tenant == *tenant)
            }
        }
    }

    fn new(received: Received) -> Self {
        let of_queue = |name| received.attributes().and_then(|it| it.get(&name)).cloned();
        let sent = of_queue(MessageSystemAttributeName::SentTimestamp).and_then(|it| it.parse().ok());
        let said = |name: &str| Some(received.message_attributes()?.get(name)?.string_value()?.to_owned());
        let message = Message {
            id: received.message_id().unwrap_or_default().to_owned(),
            body: received.body().unwrap_or_default().to_owned(),
            group: of_queue(MessageSystemAttributeName::MessageGroupId).unwrap_or_default(),
            attempts: 0,
            receives: 1,
            sent_at: sent.and_then(|it| Timestamp::from_millisecond(it).ok()).unwrap_or(Timestamp::MIN),
        };
        let (letters, poison) = unpack(&message);
        let names = [attributes::REASON, attributes::ATTEMPTS, attributes::FAILED_AT, attributes::FUNCTION];
        Self {
            message,
            letters,
            unreadable: !poison.is_empty(),
            said: names.iter().filter_map(|name| Some(((*name).to_owned(), said(name)?))).collect(),
            receipt: received.receipt_handle().unwrap_or_default().to_owned(),
        }
    }
}

impl Shelf {
    pub(super) fn new(client: Client, url: String, source: String) -> Self {
        Self { client, url, source }
    }

    /// How many there are in sight, and whether these are all.
    ///
    /// One `GetQueueAttributes`; for a tenant, whose share SQS does not know, as many calls as it takes to look at all.
    pub(super) async fn count(&self, sight: &Sight) -> Result<(u32, bool), Unavailable> {
        let there = self.approximate_number().await?;
        if there == 0 || *sight == Sight::Everything {
            return Ok((there, true));
        }
        let (found, complete) = self.peek(sight, SEEN_MAX).await?;
        Ok((u32::try_from(found.len()).expect("no more than were looked at"), complete))
    }

    /// Those in sight, `limit` at most, and whether these are all. They are hidden for as long as the look takes.
    pub(super) async fn peek(&self, sight: &Sight, limit: usize) -> Result<(Vec<Found>, bool), Unavailable> {
        let (mut found, mut foreign) = (Vec::new(), Vec::new());
        let started = Instant::now();
        let complete = loop {
            if found.len() >= limit || found.len() + foreign.len() >= SEEN_MAX || started.elapsed() > LOOK {
                break false;
            }
            let received = self.receive(HIDDEN_SECONDS).await?;
            if received.is_empty() {
                break true;
            }
            for it in received {
                if it.is_in(sight) { found.push(it) } else { foreign.push(it) }
            }
        };
        self.show_again(found.iter().chain(&foreign)).await;
        found.truncate(limit);
        Ok((found, complete))
    }

    /// Some that nobody else looks at, hidden for that long; none when there are none.
    pub(super) async fn receive(&self, hidden_seconds: i32) -> Result<Vec<Found>, Unavailable> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(BATCH_MAX as i32)
            .visibility_timeout(hidden_seconds)
            .wait_time_seconds(WAIT_SECONDS)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .message_attribute_names("All")
            .send()
            .await
            .map_err(|error| unavailable(error.into()))?;
        Ok(received.messages.unwrap_or_default().into_iter().map(Found::new).collect())
    }

    /// Ends the hiding of what was only looked at. When that fails it ends by itself, somewhat later.
    pub(super) async fn show_again(&self, found: impl Iterator<Item = &Found>) {
        let shown = |(at, it): (usize, &Found)| {
            let entry = Shown::builder().id(at.to_string()).receipt_handle(&it.receipt).visibility_timeout(0);
            entry.build().expect("it has an id and a receipt")
        };
        let entries: Vec<Shown> = found.enumerate().map(shown).collect();
        for batch in entries.chunks(BATCH_MAX) {
            let change = self.client.change_message_visibility_batch().queue_url(&self.url);
            if let Err(error) = change.set_entries(Some(batch.to_vec())).send().await {
                let error = crate::failure::chain(&unavailable(error.into()));
                tracing::warn!(error, "dead letters stay hidden for some seconds");
            }
        }
    }

    pub(super) async fn approximate_number(&self) -> Result<u32, Unavailable> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let values = self.queue_attributes(&self.url, &names).await?;
        Ok(names.iter().filter_map(|name| values.get(name)?.parse::<u32>().ok()).sum())
    }

    pub(super) async fn queue_attributes(
        &self,
        url: &str,
        names: &[QueueAttributeName],
    ) -> Result<HashMap<QueueAttributeName, String>, Unavailable> {
        let get = self.client.get_queue_attributes().queue_url(url);
        let got = get.set_attribute_names(Some(names.to_vec())).send().await;
        Ok(got.map_err(|error| unavailable(error.into()))?.attributes.unwrap_or_default())
    }
}

/// SQS's error, as what functions know.
pub(super) fn unavailable(cause: Box<dyn std::error::Error + Send + Sync>) -> Unavailable {
    Unavailable { what: "the dead letters", cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_in_sight_of_the_tenant_whose_letters_alone_it_holds() {
        let own = found(&format!("[{},{}]", letter("acme"), letter("acme")));
        assert!(own.is_in(&sight("acme")) && own.is_in(&Sight::Everything));
        assert!(!own.is_in(&sight("bolt")));
    }

    #[test]
    fn what_is_mixed_empty_or_unreadable_is_in_sight_of_the_platform_alone() {
        let mixed = format!("[{},{}]", letter("acme"), letter("bolt"));
        let partly = format!(r#"[{},{{"tenant":"acme"}}]"#, letter("acme"));
        for body in [mixed.as_str(), &partly, "[]", "no json", r#"{"tenant":"acme"}"#] {
            let found = found(body);
            assert!(!found.is_in(&sight("acme")) && found.is_in(&Sight::Everything), "{body}");
        }
    }

    fn sight(tenant: &str) -> Sight {
        Sight::Tenant(tenant.parse().unwrap())
    }

    fn found(body: &str) -> Found {
        Found::new(Received::builder().body(body).build())
    }

    fn letter(tenant: &str) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{tenant}/o/1","type":"t","subject":"o","time":"2010-12-01T08:26:00Z","tenant":"{tenant}","data":{{}}}}"#
        )
    }
}

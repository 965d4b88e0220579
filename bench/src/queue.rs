//! A queue of its own at an SQS: filled, sent to, received from.

use std::cell::Cell;

use aws_sdk_sqs::types::{Message, QueueAttributeName, SendMessageBatchRequestEntry};
use futures::future::try_join_all;
use uuid::Uuid;

use crate::Error;
use crate::aws::{Aws, failed};

/// The most that one request sends or receives.
pub(crate) const BATCH: u64 = 10;
const FILLERS: u64 = 16;
const BODY_BYTES: usize = 500;
/// A receive asks all there is, as long polling does, and returns with the first message.
const WAIT_S: i32 = 1;

/// A queue that nobody else uses.
pub(crate) struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    pub(crate) async fn create(aws: &Aws) -> Result<Self, Error> {
        let name = format!("bench-{}", Uuid::new_v4());
        let created = aws.sqs.create_queue().queue_name(name).send().await.map_err(failed)?;
        Ok(Self { url: created.queue_url.unwrap_or_default(), sqs: aws.sqs.clone() })
    }

    /// The same queue by another client.
    pub(crate) fn by(&self, aws: &Aws) -> Self {
        Self { sqs: aws.sqs.clone(), url: self.url.clone() }
    }

    /// Its name: the end of its URL.
    pub(crate) fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn delete(&self) -> Result<(), Error> {
        self.sqs.delete_queue().queue_url(&self.url).send().await.map_err(failed)?;
        Ok(())
    }

    /// Sends that many messages, in batches.
    pub(crate) async fn fill(&self, messages: u64) -> Result<(), Error> {
        let left = Cell::new(messages);
        let fillers = (0..FILLERS).map(async |_| {
            while left.get() > 0 {
                let count = left.get().min(BATCH);
                left.set(left.get() - count);
                self.send_batch(count).await?;
            }
            Ok(())
        });
        try_join_all(fillers).await.map(drop)
    }

    async fn send_batch(&self, count: u64) -> Result<(), Error> {
        let entry =
            |id: u64| SendMessageBatchRequestEntry::builder().id(id.to_string()).message_body(body()).build();
        let entries = (0..count).map(entry).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let request = self.sqs.send_message_batch().queue_url(&self.url).set_entries(Some(entries));
        let failures = request.send().await.map_err(failed)?.failed;
        failures.first().map_or(Ok(()), |it| Err(Error::Aws(format!("{it:?}"))))
    }

    pub(crate) async fn send(&self) -> Result<(), Error> {
        self.sqs.send_message().queue_url(&self.url).message_body(body()).send().await.map_err(failed)?;
        Ok(())
    }

    /// One message, which must be there.
    pub(crate) async fn receive_one(&self) -> Result<Message, Error> {
        let message = self.receive(1).await?.into_iter().next();
        message.ok_or_else(|| Error::Aws("nothing was received, though a message was sent".to_owned()))
    }

    /// As many as come at once; none when the queue is empty.
    pub(crate) async fn receive(&self, most: u64) -> Result<Vec<Message>, Error> {
        let receive = self.sqs.receive_message().queue_url(&self.url).wait_time_seconds(WAIT_S);
        let received = receive.max_number_of_messages(most as i32).send().await.map_err(failed)?;
        Ok(received.messages.unwrap_or_default())
    }

    pub(crate) async fn delete_message(&self, message: Message) -> Result<(), Error> {
        let delete = self.sqs.delete_message().queue_url(&self.url);
        delete.set_receipt_handle(message.receipt_handle).send().await.map_err(failed)?;
        Ok(())
    }

    /// How many messages wait in it, as the service counts them.
    pub(crate) async fn waiting(&self) -> Result<u64, Error> {
        let name = QueueAttributeName::ApproximateNumberOfMessages;
        let ask = self.sqs.get_queue_attributes().queue_url(&self.url).attribute_names(name.clone());
        let attributes = ask.send().await.map_err(failed)?.attributes.unwrap_or_default();
        let count = attributes.get(&name).and_then(|it| it.parse().ok());
        count.ok_or_else(|| Error::Aws("a queue does not say how many messages wait in it".to_owned()))
    }
}

fn body() -> String {
    "x".repeat(BODY_BYTES)
}

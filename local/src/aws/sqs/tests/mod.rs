//! What AWS documents of standard queues, each case with the title of the page that says so.

mod batches;
mod crash;
mod dead_letters;
mod flat;
mod queues;
mod receiving;
mod sending;
mod visibility;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{Message as SdkMessage, MessageSystemAttributeName, QueueAttributeName};

use super::*;
use crate::aws::Cloud;

/// Queues whose time stands still until a test moves it, and the real SDK in front of them.
struct Desk {
    sqs: Sqs,
    client: Client,
    now: Arc<AtomicI64>,
}

const URL: &str = "http://127.0.0.1:4566";
/// 2026-01-01, so that times look like times.
const START_MS: i64 = 1_767_225_600_000;

impl Desk {
    /// With one queue, `work`.
    async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With one queue, `work`, that has attributes.
    async fn with(attributes: &[(QueueAttributeName, &str)]) -> Self {
        let now = Arc::new(AtomicI64::new(START_MS));
        let sqs = Sqs::memory(URL, clock(&now)).unwrap();
        let desk = Self { client: client(&sqs), sqs, now };
        desk.create("work", attributes).await;
        desk
    }

    /// With `work`, whose dead letters go to `dead` after `receives`.
    async fn with_dead_letters(receives: u32) -> Self {
        let desk = Self::new().await;
        desk.create("dead", &[]).await;
        desk.set("work", QueueAttributeName::RedrivePolicy, &redrive("dead", receives)).await;
        desk
    }

    async fn create(&self, name: &str, attributes: &[(QueueAttributeName, &str)]) -> String {
        let mut request = self.client.create_queue().queue_name(name);
        for (attribute, value) in attributes {
            request = request.attributes(attribute.clone(), *value);
        }
        request.send().await.unwrap().queue_url.unwrap()
    }

    async fn set(&self, name: &str, attribute: QueueAttributeName, value: &str) {
        let request = self.client.set_queue_attributes().queue_url(self.sqs.url(name));
        request.attributes(attribute, value).send().await.unwrap();
    }

    fn pass(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }

    async fn send(&self, body: &str) -> String {
        let request = self.client.send_message().queue_url(self.sqs.url("work")).message_body(body);
        request.send().await.unwrap().message_id.unwrap()
    }

    async fn send_of(&self, group: &str, body: &str) {
        let request = self.client.send_message().queue_url(self.sqs.url("work"));
        request.message_group_id(group).message_body(body).send().await.unwrap();
    }

    /// Up to ten, with all their attributes, without waiting.
    async fn receive_from(&self, name: &str) -> Vec<SdkMessage> {
        let request = self.client.receive_message().queue_url(self.sqs.url(name)).max_number_of_messages(10);
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        request.message_attribute_names("All").send().await.unwrap().messages.unwrap_or_default()
    }

    async fn receive(&self) -> Vec<SdkMessage> {
        self.receive_from("work").await
    }

    async fn receive_one(&self) -> SdkMessage {
        let mut messages = self.receive().await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        messages.remove(0)
    }

    async fn delete(&self, message: &SdkMessage) {
        let request = self.client.delete_message().queue_url(self.sqs.url("work"));
        request.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    }

    async fn hide(&self, message: &SdkMessage, seconds: i32) -> Result<(), String> {
        let request = self.client.change_message_visibility().queue_url(self.sqs.url("work"));
        let request = request.receipt_handle(message.receipt_handle().unwrap()).visibility_timeout(seconds);
        request.send().await.map(|_| ()).map_err(|it| code(&it))
    }

    fn counts(&self, name: &str) -> (u64, u64, u64) {
        let counts = self.sqs.counts(name).unwrap();
        (counts.visible, counts.in_flight, counts.delayed)
    }

    async fn attributes(&self, name: &str) -> BTreeMap<String, String> {
        let request = self.client.get_queue_attributes().queue_url(self.sqs.url(name));
        let told = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let told = told.attributes.unwrap_or_default().into_iter();
        told.map(|(name, value)| (name.as_str().to_owned(), value)).collect()
    }
}

fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = Arc::clone(now);
    Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap())
}

fn client(sqs: &Sqs) -> Client {
    let services = BTreeMap::from([("sqs", Arc::new(sqs.clone()) as Arc<dyn Service>)]);
    Client::new(&Cloud::new(services).sdk_config("test"))
}

fn redrive(queue: &str, receives: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{receives}}}"#, queue_arn(queue))
}

/// The error as an SDK's user sees it.
fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    error.code().unwrap_or_default().to_owned()
}

fn bodies(messages: &[SdkMessage]) -> Vec<&str> {
    messages.iter().map(|it| it.body().unwrap()).collect()
}

fn attribute<'a>(message: &'a SdkMessage, name: &str) -> Option<&'a str> {
    let attributes = message.attributes()?;
    attributes.get(&MessageSystemAttributeName::from(name)).map(String::as_str)
}

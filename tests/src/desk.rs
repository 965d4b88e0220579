//! A consumer at its queue, with a clock that a test moves: delays and visibility timeouts of hours take no time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use jiff::Timestamp;
use penstock_application::Clock;
use penstock_local::aws::Cloud;
use penstock_local::aws::service::Service;
use penstock_local::aws::sqs::{Sqs, queue_arn};
use penstock_platform::caches::Caches;
use penstock_platform::function::{Environment, EventSink};
use penstock_platform::queue::consumer::{Consumer, Queues, Runner};
use penstock_platform::queue::{NewLetter, Queue};
use serde_json::{Map, Value, json};

/// The consumer's queue.
pub const QUEUE: &str = "desk";
/// Its dead-letter queue.
pub const DEAD_LETTERS: &str = "desk-dead-letters";
/// How long what was received and not deleted stays away.
pub const VISIBILITY: Duration = Duration::from_secs(60);

const QUEUES: Queues = Queues { function: "desk", queue: "DESK_QUEUE", dead_letters: "DESK_DEAD_LETTERS" };
/// More turns than this and nothing comes to an end.
const TURNS_MAX: usize = 200;

/// A consumer, its queues, and an SQS of its own.
pub struct Desk {
    /// Where calls are seen and made to fail; the consumer's are those of `desk`.
    pub cloud: Cloud,
    sink: Arc<dyn EventSink>,
    queue: Queue,
    client: Client,
    url: String,
    ahead_ms: Arc<AtomicI64>,
}

impl Desk {
    /// An empty queue, five receives away from its dead letters.
    ///
    /// # Panics
    /// When the embedded SQS fails.
    pub async fn open(consumer: impl Consumer + 'static) -> Self {
        let ahead_ms = Arc::new(AtomicI64::new(0));
        let moved = Arc::clone(&ahead_ms);
        let now =
            move || Timestamp::now() + Duration::from_millis(moved.load(Ordering::SeqCst).unsigned_abs());
        let clock: Clock = Arc::new(now);
        let sqs = Sqs::memory("http://127.0.0.1:1", Arc::clone(&clock)).expect("SQLite opens in memory");
        let cloud = Cloud::new(BTreeMap::from([("sqs", Arc::new(sqs.clone()) as Arc<dyn Service>)]));
        let client = Client::new(&cloud.sdk_config("a-test"));
        create_queues(&client).await;
        let variables = [(QUEUES.queue, QUEUE), (QUEUES.dead_letters, DEAD_LETTERS)];
        let variables = variables.map(|(variable, name)| (variable.to_owned(), sqs.url(name))).into();
        let aws = cloud.sdk_config("desk");
        let environment = Environment { variables, aws, caches: Arc::new(Caches::default()), clock };
        let sink = Runner::start(&environment, &QUEUES, consumer).expect("its variables are there");
        let queue = Queue::new(&environment, QUEUES.queue).expect("its variable is there");
        Self { cloud, sink: sink.into(), queue, client, url: sqs.url(QUEUE), ahead_ms }
    }

    /// Sends letters as a producer does.
    ///
    /// # Panics
    /// When they are not sent.
    pub async fn send(&self, letters: &[NewLetter]) {
        assert_eq!(self.queue.send_packed(letters).await, BTreeMap::new());
    }

    /// Sends a message as it is.
    ///
    /// # Panics
    /// When it is not sent.
    pub async fn send_raw(&self, body: &str) {
        let send = self.client.send_message().queue_url(&self.url).message_body(body);
        send.message_group_id("acme").send().await.expect("it is sent");
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// When that is too much time.
    pub fn wait(&self, time: Duration) {
        let ms = i64::try_from(time.as_millis()).expect("a test is shorter");
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Hands the consumer ten messages at most, as Lambda does, and deletes those that it did not fail. How many there were.
    ///
    /// When the consumer panics, nothing is deleted.
    pub async fn turn(&self) -> usize {
        let messages = self.receive(QUEUE).await;
        let (sink, event) = (Arc::clone(&self.sink), event(&messages));
        if let Ok(Ok(answer)) = tokio::spawn(async move { sink.handle(event).await }).await {
            self.delete_all_but(&failed(&answer), &messages).await;
        }
        messages.len()
    }

    /// The same, and the answer is lost on its way to Lambda: nothing is deleted.
    ///
    /// # Panics
    /// When the consumer fails as a whole.
    pub async fn turn_unanswered(&self) -> usize {
        let messages = self.receive(QUEUE).await;
        self.sink.handle(event(&messages)).await.expect("it is an event of SQS");
        messages.len()
    }

    /// Turns until the queue is empty, whatever time that takes.
    ///
    /// # Panics
    /// When it does not come to be empty.
    pub async fn settle(&self) {
        for _ in 0..TURNS_MAX {
            if self.turn().await == 0 {
                if self.is_empty().await {
                    return;
                }
                self.wait(Duration::from_secs(1));
            }
        }
        panic!("the queue has messages after {TURNS_MAX} turns");
    }

    /// The dead letters: body, and what is said beside it. They stay hidden for a minute.
    pub async fn dead_letters(&self) -> Vec<(Value, BTreeMap<String, String>)> {
        let found = self.receive(DEAD_LETTERS).await;
        found.iter().map(|it| (serde_json::from_str(body(it)).unwrap_or(body(it).into()), said(it))).collect()
    }

    /// Moves the dead letters back, as an operator of the platform does.
    ///
    /// # Panics
    /// When SQS refuses.
    pub async fn redrive(&self) {
        let task = self.client.start_message_move_task().source_arn(queue_arn(DEAD_LETTERS));
        task.destination_arn(queue_arn(QUEUE)).send().await.expect("it starts");
        while self.number(DEAD_LETTERS).await > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Messages of the queue that can be received now, with what is said beside their bodies; they are away for a minute then.
    pub async fn peek(&self) -> Vec<(Value, BTreeMap<String, String>)> {
        let found = self.receive(QUEUE).await;
        found.iter().map(|it| (serde_json::from_str(body(it)).unwrap_or_default(), said(it))).collect()
    }

    async fn is_empty(&self) -> bool {
        self.number(QUEUE).await == 0
    }

    async fn number(&self, queue: &str) -> u64 {
        let url = self.url_of(queue);
        let get = self.client.get_queue_attributes().queue_url(url);
        let all = get.attribute_names(QueueAttributeName::All).send().await.expect("the queue is there");
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let values = all.attributes.unwrap_or_default();
        names.iter().filter_map(|name| values.get(name)?.parse::<u64>().ok()).sum()
    }

    async fn receive(&self, queue: &str) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(self.url_of(queue)).max_number_of_messages(10);
        let receive = receive.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = receive.message_attribute_names("All").send().await.expect("the queue is there");
        received.messages.unwrap_or_default()
    }

    async fn delete_all_but(&self, failed: &[String], messages: &[Message]) {
        for message in messages.iter().filter(|it| !failed.iter().any(|id| it.message_id() == Some(id))) {
            let delete = self.client.delete_message().queue_url(&self.url);
            let delete = delete.set_receipt_handle(message.receipt_handle.clone());
            delete.send().await.expect("it was received");
        }
    }

    fn url_of(&self, queue: &str) -> String {
        self.url.replace(QUEUE, queue)
    }
}

async fn create_queues(client: &Client) {
    client.create_queue().queue_name(DEAD_LETTERS).send().await.expect("it is created");
    let policy = json!({"deadLetterTargetArn": queue_arn(DEAD_LETTERS), "maxReceiveCount": 5}).to_string();
    let create =
        client.create_queue().queue_name(QUEUE).attributes(QueueAttributeName::RedrivePolicy, policy);
    let visibility = VISIBILITY.as_secs().to_string();
    let create = create.attributes(QueueAttributeName::VisibilityTimeout, visibility);
    create.send().await.expect("it is created");
}

/// The event that Lambda makes of messages.
#[must_use]
pub fn event(messages: &[Message]) -> Value {
    let record = |it: &Message| {
        let system = it.attributes.iter().flatten();
        let system: Map<String, Value> =
            system.map(|(name, value)| (name.as_str().to_owned(), value.as_str().into())).collect();
        let said: Map<String, Value> = said(it)
            .into_iter()
            .map(|(name, value)| (name, json!({"dataType": "String", "stringValue": value})))
            .collect();
        json!({"messageId": it.message_id(), "body": body(it), "attributes": system, "messageAttributes": said})
    };
    json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
}

/// The ids of the messages that a function failed.
pub(crate) fn failed(answer: &Value) -> Vec<String> {
    let failures = answer["batchItemFailures"].as_array().into_iter().flatten();
    failures.filter_map(|it| it["itemIdentifier"].as_str().map(str::to_owned)).collect()
}

fn body(message: &Message) -> &str {
    message.body().unwrap_or_default()
}

fn said(message: &Message) -> BTreeMap<String, String> {
    let said = message.message_attributes.iter().flatten();
    said.filter_map(|(name, it)| Some((name.clone(), it.string_value()?.to_owned()))).collect()
}

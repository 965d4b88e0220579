//! SQS, as the Rust SDK sees it.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, SendMessageBatchRequestEntry,
};
use penstock_local::{Options, Platform};

/// A platform with one queue more.
struct Queue {
    platform: Platform,
    client: Client,
    url: String,
}

/// "Amazon SQS message metadata",
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>: attributes come when asked
/// for, with a digest. The SDK compares the body's digest by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_comes_with_the_attributes_that_are_asked_for() {
    let queue = Queue::open().await;
    let kind = MessageAttributeValue::builder().data_type("String").string_value("placed").build().unwrap();
    let send = queue.client.send_message().queue_url(&queue.url).message_body("grüße ☃");
    let sent = send.message_attributes("kind", kind.clone()).send().await.unwrap();
    let receive = queue.client.receive_message().queue_url(&queue.url).message_attribute_names("All");
    let messages = receive.send().await.unwrap().messages.unwrap();
    let [message] = &messages[..] else { panic!("one message is there: {messages:?}") };
    assert_eq!(message.body.as_deref(), Some("grüße ☃"));
    assert_eq!(message.message_attributes.as_ref().unwrap()["kind"], kind);
    assert_eq!(message.md5_of_message_attributes, sent.md5_of_message_attributes);
    queue.platform.stop().await;
}

/// "SendMessageBatch", <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html>: at most ten,
/// each id once; refused as a type that the SDK knows.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_refused_as_a_type_that_the_sdk_knows() {
    let queue = Queue::open().await;
    let ids: Vec<String> = (0..11).map(|id| id.to_string()).collect();
    let eleven = queue.send_batch(&ids).await.unwrap_err();
    assert!(matches!(eleven, SendMessageBatchError::TooManyEntriesInBatchRequest(_)), "{eleven:?}");
    let twice = queue.send_batch(&["a".to_owned(), "a".to_owned()]).await.unwrap_err();
    assert!(matches!(twice, SendMessageBatchError::BatchEntryIdsNotDistinct(_)), "{twice:?}");
    assert_eq!(queue.send_batch(&ids[..10]).await.unwrap(), 10);
    queue.platform.stop().await;
}

/// "DeleteMessageBatch", <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html>: the result
/// is reported entry by entry.
#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_of_deletions_each_is_answered_by_itself() {
    let queue = Queue::open().await;
    queue.send_batch(&["a".to_owned()]).await.unwrap();
    let taken = queue.take(0).await;
    let entry = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let delete = queue.client.delete_message_batch().queue_url(&queue.url);
    let delete = delete.entries(entry("good", taken[0].receipt_handle.as_deref().unwrap()));
    let answer = delete.entries(entry("bad", "nonsense")).send().await.unwrap();
    assert_eq!(answer.successful().iter().map(|it| it.id()).collect::<Vec<_>>(), ["good"]);
    let failed: Vec<_> = answer.failed().iter().map(|it| (it.id(), it.code(), it.sender_fault())).collect();
    assert_eq!(failed, [("bad", "ReceiptHandleIsInvalid", true)]);
    queue.platform.stop().await;
}

/// "Amazon SQS short and long polling",
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html>: a long poll answers as
/// soon as there is a message.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_wakes_when_something_comes() {
    let queue = Queue::open().await;
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        queue.send_batch(&["a".to_owned()]).await.unwrap();
        Instant::now()
    };
    let woken = async { (queue.take(20).await.len(), Instant::now()) };
    let (sent, (count, received)) = tokio::join!(later, woken);
    assert_eq!(count, 1);
    assert!(received.saturating_duration_since(sent) < Duration::from_secs(5), "{:?}", received - sent);
    queue.platform.stop().await;
}

/// "GetQueueUrl", <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html>: a queue that is not
/// there is `QueueDoesNotExist`, by its older code too.
#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_not_there_is_said_not_to_be() {
    let queue = Queue::open().await;
    let refused =
        queue.client.get_queue_url().queue_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(refused.is_queue_does_not_exist(), "{refused:?}");
    assert_eq!(refused.code(), Some("AWS.SimpleQueueService.NonExistentQueue"));
    queue.platform.stop().await;
}

impl Queue {
    async fn open() -> Self {
        let platform = Platform::start(Options::memory()).await.expect("the platform starts");
        let client = Client::new(&platform.sdk_config("a-test"));
        let made = client.create_queue().queue_name("a-case").send().await.expect("the queue is made");
        Self { platform, client, url: made.queue_url.expect("it has a URL") }
    }

    /// How many were taken.
    async fn send_batch(&self, ids: &[String]) -> Result<usize, SendMessageBatchError> {
        let entries =
            ids.iter().map(|id| SendMessageBatchRequestEntry::builder().id(id).message_body("x").build());
        let entries = entries.collect::<Result<Vec<_>, _>>().expect("each has an id and a body");
        let sent =
            self.client.send_message_batch().queue_url(&self.url).set_entries(Some(entries)).send().await;
        sent.map(|answer| answer.successful.len()).map_err(aws_sdk_sqs::error::SdkError::into_service_error)
    }

    async fn take(&self, wait_seconds: i32) -> Vec<Message> {
        let receive = self.client.receive_message().queue_url(&self.url).wait_time_seconds(wait_seconds);
        receive.send().await.expect("the queue answers").messages.unwrap_or_default()
    }
}

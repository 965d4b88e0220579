use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
};

use super::*;

/// "Amazon SQS batch actions": each entry succeeds or fails by itself.
#[tokio::test]
async fn a_batch_fails_in_part() {
    let desk = Desk::new().await;
    let entries = ["good", "\u{1}bad", "also good"].iter().enumerate();
    let entries = entries.map(|(id, body)| entry(&id.to_string(), body)).collect();
    let sent = batch(&desk, entries).await.unwrap();
    assert_eq!(sent.successful().iter().map(|it| it.id()).collect::<Vec<_>>(), ["0", "2"]);
    let failed = &sent.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("1", "InvalidMessageContents", true));
    assert_eq!(bodies(&desk.receive().await), ["good", "also good"]);
}

/// "Amazon SQS message timers": each message may have a delay of its own, up to fifteen minutes.
#[tokio::test]
async fn each_message_of_a_batch_has_its_own_delay() {
    let desk = Desk::new().await;
    let delayed = |id: &str, seconds| {
        let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(id);
        entry.delay_seconds(seconds).build().unwrap()
    };
    let entries = vec![delayed("now", 0), delayed("late", 900), delayed("soon", 5), delayed("never", 901)];
    let sent = batch(&desk, entries).await.unwrap();
    assert_eq!(sent.successful().iter().map(|it| it.id()).collect::<Vec<_>>(), ["now", "late", "soon"]);
    assert_eq!((sent.failed()[0].id(), sent.failed()[0].code()), ("never", "InvalidParameterValue"));
    assert_eq!(desk.counts("work"), (1, 0, 2));
    assert_eq!(bodies(&desk.receive().await), ["now"]);
    desk.pass(5);
    assert_eq!(bodies(&desk.receive().await), ["soon"]);
    desk.pass(894);
    assert!(!bodies(&desk.receive().await).contains(&"late"));
    desk.pass(1);
    assert!(bodies(&desk.receive().await).contains(&"late"));
}

/// "SendMessageBatch" (API reference): its errors.
#[tokio::test]
async fn a_batch_that_is_none_is_refused_as_a_whole() {
    let desk = Desk::new().await;
    let refused = |entries| async { batch(&desk, entries).await.unwrap_err().into_service_error() };
    assert!(refused(vec![]).await.is_empty_batch_request());
    let eleven = (0..11).map(|it| entry(&it.to_string(), "m")).collect();
    assert!(refused(eleven).await.is_too_many_entries_in_batch_request());
    assert!(refused(vec![entry("a", "m"), entry("a", "m")]).await.is_batch_entry_ids_not_distinct());
    assert!(refused(vec![entry("a b", "m")]).await.is_invalid_batch_entry_id());
    assert!(refused(vec![entry(&"a".repeat(81), "m")]).await.is_invalid_batch_entry_id());
    let half = "x".repeat(SIZE_MAX_BYTES / 2 + 1);
    assert!(refused(vec![entry("a", &half), entry("b", &half)]).await.is_batch_request_too_long());
    assert_eq!(desk.counts("work"), (0, 0, 0));
}

/// "DeleteMessageBatch", "ChangeMessageVisibilityBatch" (API reference).
#[tokio::test]
async fn receipts_are_used_in_batches_too() {
    let desk = Desk::new().await;
    for body in ["a", "b"] {
        desk.send(body).await;
    }
    let messages = desk.receive().await;
    let handle = |at: usize| messages[at].receipt_handle().unwrap();
    let change = |id: &str, handle: &str| {
        let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
        entry.visibility_timeout(0).build().unwrap()
    };
    let request = desk.client.change_message_visibility_batch().queue_url(desk.sqs.url("work"));
    let changed = request.entries(change("1", handle(0))).entries(change("2", "none")).send().await.unwrap();
    assert_eq!((changed.successful().len(), changed.failed()[0].code()), (1, "ReceiptHandleIsInvalid"));
    assert_eq!(desk.counts("work"), (1, 1, 0));

    let delete = |id: &str, handle: &str| {
        DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
    };
    let request = desk.client.delete_message_batch().queue_url(desk.sqs.url("work"));
    let request = request.entries(delete("1", handle(0))).entries(delete("2", handle(1)));
    let deleted = request.entries(delete("3", "none")).send().await.unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed()[0].id()), (2, "3"));
    assert_eq!(desk.counts("work"), (0, 0, 0));
}

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

async fn batch(
    desk: &Desk,
    entries: Vec<SendMessageBatchRequestEntry>,
) -> Result<
    aws_sdk_sqs::operation::send_message_batch::SendMessageBatchOutput,
    SdkError<aws_sdk_sqs::operation::send_message_batch::SendMessageBatchError>,
> {
    desk.client.send_message_batch().queue_url(desk.sqs.url("work")).set_entries(Some(entries)).send().await
}

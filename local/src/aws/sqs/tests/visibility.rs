use super::*;

/// "Amazon SQS visibility timeout".
#[tokio::test]
async fn a_received_message_is_invisible_until_its_timeout_ends() {
    let desk = Desk::new().await;
    desk.send("m").await;
    desk.receive_one().await;
    assert_eq!(desk.counts("work"), (0, 1, 0));
    desk.pass(29);
    assert!(desk.receive().await.is_empty());
    desk.pass(1);
    assert_eq!(desk.counts("work"), (1, 0, 0));
    desk.receive_one().await;
}

#[tokio::test]
async fn the_timeout_of_a_receive_wins_over_the_queues() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let request = desk.client.receive_message().queue_url(desk.sqs.url("work")).visibility_timeout(3);
    request.send().await.unwrap();
    desk.pass(2);
    assert!(desk.receive().await.is_empty());
    desk.pass(1);
    desk.receive_one().await;
}

/// "ChangeMessageVisibility" (API reference).
#[tokio::test]
async fn a_changed_timeout_counts_from_the_change_and_zero_gives_the_message_back() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let message = desk.receive_one().await;
    desk.pass(20);
    desk.hide(&message, 20).await.unwrap();
    desk.pass(19);
    assert!(desk.receive().await.is_empty());
    desk.hide(&message, 0).await.unwrap();
    assert_eq!(desk.counts("work"), (1, 0, 0));
    desk.receive_one().await;
}

/// "Amazon SQS visibility timeout": "maximum 12-hour visibility timeout … from when the message is received".
#[tokio::test]
async fn all_changes_together_keep_a_message_no_longer_than_twelve_hours() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let message = desk.receive_one().await;
    desk.hide(&message, 43_200).await.unwrap();
    desk.pass(3_600);
    desk.hide(&message, 39_600).await.unwrap();
    assert_eq!(desk.hide(&message, 39_601).await, Err("InvalidParameterValue".into()));
    assert_eq!(desk.hide(&message, 43_201).await, Err("InvalidParameterValue".into()));
}

/// "ChangeMessageVisibility": `MessageNotInflight`.
#[tokio::test]
async fn a_message_that_is_not_in_flight_cannot_be_hidden() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let message = desk.receive_one().await;
    desk.pass(30);
    let refused = desk.hide(&message, 10).await.unwrap_err();
    assert!(refused.ends_with("MessageNotInflight"), "{refused}");
    let again = desk.receive_one().await;
    assert_eq!(desk.hide(&message, 10).await, Err("InvalidParameterValue".into()), "a stale handle");
    desk.delete(&again).await;
    assert_eq!(desk.hide(&again, 10).await, Err("InvalidParameterValue".into()), "a deleted message");
}

/// "DeleteMessage" (API reference): "If you don't provide the most recent receipt handle, the request succeeds, but the
/// message might not be deleted."
#[tokio::test]
async fn a_stale_receipt_handle_deletes_nothing() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let stale = desk.receive_one().await;
    desk.pass(30);
    let fresh = desk.receive_one().await;
    desk.delete(&stale).await;
    assert_eq!(desk.counts("work"), (0, 1, 0));
    desk.delete(&fresh).await;
    assert_eq!(desk.counts("work"), (0, 0, 0));
    desk.delete(&fresh).await;
}

#[tokio::test]
async fn a_message_can_be_deleted_after_its_timeout_as_long_as_nobody_else_received_it() {
    let desk = Desk::new().await;
    desk.send("m").await;
    let message = desk.receive_one().await;
    desk.pass(31);
    assert_eq!(desk.counts("work"), (1, 0, 0));
    desk.delete(&message).await;
    assert_eq!(desk.counts("work"), (0, 0, 0));
}

/// "DeleteMessage": `ReceiptHandleIsInvalid`.
#[tokio::test]
async fn a_receipt_handle_that_is_none_or_of_another_queue_is_refused() {
    let desk = Desk::new().await;
    desk.create("other", &[]).await;
    desk.send("m").await;
    let handle = desk.receive_one().await.receipt_handle.unwrap();
    for (queue, handle) in [("work", "no handle"), ("other", handle.as_str())] {
        let request = desk.client.delete_message().queue_url(desk.sqs.url(queue)).receipt_handle(handle);
        let error = request.send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_receipt_handle_is_invalid(), "{queue}: {error:?}");
    }
}

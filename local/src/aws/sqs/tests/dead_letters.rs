use aws_sdk_sqs::types::ListMessageMoveTasksResultEntry;

use super::*;

/// "Using dead-letter queues in Amazon SQS".
#[tokio::test]
async fn a_message_received_too_often_goes_to_the_dead_letter_queue_and_keeps_what_it_is() {
    let desk = Desk::with_dead_letters(2).await;
    let id = desk.send("poison").await;
    for _ in 0..2 {
        desk.receive_one().await;
        desk.pass(30);
    }
    assert_eq!(desk.counts("dead"), (0, 0, 0));
    assert!(desk.receive().await.is_empty());
    assert_eq!((desk.counts("work"), desk.counts("dead")), ((0, 0, 0), (1, 0, 0)));
    let mut dead = desk.receive_from("dead").await;
    let dead = dead.remove(0);
    assert_eq!(dead.message_id(), Some(id.as_str()));
    assert_eq!(attribute(&dead, "DeadLetterQueueSourceArn"), Some(queue_arn("work").as_str()));
    assert_eq!(attribute(&dead, "SentTimestamp"), Some(START_MS.to_string().as_str()));
    // "ReceiveMessage": "the number of times a message has been received across all queues but not deleted".
    assert_eq!(attribute(&dead, "ApproximateReceiveCount"), Some("3"));
}

#[tokio::test]
async fn a_receive_passes_dead_letters_by_and_gives_what_is_behind_them() {
    let desk = Desk::with_dead_letters(1).await;
    for number in 0..15 {
        desk.send(&format!("poison {number}")).await;
    }
    assert_eq!(desk.receive().await.len() + desk.receive().await.len(), 15);
    desk.pass(30);
    desk.send("good").await;
    assert_eq!(bodies(&desk.receive().await), ["good"]);
    assert_eq!(desk.counts("dead"), (15, 0, 0));
}

/// The same page: "the expiration of a message is always based on its original enqueue timestamp"; "Available CloudWatch
/// metrics for Amazon SQS": a dead letter's age counts from when it was moved.
#[tokio::test]
async fn a_dead_letter_expires_by_when_it_was_sent_and_ages_since_it_was_moved() {
    let desk = Desk::with_dead_letters(1).await;
    desk.set("dead", QueueAttributeName::MessageRetentionPeriod, "100").await;
    desk.send("poison").await;
    desk.receive_one().await;
    desk.pass(40);
    assert!(desk.receive().await.is_empty());
    desk.pass(10);
    assert_eq!(desk.sqs.counts("dead").unwrap().oldest, Some(Duration::from_secs(10)));
    desk.pass(50);
    assert_eq!(desk.counts("dead"), (0, 0, 0));
}

/// Dead letters would come back to the queue, and be dead again.
#[tokio::test]
async fn a_queue_cannot_be_its_own_dead_letter_queue() {
    let desk = Desk::new().await;
    let set = desk.client.set_queue_attributes().queue_url(desk.sqs.url("work"));
    let refused = set.attributes(QueueAttributeName::RedrivePolicy, redrive("work", 1)).send().await;
    assert_eq!(code(&refused.unwrap_err()), "InvalidParameterValue");
    let create = desk.client.create_queue().queue_name("more");
    let refused = create.attributes(QueueAttributeName::RedrivePolicy, redrive("more", 1)).send().await;
    assert_eq!(code(&refused.unwrap_err()), "InvalidParameterValue");
}

/// "SetQueueAttributes": `RedriveAllowPolicy`, and a dead-letter queue must exist.
#[tokio::test]
async fn a_dead_letter_queue_must_exist_and_allow_it() {
    let desk = Desk::new().await;
    let policy = redrive("dead", 1);
    let set = || {
        let request = desk.client.set_queue_attributes().queue_url(desk.sqs.url("work"));
        request.attributes(QueueAttributeName::RedrivePolicy, policy.clone()).send()
    };
    assert_eq!(code(&set().await.unwrap_err()), "InvalidParameterValue");
    let allow = |policy: String| (QueueAttributeName::RedriveAllowPolicy, policy);
    let (name, policy) = allow(r#"{"redrivePermission":"denyAll"}"#.into());
    desk.create("dead", &[(name, &policy)]).await;
    assert_eq!(code(&set().await.unwrap_err()), "InvalidParameterValue");
    let by_queue =
        format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{}"]}}"#, queue_arn("work"));
    desk.set("dead", QueueAttributeName::RedriveAllowPolicy, &by_queue).await;
    set().await.unwrap();
    let listed =
        desk.client.list_dead_letter_source_queues().queue_url(desk.sqs.url("dead")).send().await.unwrap();
    assert_eq!(listed.queue_urls(), [desk.sqs.url("work")]);
}

/// "StartMessageMoveTask" (API reference); "Learn how to configure a dead-letter queue redrive": "redriven messages are
/// considered new messages with a new messageID and enqueueTime".
#[tokio::test]
async fn dead_letters_are_moved_back_to_where_they_came_from_as_new_messages() {
    let desk = Desk::with_dead_letters(1).await;
    let ids = dead_letters(&desk, 250).await;
    desk.pass(10);
    start(&desk, None).await.unwrap();
    let task = ended(&desk).await;
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 250));
    assert_eq!((desk.counts("work"), desk.counts("dead")), ((250, 0, 0), (0, 0, 0)));
    let message = desk.receive().await.remove(0);
    assert!(!ids.contains(&message.message_id().unwrap().to_owned()));
    assert_eq!(attribute(&message, "ApproximateReceiveCount"), Some("1"));
    assert_eq!(attribute(&message, "DeadLetterQueueSourceArn"), None);
    assert_ne!(attribute(&message, "SentTimestamp"), Some(START_MS.to_string().as_str()));
}

#[tokio::test]
async fn dead_letters_are_moved_elsewhere_when_a_destination_is_given() {
    let desk = Desk::with_dead_letters(1).await;
    desk.create("elsewhere", &[]).await;
    dead_letters(&desk, 3).await;
    start(&desk, Some("elsewhere")).await.unwrap();
    ended(&desk).await;
    assert_eq!((desk.counts("work"), desk.counts("elsewhere")), ((0, 0, 0), (3, 0, 0)));
}

#[tokio::test]
async fn a_message_sent_straight_to_a_dead_letter_queue_has_no_way_back() {
    let desk = Desk::with_dead_letters(1).await;
    desk.sqs.send_batch("dead", vec![Outgoing::new("m")]).unwrap();
    start(&desk, None).await.unwrap();
    let task = ended(&desk).await;
    let told = (task.status(), task.failure_reason());
    assert_eq!(told, (Some("FAILED"), Some("CouldNotDetermineMessageSource")));
    assert_eq!(desk.counts("dead"), (1, 0, 0));
}

#[tokio::test]
async fn a_message_sent_straight_to_a_dead_letter_queue_goes_where_it_is_told() {
    let desk = Desk::with_dead_letters(1).await;
    let mut letter = Outgoing::new("m");
    letter.attributes.insert("reason".to_owned(), super::super::message::Attribute::text("it was poison"));
    letter.group = Some("a".to_owned());
    desk.sqs.send_batch("dead", vec![letter]).unwrap();
    dead_letters(&desk, 2).await;
    start(&desk, Some("work")).await.unwrap();
    let task = ended(&desk).await;
    assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 3));
    assert_eq!((desk.counts("work"), desk.counts("dead")), ((3, 0, 0), (0, 0, 0)));
    let messages = desk.receive().await;
    let moved = messages.iter().find(|it| it.body() == Some("m")).unwrap();
    let reason = &moved.message_attributes().unwrap()["reason"];
    assert_eq!(reason.string_value(), Some("it was poison"));
    assert_eq!(attribute(moved, "MessageGroupId"), Some("a"));
    assert_eq!(attribute(moved, "ApproximateReceiveCount"), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn a_move_task_keeps_to_its_rate_and_can_be_cancelled() {
    let desk = Desk::with_dead_letters(1).await;
    dead_letters(&desk, 25).await;
    let request = desk.client.start_message_move_task().source_arn(queue_arn("dead"));
    let handle = request.max_number_of_messages_per_second(10).send().await.unwrap().task_handle.unwrap();
    let second = start(&desk, None).await.unwrap_err();
    assert!(second.ends_with("UnsupportedOperation"), "{second}");
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let cancelled = desk.client.cancel_message_move_task().task_handle(&handle).send().await.unwrap();
    assert_eq!(cancelled.approximate_number_of_messages_moved(), 20);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!((desk.counts("work"), desk.counts("dead")), ((20, 0, 0), (5, 0, 0)));
    let again = desk.client.cancel_message_move_task().task_handle(&handle).send().await.unwrap_err();
    assert!(again.into_service_error().is_resource_not_found_exception());
}

/// "StartMessageMoveTask": only from a dead-letter queue.
#[tokio::test]
async fn a_queue_that_is_nobodys_dead_letter_queue_is_not_moved_from() {
    let desk = Desk::new().await;
    let start = |arn| desk.client.start_message_move_task().source_arn(arn).send();
    assert_eq!(code(&start(queue_arn("work")).await.unwrap_err()), "InvalidParameterValue");
    let error = start(queue_arn("nobody")).await.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception());
}

/// Sends messages to `work` and lets them die; their ids.
async fn dead_letters(desk: &Desk, count: usize) -> Vec<String> {
    let messages = (0..count).map(|it| Outgoing::new(it.to_string())).collect();
    let sent = desk.sqs.send_batch("work", messages).unwrap();
    desk.sqs.receive("work", count, Duration::ZERO, None).await.unwrap();
    desk.pass(30);
    while desk.counts("dead").0 < count as u64 {
        assert!(desk.receive().await.is_empty());
    }
    sent.into_iter().map(|it| it.unwrap().message_id).collect()
}

async fn start(desk: &Desk, destination: Option<&str>) -> Result<String, String> {
    let request = desk.client.start_message_move_task().source_arn(queue_arn("dead"));
    let request = request.set_destination_arn(destination.map(queue_arn));
    request.send().await.map(|it| it.task_handle.unwrap()).map_err(|it| code(&it))
}

async fn ended(desk: &Desk) -> ListMessageMoveTasksResultEntry {
    loop {
        let listed =
            desk.client.list_message_move_tasks().source_arn(queue_arn("dead")).send().await.unwrap();
        let task = listed.results.unwrap().remove(0);
        if task.status() != Some("RUNNING") {
            return task;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

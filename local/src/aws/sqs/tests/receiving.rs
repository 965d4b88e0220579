use super::*;

/// "Amazon SQS short and long polling". On tokio's time, which passes only while all wait: what is measured is how long the poll
/// slept after the message was there, not how busy the machine is.
#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_at_once_when_a_message_is_sent() {
    let sqs = on_tokios_time();
    let waiting = tokio::spawn({
        let sqs = sqs.clone();
        async move { sqs.receive("work", 1, Duration::from_secs(20), None).await.unwrap().len() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let sent = tokio::time::Instant::now();
    sqs.send_batch("work", vec![Outgoing::new("m")]).unwrap();
    assert_eq!(waiting.await.unwrap(), 1);
    assert!(sent.elapsed() < Duration::from_millis(5), "{:?}", sent.elapsed());
}

/// The same page, with `DelaySeconds` and a visibility timeout that end while a poll waits.
#[tokio::test(start_paused = true)]
async fn a_long_poll_wakes_when_a_delay_or_an_invisibility_ends() {
    let sqs = on_tokios_time();
    let delayed = Outgoing { delay: Some(Duration::from_secs(5)), ..Outgoing::new("m") };
    sqs.send_batch("work", vec![delayed]).unwrap();
    for _ in 0..2 {
        let before = tokio::time::Instant::now();
        let wait = Duration::from_secs(20);
        let received = sqs.receive("work", 1, wait, Some(Duration::from_secs(5))).await.unwrap();
        assert_eq!(received.len(), 1);
        let waited = before.elapsed();
        assert!(waited >= Duration::from_secs(5) && waited < Duration::from_millis(5_020), "{waited:?}");
    }
}

/// What another does to a message that it has: a poll that waits already must learn of it.
#[tokio::test(start_paused = true)]
async fn a_long_poll_learns_of_a_message_that_comes_back_earlier_than_it_knew() {
    let sqs = on_tokios_time();
    sqs.send_batch("work", vec![Outgoing::new("m")]).unwrap();
    let held = sqs.receive("work", 1, Duration::ZERO, None).await.unwrap().remove(0);
    let before = tokio::time::Instant::now();
    let waiting = tokio::spawn({
        let sqs = sqs.clone();
        async move { sqs.receive("work", 1, Duration::from_secs(20), None).await.unwrap().len() }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    sqs.change_visibility("work", &held.receipt_handle, Duration::from_secs(2)).unwrap();
    assert_eq!(waiting.await.unwrap(), 1);
    assert!(before.elapsed() < Duration::from_millis(3_020), "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_of_an_empty_queue_ends_after_its_time() {
    let sqs = on_tokios_time();
    let before = tokio::time::Instant::now();
    assert!(sqs.receive("work", 1, Duration::from_secs(3), None).await.unwrap().is_empty());
    assert!(before.elapsed() >= Duration::from_secs(3) && before.elapsed() < Duration::from_millis(3_020));
}

#[tokio::test(start_paused = true)]
async fn long_polls_end_empty_when_the_platform_stops() {
    let sqs = on_tokios_time();
    let before = tokio::time::Instant::now();
    let waiting = tokio::spawn({
        let sqs = sqs.clone();
        async move { sqs.receive("work", 1, Duration::from_secs(20), None).await.unwrap().len() }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    sqs.stop_waiting();
    assert_eq!(waiting.await.unwrap(), 0);
    assert!(sqs.receive("work", 1, Duration::from_secs(20), None).await.unwrap().is_empty());
    assert!(before.elapsed() < Duration::from_millis(100), "{:?}", before.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_one_of_many_waiting_polls_gets_a_message() {
    let desk = Desk::new().await;
    let poll = || {
        let sqs = desk.sqs.clone();
        tokio::spawn(async move { sqs.receive("work", 1, Duration::from_secs(120), None).await.unwrap() })
    };
    let waiting: Vec<_> = (0..32).map(|_| poll()).collect();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let messages = (0..32).map(|it| Outgoing::new(it.to_string())).collect();
    desk.sqs.send_batch("work", messages).unwrap();
    let mut received = Vec::new();
    for poll in waiting {
        let answer = tokio::time::timeout(Duration::from_secs(30), poll).await;
        received.extend(answer.expect("nobody sleeps while a message lies there").unwrap());
    }
    let mut bodies: Vec<i32> = received.iter().map(|it| it.body.parse().unwrap()).collect();
    bodies.sort_unstable();
    assert_eq!(bodies, (0..32).collect::<Vec<_>>());
}

/// "ReceiveMessage" (API reference): system attributes.
#[tokio::test]
async fn a_message_tells_how_often_and_since_when_it_was_received() {
    let desk = Desk::with(&[(QueueAttributeName::VisibilityTimeout, "5")]).await;
    let id = desk.send("m").await;
    desk.pass(2);
    let first = desk.receive_one().await;
    desk.pass(5);
    let second = desk.receive_one().await;
    for (message, count) in [(&first, "1"), (&second, "2")] {
        assert_eq!(message.message_id(), Some(id.as_str()));
        assert_eq!(attribute(message, "ApproximateReceiveCount"), Some(count));
        assert_eq!(attribute(message, "SentTimestamp"), Some(START_MS.to_string().as_str()));
        let received = (START_MS + 2_000).to_string();
        assert_eq!(attribute(message, "ApproximateFirstReceiveTimestamp"), Some(received.as_str()));
        assert_eq!(attribute(message, "SenderId"), Some(ACCOUNT));
    }
    assert_ne!(first.receipt_handle(), second.receipt_handle());
}

/// "ReceiveMessage": the limits of its parameters.
#[tokio::test]
async fn a_receive_beyond_its_limits_is_refused() {
    let desk = Desk::new().await;
    let receive = || desk.client.receive_message().queue_url(desk.sqs.url("work"));
    let refused = [
        receive().max_number_of_messages(0).send().await,
        receive().max_number_of_messages(11).send().await,
        receive().wait_time_seconds(21).send().await,
        receive().visibility_timeout(43_201).send().await,
        receive().visibility_timeout(-1).send().await,
    ];
    for refused in refused {
        assert_eq!(code(&refused.unwrap_err()), "InvalidParameterValue");
    }
}

/// "Amazon SQS message quotas": "approximately 120,000 in flight messages" in a standard queue, then `OverLimit`.
#[tokio::test]
async fn a_receive_with_too_many_messages_in_flight_is_refused() {
    let desk = Desk::new().await;
    desk.send("m").await;
    desk.sqs.state().parts("work").unwrap().queue.counters.in_flight = 120_000;
    let request = desk.client.receive_message().queue_url(desk.sqs.url("work"));
    assert_eq!(code(&request.send().await.unwrap_err()), "OverLimit");
}

/// "SetQueueAttributes": `MessageRetentionPeriod`.
#[tokio::test]
async fn a_message_is_gone_after_the_retention_period() {
    let desk = Desk::with(&[(QueueAttributeName::MessageRetentionPeriod, "60")]).await;
    desk.send("old").await;
    desk.pass(30);
    desk.send("young").await;
    assert_eq!(desk.sqs.counts("work").unwrap().oldest, Some(Duration::from_secs(30)));
    desk.pass(30);
    assert_eq!(desk.counts("work"), (1, 0, 0));
    assert_eq!(bodies(&desk.receive().await), ["young"]);
    // In flight or not: it goes when its time is over.
    desk.pass(30);
    assert_eq!(desk.counts("work"), (0, 0, 0));
    assert_eq!(desk.sqs.counts("work").unwrap().oldest, None);
}

fn on_tokios_time() -> Sqs {
    let start = tokio::time::Instant::now();
    let clock: Clock =
        Arc::new(move || Timestamp::from_millisecond(START_MS + start.elapsed().as_millis() as i64).unwrap());
    let sqs = Sqs::memory(URL, clock).unwrap();
    let work = template::Queue { name: "work".into(), ..template::Queue::default() };
    sqs.create_queues(&[work]).unwrap();
    sqs
}

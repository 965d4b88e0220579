//! What does not grow with the queue, and what a restart finds.

use super::*;

/// Every statement that a request runs must find its rows by an index, in order.
#[tokio::test]
async fn no_request_looks_at_all_messages() {
    let desk = Desk::new().await;
    let state = desk.sqs.state();
    for sql in [
        "SELECT id, turn FROM messages WHERE shelf = 1 AND state = 0 ORDER BY due, id LIMIT 10",
        "SELECT id FROM messages WHERE shelf = 1 AND state = 2 AND due <= 5 ORDER BY due LIMIT 10",
        "SELECT MIN(due) FROM messages WHERE shelf = 1 AND state = 2",
        "SELECT MAX(turn) FROM messages WHERE shelf = 1 AND tenant = 'a'",
        "SELECT id FROM messages WHERE shelf = 1 AND moved IS NULL AND sent <= 5 ORDER BY sent LIMIT 10",
        "SELECT id FROM messages WHERE shelf = 1 AND moved IS NOT NULL AND sent <= 5 ORDER BY sent LIMIT 10",
        "SELECT sent FROM messages WHERE shelf = 1 AND moved IS NULL ORDER BY sent LIMIT 1",
        "SELECT moved FROM messages WHERE shelf = 1 AND moved IS NOT NULL ORDER BY moved LIMIT 1",
        "SELECT MAX(id) FROM messages",
        "SELECT COUNT(*) FROM messages WHERE shelf = 1 AND state = 0",
    ] {
        let mut statement = state.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        let plan = plan.map(Result::unwrap).collect::<Vec<_>>().join("; ");
        let found = plan.starts_with("SEARCH") && !plan.contains("TEMP B-TREE") && !plan.contains("SCAN");
        assert!(found, "{sql}: {plan}");
    }
}

/// Counters are kept beside the messages: after all that can happen to one, they must be what a count would find.
#[tokio::test]
async fn the_counters_are_what_counting_would_find() {
    let desk = Desk::with_dead_letters(2).await;
    for round in 0..40_u64 {
        let delay = (round % 3 == 0).then(|| Duration::from_secs(round % 7));
        let messages =
            (0..7).map(|it| Outgoing { delay, ..Outgoing::new(format!("{round} {it}")) }).collect();
        desk.sqs.send_batch("work", messages).unwrap();
        let visibility = Duration::from_secs(round % 5);
        let held = desk.sqs.receive("work", 5, Duration::ZERO, Some(visibility)).await.unwrap();
        let handles: Vec<_> = held.iter().map(|it| it.receipt_handle.clone()).collect();
        desk.sqs.delete_batch("work", &handles[..handles.len() / 2]).unwrap();
        if let Some(last) = handles.last() {
            // It may be visible already, as its timeout may be zero.
            let _in_flight = desk.sqs.change_visibility("work", last, Duration::ZERO);
        }
        desk.pass((round % 4).try_into().unwrap());
        let mut state = desk.sqs.state();
        let kept = |state: &State| ["work", "dead"].map(|it| state.queue(it).unwrap().counters);
        let before = kept(&state);
        state.reload().unwrap();
        assert_eq!(before, kept(&state), "round {round}");
    }
    assert!(desk.counts("dead").0 > 0);
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sqs.sqlite");
    let now = Arc::new(AtomicI64::new(START_MS));
    let start = || {
        let sqs = Sqs::open(&file, URL, clock(&now)).unwrap();
        Desk { client: client(&sqs), sqs, now: Arc::clone(&now) }
    };
    let desk = start();
    desk.create("dead", &[]).await;
    desk.create("work", &[(QueueAttributeName::RedrivePolicy, &redrive("dead", 1))]).await;
    for body in ["held", "visible"] {
        desk.send(body).await;
    }
    let held = desk.sqs.receive("work", 1, Duration::ZERO, None).await.unwrap().remove(0);
    desk.sqs
        .send_batch("work", vec![Outgoing { delay: Some(Duration::from_secs(60)), ..Outgoing::new("d") }])
        .unwrap();
    let before = desk.attributes("work").await;
    drop(desk);

    let desk = start();
    assert_eq!(desk.attributes("work").await, before);
    assert_eq!(desk.counts("work"), (1, 1, 1));
    desk.sqs.delete_batch("work", &[held.receipt_handle]).unwrap();
    assert_eq!(bodies(&desk.receive().await), ["visible"]);
    desk.pass(30);
    assert!(desk.receive().await.is_empty());
    assert_eq!(desk.counts("dead"), (1, 0, 0));
    // A task that was running when the process ended.
    let insert = "INSERT INTO moves (handle, status, source_arn, moved, to_move, started) VALUES ('h', 'RUNNING', ?1, 0, 1, 0)";
    desk.sqs.state().db.execute(insert, [queue_arn("dead")]).unwrap();
    drop(desk);

    let desk = start();
    while desk.counts("dead") != (0, 0, 0) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(desk.counts("work"), (1, 0, 1));
}

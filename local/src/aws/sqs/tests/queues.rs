use super::*;

/// "CreateQueue" (API reference): "If you provide the name of an existing queue along with the exact names and values of all
/// the queue's attributes, CreateQueue returns the queue URL for the existing queue."
#[tokio::test]
async fn a_queue_created_again_is_the_same_unless_its_attributes_differ() {
    let desk = Desk::with(&[(QueueAttributeName::DelaySeconds, "5")]).await;
    let url = desk.create("work", &[(QueueAttributeName::DelaySeconds, "5")]).await;
    assert_eq!(url, "http://127.0.0.1:4566/000000000000/work");
    let other =
        desk.client.create_queue().queue_name("work").attributes(QueueAttributeName::DelaySeconds, "6");
    let error = other.send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_queue_name_exists(), "{error:?}");
}

#[tokio::test]
async fn malformed_names_and_fifo_queues_are_refused() {
    let desk = Desk::new().await;
    let create = |name: String| desk.client.create_queue().queue_name(name).send();
    for name in ["", "with space", "with.dot"] {
        assert_eq!(code(&create(name.into()).await.unwrap_err()), "InvalidParameterValue", "{name}");
    }
    assert!(create("a".repeat(80)).await.is_ok());
    assert!(create("a".repeat(81)).await.is_err());
    let fifo = create("work.fifo".into()).await.unwrap_err();
    assert!(code(&fifo).ends_with("UnsupportedOperation"), "{fifo:?}");
}

/// "SetQueueAttributes" (API reference): names and ranges.
#[tokio::test]
async fn unknown_attributes_and_values_out_of_range_are_refused() {
    let desk = Desk::new().await;
    let set = |name: &str, value: &str| {
        let request = desk.client.set_queue_attributes().queue_url(desk.sqs.url("work"));
        request.attributes(QueueAttributeName::from(name), value).send()
    };
    for (name, value) in [
        ("VisibilityTimeout", "43201"),
        ("MessageRetentionPeriod", "59"),
        ("DelaySeconds", "soon"),
        ("ReceiveMessageWaitTimeSeconds", "21"),
        ("MaximumMessageSize", "1048577"),
        ("RedrivePolicy", "{}"),
        ("RedrivePolicy", r#"{"deadLetterTargetArn":"x","maxReceiveCount":0}"#),
    ] {
        assert_eq!(code(&set(name, value).await.unwrap_err()), "InvalidAttributeValue", "{name} {value}");
    }
    assert_eq!(code(&set("Colour", "red").await.unwrap_err()), "InvalidAttributeName");
    let get = desk.client.get_queue_attributes().queue_url(desk.sqs.url("work"));
    let error = get.attribute_names(QueueAttributeName::from("Colour")).send().await.unwrap_err();
    assert_eq!(code(&error), "InvalidAttributeName");
}

/// "GetQueueAttributes" (API reference).
#[tokio::test]
async fn a_queue_tells_its_attributes_and_counts() {
    let desk = Desk::with(&[(QueueAttributeName::VisibilityTimeout, "7")]).await;
    desk.send("a").await;
    desk.send("b").await;
    let request = desk.client.receive_message().queue_url(desk.sqs.url("work"));
    request.send().await.unwrap();
    let told = desk.attributes("work").await;
    for (name, value) in [
        ("VisibilityTimeout", "7"),
        ("DelaySeconds", "0"),
        ("MessageRetentionPeriod", "345600"),
        ("MaximumMessageSize", "1048576"),
        ("QueueArn", &queue_arn("work")),
        ("ApproximateNumberOfMessages", "1"),
        ("ApproximateNumberOfMessagesNotVisible", "1"),
        ("ApproximateNumberOfMessagesDelayed", "0"),
        ("CreatedTimestamp", "1767225600"),
    ] {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!told.contains_key("RedrivePolicy"));
}

/// "Interpreting Amazon SQS JSON API responses": the error's shape in the body, its former code in a header.
#[tokio::test]
async fn a_queue_that_does_not_exist_is_refused_in_the_shape_that_sdks_decode() {
    let desk = Desk::new().await;
    let url = desk.sqs.url("nobody");
    let error = desk.client.send_message().queue_url(&url).message_body("m").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_queue_does_not_exist(), "{error:?}");
    let request = ServiceRequest {
        operation: "GetQueueUrl".into(),
        body: r#"{"QueueName":"nobody"}"#.into(),
        ..ServiceRequest::default()
    };
    let reply = desk.sqs.call(request).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
    let body: serde_json::Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    assert_eq!(body["message"], "The specified queue does not exist.");
}

/// "ListQueues" (API reference).
#[tokio::test]
async fn queues_are_listed_by_prefix_and_page() {
    let desk = Desk::new().await;
    for name in ["b-1", "b-2", "b-3"] {
        desk.create(name, &[]).await;
    }
    let list = || desk.client.list_queues().queue_name_prefix("b-");
    assert_eq!(list().send().await.unwrap().queue_urls().len(), 3);
    let first = list().max_results(2).send().await.unwrap();
    assert_eq!(first.queue_urls(), [desk.sqs.url("b-1"), desk.sqs.url("b-2")]);
    let second = list().max_results(2).next_token(first.next_token().unwrap()).send().await.unwrap();
    assert_eq!((second.queue_urls(), second.next_token()), (&[desk.sqs.url("b-3")][..], None));
}

/// "TagQueue", "UntagQueue", "ListQueueTags" (API reference).
#[tokio::test]
async fn tags_are_set_and_taken_away() {
    let desk = Desk::new().await;
    let url = desk.sqs.url("work");
    desk.client.tag_queue().queue_url(&url).tags("a", "1").tags("b", "2").send().await.unwrap();
    desk.client.untag_queue().queue_url(&url).tag_keys("a").send().await.unwrap();
    let tags = desk.client.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
    assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "2".to_owned())]);
    desk.client.create_queue().queue_name("tagged").tags("c", "3").send().await.unwrap();
    let tags = desk.client.list_queue_tags().queue_url(desk.sqs.url("tagged")).send().await.unwrap();
    assert_eq!(tags.tags().unwrap()["c"], "3");
}

/// "PurgeQueue" (API reference).
#[tokio::test]
async fn a_purge_deletes_every_message_and_is_not_done_twice_in_a_minute() {
    let desk = Desk::new().await;
    for body in ["a", "b"] {
        desk.send(body).await;
    }
    let held = desk.receive().await;
    desk.send("c").await;
    let purge = || desk.client.purge_queue().queue_url(desk.sqs.url("work")).send();
    purge().await.unwrap();
    assert_eq!(desk.counts("work"), (0, 0, 0));
    desk.delete(&held[0]).await;
    desk.send("after").await;
    assert_eq!(bodies(&desk.receive().await), ["after"]);
    let error = purge().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_purge_queue_in_progress(), "{error:?}");
    desk.pass(60);
    purge().await.unwrap();
    while rows(&desk, "messages") + rows(&desk, "bodies") + rows(&desk, "swept_shelves") > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn a_deleted_queue_is_gone_for_who_waits_too() {
    let desk = Desk::new().await;
    let waiting = tokio::spawn({
        let sqs = desk.sqs.clone();
        async move { sqs.receive("work", 1, Duration::from_secs(20), None).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    desk.client.delete_queue().queue_url(desk.sqs.url("work")).send().await.unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    assert!(matches!(answer, Err(SqsError::NoQueue)), "{answer:?}");
    assert!(!desk.sqs.contains("work"));
}

#[tokio::test]
async fn a_templates_queues_are_created_whatever_their_order_and_changed_when_it_changes() {
    let desk = Desk::new().await;
    let declared = |name: &str, attributes: &[(&str, &str)]| template::Queue {
        name: name.into(),
        attributes: attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
    };
    let policy = redrive("a-dead", 3);
    let queues =
        [declared("a", &[("RedrivePolicy", &policy), ("DelaySeconds", "1")]), declared("a-dead", &[])];
    desk.sqs.create_queues(&queues).unwrap();
    assert_eq!(desk.attributes("a").await["DelaySeconds"], "1");
    desk.sqs.send_batch("a", vec![Outgoing::new("kept")]).unwrap();
    desk.sqs.create_queues(&[declared("a", &[]), declared("a-dead", &[])]).unwrap();
    let told = desk.attributes("a").await;
    assert_eq!((told["DelaySeconds"].as_str(), told.contains_key("RedrivePolicy")), ("0", false));
    assert_eq!(desk.counts("a"), (0, 0, 1));
    let wrong = desk.sqs.create_queues(&[declared("b", &[("DelaySeconds", "-1")])]).unwrap_err();
    assert_eq!(wrong.to_string(), "queue b: Invalid value for the parameter DelaySeconds.");
}

#[tokio::test]
async fn an_unknown_operation_and_a_malformed_body_are_refused_as_such() {
    let desk = Desk::new().await;
    for (operation, body, kind) in [
        ("MakeCoffee", "{}", "UnknownOperationException"),
        ("SendMessage", "no json", "SerializationException"),
        ("SendMessage", r#"{"QueueUrl":"work","MessageBody":7}"#, "SerializationException"),
        ("SendMessage", r#"{"MessageBody":"m"}"#, "MissingRequiredParameterException"),
    ] {
        let request =
            ServiceRequest { operation: operation.into(), body: body.into(), ..ServiceRequest::default() };
        let reply = desk.sqs.call(request).await;
        assert_eq!((reply.status, reply.error.as_deref()), (400, Some(kind)), "{operation} {body}");
    }
}

fn rows(desk: &Desk, table: &str) -> i64 {
    let state = desk.sqs.state();
    state.db.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

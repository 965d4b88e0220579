use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};

use super::*;

/// "SendMessage" (API reference): `MD5OfMessageBody`, `MD5OfMessageAttributes`.
#[tokio::test]
async fn checksums_are_those_that_sdks_verify() {
    let desk = Desk::new().await;
    let text = |kind: &str, value: &str| {
        MessageAttributeValue::builder().data_type(kind).string_value(value).build().unwrap()
    };
    let binary = MessageAttributeValue::builder()
        .data_type("Binary")
        .binary_value(Blob::new([1, 2, 3]))
        .build()
        .unwrap();
    let sent = desk
        .client
        .send_message()
        .queue_url(desk.sqs.url("work"))
        .message_body("This is a test message")
        .message_attributes("timestamp", text("Number", "1493147359900"))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("fafb00f5732ab283681e124bf8747ed1"));
    // The digest that moto's and LocalStack's tests, recorded at AWS, have for this attribute.
    assert_eq!(sent.md5_of_message_attributes(), Some("235c5c510d26fb653d073faed50ae77c"));
    let message = desk.receive_one().await;
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    desk.delete(&message).await;

    let request = desk.client.send_message().queue_url(desk.sqs.url("work")).message_body("m");
    let request = request.message_attributes("b", binary).message_attributes("a", text("String.label", "x"));
    let both = request.send().await.unwrap();
    let message = desk.receive_one().await;
    assert_eq!(message.md5_of_message_attributes(), both.md5_of_message_attributes());
    let attributes = message.message_attributes().unwrap();
    assert_eq!(attributes["b"].binary_value().unwrap().as_ref(), [1, 2, 3]);
    assert_eq!((attributes["a"].data_type(), attributes["a"].string_value()), ("String.label", Some("x")));
}

/// "Calculating the MD5 message digest for message attributes".
#[tokio::test]
async fn the_checksum_of_received_attributes_is_of_those_that_were_asked_for() {
    let desk = Desk::new().await;
    let value = MessageAttributeValue::builder().data_type("String").string_value("v").build().unwrap();
    let request = desk.client.send_message().queue_url(desk.sqs.url("work")).message_body("m");
    let sent = request
        .message_attributes("x.one", value.clone())
        .message_attributes("x.two", value.clone())
        .message_attributes("y", value)
        .send()
        .await
        .unwrap();
    for (wanted, count) in [("y", 1), ("x.*", 2), (".*", 3), ("All", 3), ("none", 0)] {
        let request = desk.client.receive_message().queue_url(desk.sqs.url("work")).visibility_timeout(0);
        let messages = request.message_attribute_names(wanted).send().await.unwrap().messages.unwrap();
        let found = messages[0].message_attributes().map_or(0, |it| it.len());
        assert_eq!(found, count, "{wanted}");
        let whole = messages[0].md5_of_message_attributes() == sent.md5_of_message_attributes();
        assert_eq!(whole, count == 3, "{wanted}");
    }
}

/// "SendMessage": `MessageSystemAttributes`; "Amazon SQS and AWS X-Ray".
#[tokio::test]
async fn the_trace_header_travels_with_the_message() {
    let desk = Desk::new().await;
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let value =
        MessageSystemAttributeValue::builder().data_type("String").string_value(trace).build().unwrap();
    let request = desk.client.send_message().queue_url(desk.sqs.url("work")).message_body("m");
    let request =
        request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
    assert!(request.send().await.unwrap().md5_of_message_system_attributes().is_some());
    assert_eq!(attribute(&desk.receive_one().await, "AWSTraceHeader"), Some(trace));
}

/// "Amazon SQS delay queues", "Amazon SQS message timers".
#[tokio::test]
async fn a_delayed_message_is_not_received_before_its_time_and_its_own_delay_wins() {
    let desk = Desk::with(&[(QueueAttributeName::DelaySeconds, "10")]).await;
    desk.send("by queue").await;
    let own = |seconds, body| {
        let request = desk.client.send_message().queue_url(desk.sqs.url("work"));
        request.message_body(body).delay_seconds(seconds).send()
    };
    own(20, "later").await.unwrap();
    own(0, "now").await.unwrap();
    assert_eq!(desk.counts("work"), (1, 0, 2));
    assert_eq!(bodies(&desk.receive().await), ["now"]);
    desk.pass(10);
    assert_eq!(bodies(&desk.receive().await), ["by queue"]);
    desk.pass(10);
    assert_eq!(bodies(&desk.receive().await), ["later"]);
    assert_eq!(code(&own(901, "too late").await.unwrap_err()), "InvalidParameterValue");
}

/// "Amazon SQS message quotas": 1 MiB, attributes included; "SetQueueAttributes": `MaximumMessageSize`.
#[tokio::test]
async fn a_message_beyond_the_size_is_refused() {
    let desk = Desk::new().await;
    desk.send(&"x".repeat(SIZE_MAX_BYTES)).await;
    let send = |size: usize| {
        desk.client.send_message().queue_url(desk.sqs.url("work")).message_body("x".repeat(size)).send()
    };
    assert_eq!(code(&send(SIZE_MAX_BYTES + 1).await.unwrap_err()), "InvalidParameterValue");
    desk.set("work", QueueAttributeName::MaximumMessageSize, "1024").await;
    assert_eq!(code(&send(1_025).await.unwrap_err()), "InvalidParameterValue");
    send(1_024).await.unwrap();
    let value = MessageAttributeValue::builder().data_type("String").string_value("v").build().unwrap();
    let request = desk.client.send_message().queue_url(desk.sqs.url("work")).message_body("x".repeat(1_020));
    let error = request.message_attributes("name", value).send().await.unwrap_err();
    assert_eq!(code(&error), "InvalidParameterValue", "name, type and value count");
}

/// "SendMessage": "A message can include only XML, JSON, and unformatted text. The following Unicode characters are allowed."
#[tokio::test]
async fn characters_that_xml_cannot_hold_are_refused() {
    let desk = Desk::new().await;
    let send =
        |body: &str| desk.client.send_message().queue_url(desk.sqs.url("work")).message_body(body).send();
    for body in ["\u{0}", "a\u{8}", "\u{FFFE}"] {
        assert_eq!(code(&send(body).await.unwrap_err()), "InvalidMessageContents", "{body:?}");
    }
    send("tab\t, line\n, ünïcode and \u{1F600}").await.unwrap();
    assert_eq!(code(&send("").await.unwrap_err()), "MissingParameter");
}

/// "Amazon SQS message metadata": names, types, at most ten.
#[tokio::test]
async fn malformed_attributes_are_refused() {
    let desk = Desk::new().await;
    let send = |names: &[&str], kind: &str, value: &str| {
        let mut message = Outgoing::new("m");
        for name in names {
            let attribute = Attribute { data_type: kind.into(), ..Attribute::text(value) };
            message.attributes.insert((*name).into(), attribute);
        }
        desk.sqs.send_batch("work", vec![message]).unwrap().remove(0)
    };
    assert!(send(&["Good_name-1.x"], "String", "v").is_ok());
    for name in ["", ".dot", "dot.", "two..dots", "AWS.x", "amazon.x", "späce"] {
        assert!(send(&[name], "String", "v").is_err(), "{name}");
    }
    for (kind, value) in [("Strung", "v"), ("String", ""), ("Number", "one"), ("Binary", "v")] {
        assert!(send(&["a"], kind, value).is_err(), "{kind} {value}");
    }
    let eleven: Vec<String> = (0..11).map(|it| format!("a{it}")).collect();
    let eleven: Vec<&str> = eleven.iter().map(String::as_str).collect();
    assert!(send(&eleven, "String", "v").is_err());
    assert!(send(&eleven[..10], "String", "v").is_ok());
}

/// "How Amazon SQS fair queues work": a tenant's backlog does not keep another's messages waiting.
#[tokio::test]
async fn a_noisy_group_does_not_keep_a_quiet_one_waiting() {
    let desk = Desk::new().await;
    for number in 0..100 {
        desk.send_of("noisy", &format!("noisy {number}")).await;
    }
    desk.send_of("quiet", "quiet 0").await;
    desk.send_of("quiet", "quiet 1").await;
    desk.send("alone").await;
    let first = desk.receive().await;
    let first = bodies(&first);
    for early in ["quiet 0", "quiet 1", "alone"] {
        assert!(first.contains(&early), "{early} in {first:?}");
    }
    assert!(
        first.iter().filter(|it| it.starts_with("noisy")).count() >= 5,
        "the noisy one has its turns: {first:?}"
    );
}

/// The same page: "Each message without a `MessageGroupId` is treated as belonging to its own distinct tenant."
#[tokio::test]
async fn messages_without_a_group_come_in_the_order_of_sending() {
    let desk = Desk::new().await;
    let sent: Vec<String> = (0..25).map(|it| it.to_string()).collect();
    for body in &sent {
        desk.send(body).await;
    }
    let mut received = Vec::new();
    for _ in 0..3 {
        received.extend(desk.receive().await.iter().map(|it| it.body().unwrap().to_owned()));
    }
    assert_eq!(received, sent);
}

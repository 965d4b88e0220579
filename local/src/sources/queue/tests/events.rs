//! What of a message reaches the function, from the SDK's call on.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry,
};

use super::*;
use crate::aws::Cloud;
use crate::aws::service::Service;

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

/// "Using Lambda with Amazon SQS", AWS Lambda Developer Guide: the event has the message's attributes, its system's and its sender's.
#[tokio::test]
async fn what_the_sender_says_of_a_message_reaches_the_function() {
    let it = Setting::with_records(mapping(), |_| Ok(json!(null)));
    let _running = it.start();
    let sent = it.client().send_message_batch().queue_url(it.sqs.url("jobs")).entries(entry()).send().await;
    assert_eq!(sent.unwrap().successful().len(), 1);
    it.drained().await;
    let given = it.given.lock().unwrap();
    let record = &given[0][0];
    assert_eq!(record["body"], "x");
    let attributes = &record["attributes"];
    assert_eq!(attributes["ApproximateReceiveCount"], "1");
    assert_eq!(attributes["MessageGroupId"], "acme");
    assert_eq!(attributes["AWSTraceHeader"], TRACE);
    let said = &record["messageAttributes"];
    assert_eq!(
        (&said["attempts"]["dataType"], &said["attempts"]["stringValue"]),
        (&json!("Number"), &json!("3"))
    );
    assert_eq!((&said["raw"]["dataType"], &said["raw"]["binaryValue"]), (&json!("Binary"), &json!("AP8=")));
    let as_lambda_reads: aws_lambda_events::sqs::SqsMessage = serde_json::from_value(record.clone()).unwrap();
    assert_eq!(as_lambda_reads.message_attributes["attempts"].string_value.as_deref(), Some("3"));
}

/// A message comes again with what was said of it, and counted.
#[tokio::test]
async fn what_comes_again_has_its_attributes_still() {
    let failures = Mutex::new(1);
    let it = Setting::new(mapping(), move |_| {
        let failed = std::mem::take(&mut *failures.lock().unwrap()) == 1;
        if failed { Err(planted_failure()) } else { Ok(json!(null)) }
    });
    let _running = it.start();
    let send = it.client().send_message_batch().queue_url(it.sqs.url("jobs")).entries(entry());
    send.send().await.unwrap();
    it.drained().await;
    assert_eq!(it.receive_counts(), [1, 2]);
    let given = it.given.lock().unwrap();
    assert_eq!(given[1][0]["messageAttributes"], given[0][0]["messageAttributes"]);
    assert_eq!(given[1][0]["attributes"]["MessageGroupId"], "acme");
}

fn entry() -> SendMessageBatchRequestEntry {
    let attribute = || MessageAttributeValue::builder();
    let trace = MessageSystemAttributeValue::builder().data_type("String").string_value(TRACE);
    SendMessageBatchRequestEntry::builder()
        .id("0")
        .message_body("x")
        .message_group_id("acme")
        .message_attributes("attempts", attribute().data_type("Number").string_value("3").build().unwrap())
        .message_attributes(
            "raw",
            attribute().data_type("Binary").binary_value(Blob::new([0, 255])).build().unwrap(),
        )
        .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace.build().unwrap())
        .build()
        .unwrap()
}

impl Setting {
    fn client(&self) -> Client {
        let services = BTreeMap::from([("sqs", Arc::new(self.sqs.clone()) as Arc<dyn Service>)]);
        Client::new(&Cloud::new(services).sdk_config("test"))
    }
}

//! Every sample in `events/` gets its reply from the real handler, on a platform of its own.

use penstock_local::{Options, Platform};
use penstock_tests::samples::{self, Sample, differences, readable};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn every_sample_gets_its_reply() {
    let samples = samples::all();
    let mut wrong = Vec::new();
    for sample in &samples {
        let got = replay(sample, &samples).await;
        let differences = differences(&sample.reply, &got);
        if !differences.is_empty() {
            wrong.push(format!("{}\n  {}\n  the reply was {got:#}", sample.name(), differences.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} samples:\n{}", wrong.len(), samples.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_sample_with_another_reply_is_reported() {
    let samples = samples::all();
    let mut planted =
        samples.iter().find(|sample| sample.name() == "create-order/placed").expect("it is there").clone();
    planted.reply["body"]["totalAmount"]["amount"] = json!(35.63);
    let got = replay(&planted, &samples).await;
    assert_eq!(differences(&planted.reply, &got), ["/body/totalAmount/amount: wanted 35.63, got 35.64"]);
}

/// Invokes what is given, then the sample itself.
async fn replay(sample: &Sample, samples: &[Sample]) -> Value {
    let platform = Platform::start(Options::memory()).await.expect("the platform starts");
    for name in &sample.given {
        let given = samples.iter().find(|given| given.name() == *name);
        let given = given.unwrap_or_else(|| panic!("{} needs {name}, which is no sample", sample.name()));
        invoke(&platform, given).await;
    }
    let reply = invoke(&platform, sample).await;
    platform.stop().await;
    reply
}

async fn invoke(platform: &Platform, sample: &Sample) -> Value {
    let payload = serde_json::to_vec(&sample.event).expect("a sample is JSON");
    // An id of its own: with that of the first, a second creation would be taken for the first one's own retry.
    let request_id = Uuid::new_v4().to_string();
    match platform.functions().invoke(&sample.function, payload, request_id).await {
        Ok(reply) => readable(serde_json::from_slice(&reply).expect("a reply is JSON")),
        // What Lambda answers when a function fails.
        Err(failure) => json!({"errorType": failure.kind(), "errorMessage": failure.message()}),
    }
}

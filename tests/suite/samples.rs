//! Every sample in `events/` gets its reply from the real handler, on a platform of its own, by calls that the template permits.

use std::collections::BTreeMap;

use penstock_local::Platform;
use penstock_local::aws::calls::Call;
use penstock_tests::elsewhere::Elsewhere;
use penstock_tests::guards::policies::{Grants, grants, table_names, unpermitted};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use penstock_tests::runtime;
use penstock_tests::samples::{self, Sample, differences, readable};
use serde_json::{Value, json};
use uuid::Uuid;

/// Samples that need more of AWS than a shop elsewhere is given, and what.
const ONLY_HERE: &[(&str, &str)] = &[
    ("receive-carrier-webhook/forged", "the laptop puts a value into the carrier's secret"),
    ("receive-payment-webhook/forged", "the laptop puts a value into the payment provider's secret"),
    (
        "redrive-dead-letters/all",
        "queues elsewhere are made without a redrive policy, so none holds dead letters",
    ),
];

#[tokio::test]
async fn every_sample_gets_its_reply() {
    let samples = samples::all();
    let elsewhere = std::env::var_os("AWS_ENDPOINT_URL").is_some();
    let mut wrong = Vec::new();
    for sample in &samples {
        if elsewhere && ONLY_HERE.iter().any(|(name, _)| *name == sample.name()) {
            continue;
        }
        let (got, _) = replay(sample, &samples).await;
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
    let (got, _) = replay(&planted, &samples).await;
    assert_eq!(differences(&planted.reply, &got), ["/body/totalAmount/amount: wanted 35.63, got 35.64"]);
}

#[tokio::test]
async fn every_call_that_a_sample_makes_is_permitted() {
    let samples = samples::all();
    let template = Template::parse(&tree::text("template.yaml"));
    let tables = table_names(&template.resources());
    let mut used = Grants::new();
    for sample in &samples {
        let (_, calls) = replay(sample, &samples).await;
        // Other services' calls are judged by the platform itself, which would have failed the sample.
        for call in calls.into_iter().filter(|call| call.service == "dynamodb") {
            used.entry(call.function.clone()).or_default().extend(needed(&call, &tables));
        }
    }
    let grants = grants(&template.functions()).expect("every policy is narrow");
    assert!(used.len() > 10, "only {:?} made calls", used.keys());
    assert_eq!(unpermitted(&used, &grants), [""; 0]);
}

fn needed(call: &Call, tables: &BTreeMap<String, String>) -> Vec<String> {
    let logical_id =
        |name: &String| tables.iter().find(|(ending, _)| name.ends_with(*ending)).map(|(_, id)| id);
    // A transaction is permitted item by item, and ours put items; statements by what they do, and the samples' insert views.
    let operation = match call.operation.as_str() {
        "TransactWriteItems" => "PutItem",
        "BatchExecuteStatement" => "PartiQLInsert",
        operation => operation,
    };
    let of = |name: &String| {
        let table = logical_id(name).unwrap_or_else(|| panic!("{name} is no table of the template"));
        format!("{table} {}:{operation}", call.service)
    };
    call.tables.iter().map(of).collect()
}

/// Invokes what is given, then the sample itself; its reply, and every call that was made meanwhile.
async fn replay(sample: &Sample, samples: &[Sample]) -> (Value, Vec<Call>) {
    let elsewhere = Elsewhere::open().await;
    let options = elsewhere.as_ref().map_or_else(runtime::options, Elsewhere::options);
    let platform = Platform::start(options).await.expect("the platform starts");
    for name in &sample.given {
        let given = samples.iter().find(|given| given.name() == *name);
        let given = given.unwrap_or_else(|| panic!("{} needs {name}, which is no sample", sample.name()));
        invoke(&platform, given).await;
    }
    let reply = invoke(&platform, sample).await;
    let calls = platform.calls().recent();
    platform.stop().await;
    (reply, calls)
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

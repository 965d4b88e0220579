//! functions/ ⇔ template ⇔ the laptop's table ⇔ samples.

use std::collections::BTreeSet;

use penstock_tests::guards::inventory::{REFUSES, differences, misnamed, misrouted, strays, unsampled};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use penstock_tests::samples::{self, Sample};
use serde_json::{Value, json};

#[test]
fn every_folder_is_a_function_of_the_template() {
    let template = Template::parse(&tree::text("template.yaml"));
    let described = template.functions().into_iter().map(|function| function.folder).collect();
    assert_eq!(differences(("functions/", &folders()), ("template.yaml", &described)), NOTHING);
    assert_eq!(misnamed(&template.functions()), NOTHING);
}

#[test]
fn the_laptop_runs_every_function() {
    let run = penstock_local::suite::FUNCTIONS.iter().map(|function| function.name.to_owned()).collect();
    assert_eq!(differences(("functions/", &folders()), ("local/src/suite.rs", &run)), NOTHING);
}

#[test]
fn every_function_has_a_sample_that_succeeds_and_one_that_is_refused() {
    assert_eq!(differences(("functions/", &folders()), ("events/", &tree::folders("events"))), NOTHING);
    assert_eq!(unsampled(&folders(), &samples::all()), NOTHING);
}

#[test]
fn every_sample_is_of_a_request_that_reaches_its_function() {
    let functions = Template::parse(&tree::text("template.yaml")).functions();
    assert_eq!(misrouted(&functions, &samples::all()), NOTHING);
    let paths = tree::files("events", ".json").into_iter().map(|(path, _)| path).collect();
    assert_eq!(strays(&paths), NOTHING);
}

#[test]
fn a_sample_of_another_functions_request_is_reported() {
    let functions = Template::parse(&tree::text("template.yaml")).functions();
    let planted =
        Sample { event: json!({"routeKey": "POST /v1/orders"}), ..sample("get-order", Value::Null) };
    assert_eq!(
        misrouted(&functions, &[planted]),
        ["get-order/a: POST /v1/orders does not lead to get-order"]
    );
}

#[test]
fn a_reply_without_its_event_is_reported() {
    let planted =
        set(&["events/get-order/a.json", "events/get-order/a.reply.json", "events/get-order/b.reply.json"]);
    assert_eq!(strays(&planted), ["events/get-order/b.reply.json belongs to no sample"]);
}

#[test]
fn a_function_that_one_place_lacks_is_reported() {
    let [one, other] = [["get-order", "ship-order"], ["get-order", "pay-order"]].map(|names| set(&names));
    assert_eq!(
        differences(("functions/", &one), ("template.yaml", &other)),
        [
            "ship-order: functions/ has it, template.yaml has not",
            "pay-order: template.yaml has it, functions/ has not"
        ]
    );
}

#[test]
fn a_function_called_otherwise_than_its_folder_is_reported() {
    let planted = Template::parse(
        "{Resources: {ShipFunction: {Type: AWS::Serverless::Function, Properties: {CodeUri: functions/ship-order}}}}",
    );
    assert_eq!(misnamed(&planted.functions()), ["ShipFunction: should be called ShipOrderFunction"]);
}

#[test]
fn a_function_without_a_refused_sample_is_reported() {
    let succeeds = sample("ship-order", json!({"statusCode": 200}));
    let refused = sample("pay-order", json!({"errorType": "MalformedEvent"}));
    assert_eq!(
        unsampled(&set(&["ship-order", "pay-order"]), &[succeeds, refused]),
        [
            "pay-order: events/pay-order has no sample that succeeds",
            "ship-order: events/ship-order has no sample that is refused"
        ]
    );
}

#[test]
fn what_only_refuses_succeeds_by_refusing() {
    let refused = sample(REFUSES, json!({"statusCode": 404}));
    let failed = sample(REFUSES, json!({"errorType": "MalformedEvent"}));
    assert_eq!(unsampled(&set(&[REFUSES]), &[refused.clone(), failed]), NOTHING);
    assert_eq!(unsampled(&set(&[REFUSES]), &[refused]).len(), 1);
}

const NOTHING: [&str; 0] = [];

fn folders() -> BTreeSet<String> {
    tree::folders("functions")
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn sample(function: &str, reply: Value) -> Sample {
    Sample {
        function: function.to_owned(),
        case: "a".to_owned(),
        event: Value::Null,
        reply,
        given: Vec::new(),
    }
}

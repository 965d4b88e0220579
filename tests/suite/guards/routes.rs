//! The template's routes ⇔ the contract's operations.

use penstock_tests::guards::inventory::differences;
use penstock_tests::guards::routes::{claimed_twice, described, listed, routed};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;
use serde_json::json;

#[test]
fn every_route_is_in_the_contract_and_asks_for_a_token_as_it_says() {
    let functions = Template::parse(&tree::text("template.yaml")).functions();
    let contract = listed(&described(&penstock_api::openapi::document()));
    assert_eq!(
        differences(("template.yaml", &listed(&routed(&functions))), ("the contract", &contract)),
        [""; 0]
    );
    assert_eq!(claimed_twice(&functions), [""; 0]);
}

#[test]
fn a_route_that_the_contract_lacks_or_that_is_open_against_it_is_reported() {
    let functions = Template::parse(PLANTED).functions();
    let contract = json!({
        "security": [{"token": []}],
        "paths": {"/v1/orders": {"get": {}}, "/health/live": {"get": {"security": []}}},
    });
    assert_eq!(
        differences(
            ("template.yaml", &listed(&routed(&functions))),
            ("the contract", &listed(&described(&contract)))
        ),
        [
            "DELETE /v1/orders (token): template.yaml has it, the contract has not",
            "GET /v1/orders (open): template.yaml has it, the contract has not",
            "GET /health/live (open): the contract has it, template.yaml has not",
            "GET /v1/orders (token): the contract has it, template.yaml has not",
        ]
    );
}

#[test]
fn a_route_of_two_functions_is_reported() {
    let mut functions = Template::parse(PLANTED).functions();
    functions.push(functions[0].clone());
    assert_eq!(claimed_twice(&functions).len(), 2);
}

const PLANTED: &str = "
Resources:
  ListOrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/list-orders
      Events:
        One: { Type: HttpApi, Properties: { Method: get, Path: /v1/orders, Auth: { Authorizer: NONE } } }
        Two: { Type: HttpApi, Properties: { Method: delete, Path: /v1/orders } }
";

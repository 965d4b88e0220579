//! What `cargo lambda watch` is told ⇔ the template.

use std::collections::BTreeMap;

use penstock_local::TEMPLATE;
use penstock_tests::guards::inventory::differences;
use penstock_tests::guards::router::{configured, variables, wanted};
use penstock_tests::guards::template::Template;
use penstock_tests::guards::tree;

#[test]
fn cargo_lambda_watch_has_the_templates_routes() {
    let wanted = wanted(&Template::parse(&tree::text("template.yaml")).functions());
    let configured = configured(&tree::text("Cargo.toml"));
    assert_eq!(differences(("template.yaml", &wanted), ("Cargo.toml", &configured)), [""; 0]);
}

#[test]
fn a_route_that_is_missing_or_leads_elsewhere_is_reported() {
    let template = Template::parse(
        "
Resources:
  ListOrdersFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/list-orders
      Events: { One: { Type: HttpApi, Properties: { Method: get, Path: /v1/orders } } }
  GetOrderFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/get-order
      Events: { One: { Type: HttpApi, Properties: { Method: get, Path: '/v1/orders/{orderId}' } } }
",
    );
    let manifest = "[workspace.metadata.lambda.watch.router]\n'/v1/orders' = [{ method = 'POST', function = 'list-orders' }]";
    assert_eq!(
        differences(("template.yaml", &wanted(&template.functions())), ("Cargo.toml", &configured(manifest))),
        [
            "/v1/orders = list-orders: template.yaml has it, Cargo.toml has not",
            "/v1/orders/{orderId} = get-order: template.yaml has it, Cargo.toml has not",
            "POST /v1/orders = list-orders: Cargo.toml has it, template.yaml has not",
        ]
    );
}

/// Only those of all functions: a function that needs more is given it on the command line.
#[test]
fn cargo_lambda_watch_has_the_variables_of_a_function_and_the_laptops_aws() {
    let parameters = BTreeMap::from([("JwtIssuer".to_owned(), "https://issuer".to_owned())]);
    let template = penstock_local::template::Template::read(TEMPLATE, &parameters).expect("it can be read");
    let function = template.functions.iter().find(|it| it.name == "get-health").expect("it has one");
    let region = penstock_local::template::REGION;
    let mut wanted: Vec<String> =
        function.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    wanted.extend(
        ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_ENDPOINT_URL=http://127.0.0.1:4566"]
            .map(str::to_owned),
    );
    wanted.push(format!("AWS_REGION={region}"));
    let file = variables(&tree::text("events/cargo-lambda.env"));
    assert_eq!(
        differences(("the laptop", &wanted.into_iter().collect()), ("events/cargo-lambda.env", &file)),
        [""; 0]
    );
}

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::*;
use crate::aws::faults::refusal;
use crate::planted::{Planted, planted_failure};

const PRODUCT: &str = "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e";

#[tokio::test]
async fn an_order_goes_in_over_http_and_comes_out_of_the_list() {
    let platform = started(Options::memory()).await;
    let created = create_order(&platform).await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let order: Value = created.json().await.unwrap();
    platform.settled().await.unwrap();
    let listed: Value = get(&platform, "/v1/orders").await.json().await.unwrap();
    assert_eq!(listed["orders"][0]["orderId"], order["orderId"]);
    platform.stop().await;
}

#[tokio::test]
async fn every_call_to_aws_is_known_with_its_function_and_what_it_cost() {
    let platform = started(Options::memory()).await;
    put_product(&platform).await;
    platform.calls().reset();
    create_order_only(&platform).await;
    let calls = platform.calls().of("create-order");
    let put = calls.iter().find(|it| it.operation == "PutItem").unwrap();
    assert_eq!(
        (put.service.as_str(), put.tables.as_slice()),
        ("dynamodb", &["penstock-orders".to_owned()][..])
    );
    assert!(put.write_units >= 1.0 && put.read_units == 0.0, "{put:?}");
    assert_eq!(put.error, None);
    let counted: Value = get(&platform, "/dev/calls").await.json().await.unwrap();
    assert_eq!(counted["total"], platform.calls().total());
}

#[tokio::test]
async fn a_planted_fault_is_what_the_function_gets_from_aws() {
    let platform = started(Options::memory()).await;
    put_product(&platform).await;
    platform.faults().plan_for_put_item_to_fail();
    let refused = create_order_only(&platform).await;
    assert!(refused.status().is_server_error(), "{}", refused.status());
    platform.faults().clear();
    assert_eq!(create_order_only(&platform).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn an_aws_port_that_is_taken_is_named_with_its_own_option() {
    let one = started(Options::memory()).await;
    let port = one.aws_url().rsplit(':').next().unwrap().parse().unwrap();
    let taken = Options { aws_port: port, ..Options::memory() };
    let words = Platform::start(taken).await.err().unwrap().to_string();
    assert!(words.contains("is taken by another program") && words.ends_with("--aws-port"), "{words}");
}

#[tokio::test]
async fn many_platforms_run_side_by_side_each_with_its_own_state() {
    let (one, other) = tokio::join!(started(Options::memory()), started(Options::memory()));
    assert_ne!(one.url(), other.url());
    create_order(&one).await;
    one.settled().await.unwrap();
    let listed: Value = get(&other, "/v1/orders").await.json().await.unwrap();
    assert_eq!(listed["orders"], json!([]));
}

#[tokio::test]
async fn the_state_in_a_folder_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = || Options { data: Data::Dir(folder.path().to_owned()), ..Options::memory() };
    let platform = started(in_folder()).await;
    let order: Value = create_order(&platform).await.json().await.unwrap();
    platform.stop().await;
    let platform = started(in_folder()).await;
    let found = get(&platform, &format!("/v1/orders/{}", order["orderId"].as_str().unwrap())).await;
    assert_eq!(found.status(), StatusCode::OK);
    platform.settled().await.unwrap();
    let listed: Value = get(&platform, "/v1/orders").await.json().await.unwrap();
    assert_eq!(listed["orders"][0]["orderId"], order["orderId"]);
}

#[tokio::test]
async fn a_port_or_folder_in_use_is_said_in_words_that_help() {
    let folder = tempfile::tempdir().unwrap();
    let platform = started(Options { data: Data::Dir(folder.path().to_owned()), ..Options::memory() }).await;
    let port: u16 = platform.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Platform::start(Options { port, ..Options::memory() }).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("port {port} is taken by another program; stop that one, or choose another port with --port")
    );
    let error =
        Platform::start(Options { data: Data::Dir(folder.path().to_owned()), ..Options::memory() }).await;
    assert!(error.err().unwrap().to_string().contains("--data-dir"));
}

#[tokio::test]
async fn requests_in_flight_finish_when_it_stops_and_new_ones_are_not_taken() {
    let arrived = Arc::new(tokio::sync::Notify::new());
    let slow = Planted::handler({
        let arrived = Arc::clone(&arrived);
        move |_| {
            arrived.notify_one();
            async {
                tokio::time::sleep(Duration::from_millis(300)).await;
                Ok(json!({"statusCode": 200, "body": "done"}).to_string().into_bytes())
            }
        }
    });
    let platform = started(planted("get-openapi", slow)).await;
    let url = platform.url().to_owned();
    let in_flight = tokio::spawn(Client::new().get(format!("{url}/v1/openapi.json")).send());
    arrived.notified().await;
    platform.stop().await;
    let answer = in_flight.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "done");
    assert!(Client::new().get(format!("{url}/v1/openapi.json")).send().await.is_err());
}

#[tokio::test]
async fn nobody_waits_for_a_message_any_longer_when_it_stops() {
    let platform = started(Options::memory()).await;
    let queues = platform.queues().clone();
    let idle = crate::template::Queue { name: "idle".into(), ..crate::template::Queue::default() };
    queues.create_queues(&[idle]).unwrap();
    let waiting =
        tokio::spawn(async move { queues.receive("idle", 1, Duration::from_secs(20), None).await.unwrap() });
    platform.stop().await;
    let answer = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    assert!(answer.expect("the poll ended").unwrap().is_empty());
}

#[tokio::test]
async fn a_token_is_refused_with_a_reason_when_the_request_makes_no_sense() {
    let platform = started(Options::memory()).await;
    for body in
        [r#"{"tenant":"NO","subject":"me"}"#, r#"{"tenant":"a","subject":"me","role":[]}"#, "{}", "no json"]
    {
        let url = format!("{}/dev/token", platform.url());
        let refused = Client::new().post(url).body(body).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{body}");
        assert!(refused.json::<Value>().await.unwrap()["message"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn the_issuers_documents_lead_from_its_name_to_its_keys() {
    let platform = started(Options::memory()).await;
    let document: Value = get(&platform, "/dev/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(document["issuer"], format!("{}/dev", platform.url()));
    let jwks = Client::new().get(document["jwks_uri"].as_str().unwrap()).send().await.unwrap();
    let jwks: Value = jwks.json().await.unwrap();
    assert_eq!(jwks["keys"][0]["kty"], "EC");
    assert_eq!(jwks["keys"][0].get("d"), None, "the private part stays here");
}

#[tokio::test]
async fn tenants_settings_are_set_shown_and_kept_within_bounds() {
    let platform = started(Options::memory()).await;
    let url = format!("{}/dev/tenants/acme", platform.url());
    let put = |body: &'static str| Client::new().put(&url).body(body).send();
    assert_eq!(put(r#"{"maxUnitsPerLine":5000}"#).await.unwrap().status(), StatusCode::OK);
    let shown: Value = get(&platform, "/dev/tenants/acme").await.json().await.unwrap();
    let settled = json!({
        "maxUnitsPerLine": 5000,
        "maxLinesPerOrder": 100,
        "paymentMinutes": 1440,
        "stockMinutes": 0,
        "shipsItself": false,
        "parcelUnits": 0,
    });
    assert_eq!(shown, settled);
    for wrong in [
        r#"{"maxUnitsPerLine":5001}"#,
        r#"{"maxLinesPerOrder":1001}"#,
        r#"{"paymentMinutes":0}"#,
        r#"{"more":1}"#,
        "[]",
    ] {
        assert_eq!(put(wrong).await.unwrap().status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn functions_are_invoked_as_the_aws_cli_does_it() {
    let failing = Planted::handler(|_| async { Err(planted_failure()) });
    let platform = started(planted("get-openapi", failing)).await;
    let invoke = |name: &str| {
        let url = format!("{}/2015-03-31/functions/{name}/invocations", platform.url());
        Client::new().post(url).body("{}").send()
    };
    let done = invoke("rebuild-views").await.unwrap();
    assert_eq!(done.status(), StatusCode::OK);
    assert_eq!(done.headers().get("x-amz-function-error"), None);
    let failed = invoke("get-openapi").await.unwrap();
    assert_eq!(failed.headers()["x-amz-function-error"], "Unhandled");
    let error: Value = failed.json().await.unwrap();
    assert_eq!(error, json!({"errorType": "Planted", "errorMessage": "planted"}));
    let unknown = invoke("nobody").await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(unknown.headers()["x-amzn-errortype"], "ResourceNotFoundException");
}

#[tokio::test]
async fn a_function_is_not_run_by_a_dry_run_nor_by_a_type_that_nobody_knows() {
    let failing = Planted::handler(|_| async { Err(planted_failure()) });
    let platform = started(planted("get-openapi", failing)).await;
    let url = format!("{}/2015-03-31/functions/get-openapi/invocations", platform.url());
    for (kind, status) in [("DryRun", 204), ("Whatever", 400), ("RequestResponse", 200), ("Event", 202)] {
        let answer = Client::new().post(&url).header("x-amz-invocation-type", kind).send().await.unwrap();
        assert_eq!(answer.status(), status, "{kind}");
        assert_eq!(
            answer.headers().contains_key("x-amz-function-error"),
            kind == "RequestResponse",
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_page_of_elsewhere_gets_nothing_but_what_the_apis_cors_allows() {
    let platform = started(Options::memory()).await;
    let (own, aws) = (platform.url(), platform.aws_url());
    let invoke = "/2015-03-31/functions/rebuild-views/invocations";
    let refused = [
        (own, invoke, "origin", "https://evil.example"),
        (own, "/dev/token", "origin", "https://evil.example"),
        (own, "/dev/token", "origin", "null"),
        (own, "/dev/token", "host", "evil.example"),
        (own, "/v1/openapi.json", "host", "evil.example"),
        (aws, invoke, "origin", "https://evil.example"),
        (aws, "/", "host", "evil.example:4566"),
    ];
    for (port, path, header, value) in refused {
        let answer = Client::new().post(format!("{port}{path}")).header(header, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path} with {header} {value}");
        let why: Value = answer.json().await.unwrap();
        assert!(why["message"].as_str().unwrap().contains("localhost"), "{why}");
    }
    let openapi =
        Client::new().get(format!("{own}/v1/openapi.json")).header("origin", "https://evil.example");
    assert_eq!(openapi.send().await.unwrap().status(), StatusCode::OK);
    let token = Client::new().post(format!("{own}/dev/token")).header("origin", "http://localhost:3000");
    assert_eq!(token.send().await.unwrap().status(), StatusCode::BAD_REQUEST, "it is only an empty request");
    let at_aws = Client::new().get(aws).header("host", "s3.eu-central-1.amazonaws.com").send().await.unwrap();
    assert!(!at_aws.text().await.unwrap().contains("localhost"), "S3 itself answers");
}

#[tokio::test]
async fn a_template_with_a_function_that_nobody_wrote_does_not_start() {
    let template = TEMPLATE.replace("GetOrderFunction", "GetNothingFunction");
    let error = Platform::start(Options { template, ..Options::memory() }).await.err().unwrap();
    assert_eq!(error.to_string(), "the template has a function get-nothing, of which there is no handler");
}

impl Faults {
    fn plan_for_put_item_to_fail(&self) {
        self.plant(|request| async move {
            (request.operation == "PutItem").then(|| refusal(400, "AccessDeniedException", "planted"))
        });
    }
}

async fn started(options: Options) -> Platform {
    Platform::start(options).await.unwrap()
}

fn planted(function: &str, handler: Arc<dyn Handler>) -> Options {
    Options { handlers: BTreeMap::from([(function.to_owned(), handler)]), ..Options::memory() }
}

async fn create_order(platform: &Platform) -> reqwest::Response {
    put_product(platform).await;
    create_order_only(platform).await
}

async fn put_product(platform: &Platform) {
    let product = json!({"sku": "A", "name": "Mug", "category": "kitchen", "price": {"amount": 12.5, "currency": "GBP"}});
    let url = format!("{}/v1/products/{PRODUCT}", platform.url());
    let put = Client::new().put(url).bearer_auth(token(platform)).json(&product).send().await.unwrap();
    assert!(put.status().is_success(), "{}", put.status());
}

async fn create_order_only(platform: &Platform) -> reqwest::Response {
    let order = json!({"customerId": PRODUCT, "items": [{"productId": PRODUCT, "quantity": 1}]});
    let request = Client::new().post(format!("{}/v1/orders", platform.url())).bearer_auth(token(platform));
    request.header("idempotency-key", uuid::Uuid::new_v4().to_string()).json(&order).send().await.unwrap()
}

async fn get(platform: &Platform, path: &str) -> reqwest::Response {
    Client::new().get(format!("{}{path}", platform.url())).bearer_auth(token(platform)).send().await.unwrap()
}

fn token(platform: &Platform) -> String {
    platform.token("acme", "me", &[]).unwrap().token
}

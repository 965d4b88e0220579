//! What an operator sees of a day's work: the lines on standard error, from a process that did just that work.
//!
//! Loggers and collectors of metrics are one a process, and tests run side by side in one. So the day's work is a test of
//! its own that is passed over, and that the others run alone, in a process of their own.

use std::process::Command;
use std::sync::LazyLock;

use penstock_local::aws::faults::refusal;
use penstock_tests::shop::{Shop, product, send, uuid};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const SUBJECT: &str = "bates-of-highbury@example.com";
const PRODUCT_NAME: &str = "Piano from London";
const SKU: &str = "PIANO-1815";
const REASON: &str = "Mr Churchill never wrote back";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CORRELATION: &str = "checkout-7";
/// What the planted failure says of itself.
const CAUSE: &str = "planted by the test";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is run by the others, in a process of its own"]
async fn a_days_work() {
    penstock_platform::telemetry::init("info");
    let shop = Shop::open().await;
    let token = shop.platform.token("shop", SUBJECT, &[]).unwrap().token;
    let ask = |method: &str, path: &str| -> RequestBuilder {
        let request = shop.bare(method, path).bearer_auth(&token);
        request
            .header("x-correlation-id", CORRELATION)
            .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
    };
    let price = json!({"amount": 12.5, "currency": "GBP"});
    let piano = json!({"sku": SKU, "name": PRODUCT_NAME, "category": "music", "price": price});
    let put = ask("PUT", &format!("/v1/products/{}", product(7))).json(&piano);
    assert_eq!(send(put).await.status, 201);

    let order = |quantity: u32| json!({"customerId": uuid(9), "items": [{"productId": product(7), "quantity": quantity}]});
    let create =
        |key, quantity| ask("POST", "/v1/orders").header("idempotency-key", uuid(key)).json(&order(quantity));
    let created = send(create(1, 1)).await;
    assert_eq!(created.status, 201);
    let id = created.text_at("/orderId");
    assert_eq!(send(create(2, 2)).await.status, 201);
    assert_eq!(send(create(3, 101)).await.code(), "limit-exceeded");
    let cancel = ask("POST", &format!("/v1/orders/{id}/cancellation")).header("idempotency-key", uuid(4));
    assert_eq!(send(cancel.json(&json!({"reason": REASON}))).await.status, 200);
    shop.settled().await;

    // A throttled call is tried again and nobody notices; a broken one fails its request.
    let throttled = std::sync::atomic::AtomicBool::new(false);
    shop.platform.faults().plant(move |call| {
        let broken = call.function == "get-order";
        let throttled =
            call.function == "list-orders" && !throttled.swap(true, std::sync::atomic::Ordering::SeqCst);
        async move {
            match (broken, throttled) {
                (true, _) => Some(refusal(400, "AccessDeniedException", CAUSE)),
                (_, true) => Some(refusal(400, "ThrottlingException", "planted")),
                _ => None,
            }
        }
    });
    assert_eq!(send(ask("GET", "/v1/orders")).await.status, 200);
    assert_eq!(send(ask("GET", &format!("/v1/orders/{id}"))).await.status, 503);
    // What is archived in the background ends before its bucket does.
    shop.platform.faults().clear();
    shop.platform.drained().await.unwrap();
    shop.platform.stop().await;
    penstock_local::metrics::flush();
}

#[test]
fn every_record_is_one_line_of_json_that_names_its_function_and_request() {
    assert!(WRITTEN.records.len() >= 8, "{:#?}", WRITTEN.records);
    for record in &WRITTEN.records {
        for field in ["timestamp", "level", "message", "function", "request_id"] {
            assert!(!text(record, field).is_empty(), "{field}: {record}");
        }
    }
}

#[test]
fn a_record_says_which_tenant_order_and_trace_it_is_about() {
    let created = WRITTEN.records.iter().find(|it| it["function"] == "create-order" && it["status"] == 201);
    let created = created.expect("the creation is there");
    assert_eq!(created["tenant"], "shop");
    assert_eq!((text(created, "correlation_id"), text(created, "trace_id")), (CORRELATION, TRACE));
    assert!(text(created, "order").parse::<uuid::Uuid>().is_ok(), "{created}");
}

#[test]
fn a_refusal_is_no_error() {
    let refused = WRITTEN.records.iter().filter(|it| it["code"] == "limit-exceeded").collect::<Vec<_>>();
    let [refused] = refused.as_slice() else { panic!("one refusal: {refused:#?}") };
    assert_eq!((text(refused, "level"), text(refused, "function")), ("INFO", "create-order"));
}

#[test]
fn a_failure_is_logged_once_with_its_cause() {
    let told = WRITTEN.records.iter().filter(|it| it.to_string().contains(CAUSE)).collect::<Vec<_>>();
    let [failure] = told.as_slice() else { panic!("once: {told:#?}") };
    assert_eq!((text(failure, "level"), text(failure, "function")), ("ERROR", "get-order"));
    assert_eq!(failure["code"], "unavailable");
    assert!(text(failure, "cause").contains(CAUSE), "{failure}");
    let loud = WRITTEN.records.iter().filter(|it| it["level"] != "INFO").count();
    assert_eq!(loud, 1, "nothing else is louder than information");
}

#[test]
fn nothing_personal_is_written() {
    for secret in [SUBJECT, PRODUCT_NAME, SKU, REASON, &uuid(9), "eyJ", "unitPrice", "customerId"] {
        let line = WRITTEN.lines.iter().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[test]
fn metrics_are_in_cloudwatchs_embedded_format() {
    assert!(!WRITTEN.metrics.is_empty());
    for line in &WRITTEN.metrics {
        assert!(line["_aws"]["Timestamp"].is_u64(), "{line}");
        let [directive] = directives(line) else { panic!("one directive: {line}") };
        assert_eq!(directive["Namespace"], "Penstock");
        for dimension in
            directive["Dimensions"].as_array().unwrap().iter().flat_map(|it| it.as_array().unwrap())
        {
            assert!(line[dimension.as_str().unwrap()].is_string(), "{dimension}: {line}");
        }
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(!numbers(&line[text(metric, "Name")]).is_empty(), "{metric}: {line}");
        }
    }
}

#[test]
fn every_promised_metric_is_measured_by_its_dimension() {
    let of = |function: &str, metric: &str| values(metric, &[("Function", function)]);
    assert_eq!(of("create-order", "Latency").len(), 3);
    assert!(of("create-order", "Latency").iter().all(|&ms| ms > 0.0));
    assert!(!of("project-orders", "Latency").is_empty());
    assert_eq!(of("create-order", "Refusals").iter().sum::<f64>(), 1.0);
    assert_eq!(of("get-order", "Errors").iter().sum::<f64>(), 1.0);
    assert!(of("list-orders", "Errors").is_empty());
    assert_eq!(values("Retries", &[]), [1.0]);
    for (transition, orders) in [("createOrder", 2.0), ("placeOrder", 2.0), ("cancelOrder", 1.0)] {
        let counted = values("OrderTransitions", &[("Transition", transition)]);
        assert_eq!(counted.iter().sum::<f64>(), orders, "{transition}");
    }
    // Three creations ask for the same product: the first reads it.
    let ratios = values("CacheHitRatio", &[("Cache", "products")]);
    assert_eq!(ratios, [0.0, 1.0, 1.0]);
}

/// What the day's work wrote to standard error.
struct Written {
    lines: Vec<String>,
    records: Vec<Value>,
    metrics: Vec<Value>,
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let this = std::env::current_exe().expect("a test is a program");
    let mut work = Command::new(this);
    work.args(["--exact", "telemetry::a_days_work", "--ignored", "--nocapture"]).env_remove("LOG_LEVEL");
    let output = work.output().expect("the day's work starts");
    let errors = String::from_utf8(output.stderr).expect("lines are text");
    assert!(output.status.success(), "{errors}");
    let lines: Vec<String> = errors.lines().map(str::to_owned).collect();
    let json = |line: &String| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let (metrics, records) = lines.iter().map(json).partition(|line: &Value| line.get("_aws").is_some());
    Written { lines, records, metrics }
});

/// All values of a metric that were measured under just these dimensions.
fn values(metric: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let mut values = Vec::new();
    for line in &WRITTEN.metrics {
        let named = line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0].as_array().map_or(0, Vec::len);
        if named == dimensions.len() && dimensions.iter().all(|(name, value)| line[name] == *value) {
            values.extend(numbers(&line[metric]));
        }
    }
    values
}

fn directives(line: &Value) -> &[Value] {
    line["_aws"]["CloudWatchMetrics"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A metric's value is a number, or at most a hundred of them.
fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) if values.len() <= 100 => values.iter().filter_map(Value::as_f64).collect(),
        value => value.as_f64().into_iter().collect(),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

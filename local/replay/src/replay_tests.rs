//! Whole replays against a small stand-in for the platform, which can be told to misbehave.
//!
//! The stand-in keeps orders in memory as JSON and knows no rules; the real platform's own tests replay the real file.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post, put};
use serde_json::{Value, json};

use crate::{Error, Options, Patience, Report, run};

const FILE: &str = "\
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,A1,\"HEART, \"\"WHITE\"\"\",6,01/12/2010 08:26,2.55,17850,EIRE
1,A1,\"HEART, \"\"WHITE\"\"\",6,01/12/2010 08:26,2.55,17850,EIRE
2,A2,LANTERN,2880,01/12/2010 08:28,0.07,17851,EIRE
3,A2,LANTERN,1,01/12/2010 08:29,1.1,,EIRE
3,POST,POSTAGE,1,01/12/2010 08:29,18,,EIRE
4,A2,LANTERN,one,01/12/2010 08:30,1.1,,EIRE
C5,A2,LANTERN,-2880,02/12/2010 08:28,0.07,17851,EIRE
C6,A1,HEART,-1,02/12/2010 08:28,2.55,17850,EIRE
";

#[tokio::test]
async fn a_replay_reconciles_and_a_second_one_adds_nothing() {
    let platform = Platform::start(Misbehaviour::None).await;
    let first = platform.replay().await.unwrap();
    assert!(first.reconciled(), "{first}");
    assert_eq!((first.created(), first.already_there(), first.cancelled()), (3, 0, 1));
    let second = platform.replay().await.unwrap();
    assert!(second.reconciled(), "{second}");
    assert_eq!((second.created(), second.already_there(), second.cancelled()), (0, 3, 1));
    assert!(second.to_string().contains("1 cancel an order (0 now, 1 before)"), "{second}");
    assert_eq!(platform.orders(), 3);
}

#[tokio::test]
async fn the_report_accounts_for_every_row_and_every_cancellation() {
    let report = Platform::start(Misbehaviour::None).await.replay().await.unwrap().to_string();
    for expected in [
        "not goods: POST (postage)",
        "line 7 (invoice 4): the quantity \"one\" is not a whole number",
        "2 cancellations: 1 cancel an order (1 now, 0 before)",
        "1 takes back a part of an order: C6",
        "Reconciled to the penny: 3 orders, no difference.",
    ] {
        assert!(report.contains(expected), "{expected:?} is not in\n{report}");
    }
    let sent = report.lines().find(|line| line.trim_start().starts_with("sent")).unwrap();
    assert_eq!(sent.split_whitespace().collect::<Vec<_>>(), ["sent", "3", "4", "2893", "233.30"]);
}

#[tokio::test]
async fn the_long_report_shows_every_invoice() {
    let report = Platform::start(Misbehaviour::None).await.replay().await.unwrap();
    let long = format!("{report:#}");
    let invoice = long.lines().find(|line| line.starts_with("2 ")).unwrap();
    assert_eq!(
        invoice.split_whitespace().collect::<Vec<_>>(),
        ["2", "CANCELLED", "1", "201.60", "201.60", "201.60"]
    );
}

#[tokio::test]
async fn a_platform_that_is_busy_or_stumbles_is_asked_again() {
    let platform = Platform::start(Misbehaviour::EveryThirdFails).await;
    let report = platform.replay().await.unwrap();
    assert!(report.reconciled(), "{report}");
    assert_eq!(platform.orders(), 3);
}

#[tokio::test]
async fn a_list_that_lags_is_waited_for() {
    let platform = Platform::start(Misbehaviour::ListLags).await;
    let report = platform.replay().await.unwrap();
    assert!(report.reconciled(), "{report}");
    assert!(platform.state.count() > 4, "the list never lagged");
}

#[tokio::test]
async fn a_penny_that_went_astray_is_found() {
    assert_finding(Misbehaviour::PennyMoreInTheList, "invoice 1, list: total: sent 30.60, got 30.61").await;
}

#[tokio::test]
async fn an_order_that_the_list_lost_is_found() {
    assert_finding(Misbehaviour::LosesOneInTheList, "invoice 1, list: list-orders does not show it").await;
}

#[tokio::test]
async fn an_order_made_twice_is_found() {
    assert_finding(Misbehaviour::CreatesTwice, "which this file did not send").await;
}

#[tokio::test]
async fn a_refused_order_is_found() {
    let finding = "invoice 2 was refused: 400 validation-failed too many units";
    assert_finding(Misbehaviour::RefusesManyUnits, finding).await;
}

#[tokio::test]
async fn orders_that_were_there_before_are_left_alone() {
    let platform = Platform::start(Misbehaviour::None).await;
    platform.state.orders.lock().unwrap().insert("0".to_owned(), order("0", "other", "PENDING", vec![]));
    let report = platform.replay().await.unwrap();
    assert!(report.reconciled(), "{report}");
    assert!(report.to_string().contains("besides 1 orders of the tenant"), "{report}");
}

#[tokio::test]
async fn an_order_that_moved_on_between_two_runs_is_compared_as_it_is_now() {
    let platform = Platform::start(Misbehaviour::None).await;
    platform.replay().await.unwrap();
    for order in platform.state.orders.lock().unwrap().values_mut() {
        order["status"] = "CANCELLED".into();
    }
    let second = platform.replay_waiting(Duration::ZERO).await.unwrap();
    assert!(second.reconciled(), "{second}");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_of_something_else_is_an_error() {
    let missing = options("no-such.csv".as_ref(), "");
    assert!(matches!(run(missing).await, Err(Error::Open { .. })));
    let file = file("a,b\n1,2\n");
    assert!(matches!(run(options(file.path(), "")).await, Err(Error::Read { .. })));
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_said_at_once() {
    let file = file(FILE);
    // Port 9 is the discard service's: nothing answers HTTP there.
    let begun = std::time::Instant::now();
    let error = run(options(file.path(), "http://127.0.0.1:9")).await.unwrap_err();
    assert!(error.to_string().ends_with("is the platform running there?"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_replay_may_run_on_any_thread() {
    fn assert_send(_: impl Send) {}
    assert_send(run(options("f".as_ref(), "")));
}

async fn assert_finding(misbehaviour: Misbehaviour, finding: &str) {
    let report = Platform::start(misbehaviour).await.replay_waiting(Duration::ZERO).await.unwrap();
    assert!(!report.reconciled(), "{report}");
    assert!(report.to_string().contains(finding), "{finding:?} is not in\n{report}");
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Misbehaviour {
    None,
    EveryThirdFails,
    ListLags,
    PennyMoreInTheList,
    LosesOneInTheList,
    CreatesTwice,
    RefusesManyUnits,
}

struct Platform {
    url: String,
    state: Arc<Shared>,
}

struct Shared {
    misbehaviour: Misbehaviour,
    requests: Mutex<u32>,
    skus: Mutex<BTreeMap<String, String>>,
    /// By idempotency key, which serves as the order's id.
    orders: Mutex<BTreeMap<String, Value>>,
}

type Reply = (StatusCode, String);

impl Platform {
    async fn start(misbehaviour: Misbehaviour) -> Self {
        let state = Arc::new(Shared {
            misbehaviour,
            requests: Mutex::default(),
            skus: Mutex::default(),
            orders: Mutex::default(),
        });
        let routes = Router::new()
            .route(
                "/dev/token",
                post(async || json!({"token": "t", "expiresAt": "2999-01-01T00:00:00Z"}).to_string()),
            )
            .route("/dev/tenants/{tenant}", put(async || "{}"))
            .route("/v1/products/{id}", put(put_product))
            .route("/v1/orders", post(create).get(list))
            .route("/v1/orders/{id}", get(show))
            .route("/v1/orders/{id}/cancellation", post(cancel))
            .with_state(state.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, state }
    }

    async fn replay(&self) -> Result<Report, Error> {
        self.replay_waiting(Patience::default().list).await
    }

    async fn replay_waiting(&self, standstill_max: Duration) -> Result<Report, Error> {
        let file = file(FILE);
        let patience = Patience { list: standstill_max, ..Patience::default() };
        run(Options { patience, ..options(file.path(), &self.url) }).await
    }

    fn orders(&self) -> usize {
        self.state.orders.lock().unwrap().len()
    }
}

impl Shared {
    /// The first few pages are behind.
    fn lags(&self) -> bool {
        self.count() < 4
    }

    fn stumbles(&self) -> bool {
        self.misbehaviour == Misbehaviour::EveryThirdFails && self.count().is_multiple_of(3)
    }

    fn count(&self) -> u32 {
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        *requests
    }
}

async fn put_product(state: State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Reply {
    let product: Value = serde_json::from_slice(&body).unwrap();
    state.skus.lock().unwrap().insert(id, product["sku"].as_str().unwrap().to_owned());
    (StatusCode::OK, "{}".to_owned())
}

async fn create(state: State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Reply {
    assert_eq!(headers["authorization"], "Bearer t");
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let mut orders = state.orders.lock().unwrap();
    if let Some(order) = orders.get(&key) {
        // As it was created, whatever has become of it since.
        let mut created = order.clone();
        created["status"] = "PENDING".into();
        return (StatusCode::CONFLICT, created.to_string());
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let items = body["items"].as_array().unwrap();
    if state.misbehaviour == Misbehaviour::RefusesManyUnits && items[0]["quantity"].as_i64().unwrap() > 100 {
        let problem = json!({"code": "validation-failed", "detail": "too many units"});
        return (StatusCode::BAD_REQUEST, problem.to_string());
    }
    let skus = state.skus.lock().unwrap();
    let items = items.iter().map(|item| {
        let mut item = item.clone();
        item["sku"] = skus[item["productId"].as_str().unwrap()].clone().into();
        item["lineTotal"] = pounds(pence(&item["unitPrice"]) * item["quantity"].as_i64().unwrap());
        item
    });
    let order = order(&key, body["customerId"].as_str().unwrap(), "PENDING", items.collect());
    if state.misbehaviour == Misbehaviour::CreatesTwice && orders.is_empty() {
        let twin = "00000000-0000-0000-0000-000000000001";
        let mut second = order.clone();
        second["orderId"] = twin.into();
        orders.insert(twin.to_owned(), second);
    }
    orders.insert(key, order.clone());
    // It stumbles after the work is done: trying again must not create a second order.
    if state.stumbles() {
        return (StatusCode::SERVICE_UNAVAILABLE, String::new());
    }
    (StatusCode::CREATED, order.to_string())
}

async fn show(state: State<Arc<Shared>>, Path(id): Path<String>) -> Reply {
    if state.stumbles() {
        return (StatusCode::TOO_MANY_REQUESTS, String::new());
    }
    (StatusCode::OK, state.orders.lock().unwrap()[&id].to_string())
}

async fn cancel(state: State<Arc<Shared>>, Path(id): Path<String>) -> Reply {
    let mut orders = state.orders.lock().unwrap();
    let order = orders.get_mut(&id).unwrap();
    order["status"] = "CANCELLED".into();
    (StatusCode::OK, order.to_string())
}

/// One order a page, so that cursors are followed; a cursor is what must be escaped.
async fn list(state: State<Arc<Shared>>, RawQuery(query): RawQuery) -> Reply {
    let query = query.unwrap();
    let place: usize = query.split_once("cursor=%2B").map_or(0, |(_, place)| place.parse().unwrap());
    let orders = state.orders.lock().unwrap();
    let mut shown: Vec<Value> = orders.values().cloned().collect();
    let first = shown.iter().position(|order| order["totalAmount"] == pounds(3060));
    match (state.misbehaviour, first) {
        (Misbehaviour::PennyMoreInTheList, Some(first)) => shown[first]["totalAmount"] = pounds(3061),
        (Misbehaviour::ListLags, Some(first)) if state.lags() => drop(shown.remove(first)),
        (Misbehaviour::LosesOneInTheList, Some(first)) => drop(shown.remove(first)),
        _ => {}
    }
    let mut page = json!({"orders": shown.get(place).into_iter().collect::<Vec<_>>()});
    if place + 1 < shown.len() {
        page["nextCursor"] = format!("+{}", place + 1).into();
    }
    (StatusCode::OK, page.to_string())
}

fn order(id: &str, customer: &str, status: &str, items: Vec<Value>) -> Value {
    let total = items.iter().map(|item| pence(&item["lineTotal"])).sum();
    let uuid =
        |text: &str| if text.len() == 36 { text } else { "00000000-0000-0000-0000-000000000000" }.to_owned();
    json!({"orderId": uuid(id), "customerId": uuid(customer), "status": status, "items": items, "totalAmount": pounds(total)})
}

/// Amounts as small as these survive the stand-in's floats.
fn pence(money: &Value) -> i64 {
    (money["amount"].as_f64().unwrap() * 100.0).round() as i64
}

fn pounds(pence: i64) -> Value {
    json!({"amount": pence as f64 / 100.0, "currency": "GBP"})
}

fn options(file: &std::path::Path, url: &str) -> Options {
    let (tenant, patience) = ("acme".to_owned(), Patience::default());
    Options { file: file.to_owned(), url: url.to_owned(), tenant, checkout: false, patience }
}

fn file(content: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.as_bytes()).unwrap();
    file
}

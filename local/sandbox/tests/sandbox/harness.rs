//! A sandbox, somebody who takes its webhooks, and a clock that can be moved.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use penstock_sandbox::{Options, Place, Sandbox, Timing};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use tokio::net::TcpListener;

/// Everything that waits is waited for no longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) receiver: Receiver,
    pub(crate) dev_url: String,
    clock: Arc<AtomicI64>,
    key: String,
    carrier_key: String,
}

/// Takes webhooks, and answers them as it is told.
#[derive(Clone, Default)]
pub(crate) struct Receiver {
    taken: Arc<Mutex<Vec<Taken>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

/// A webhook as it came.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Taken {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

impl Receiver {
    /// The next webhooks are answered so; all others with 200.
    pub(crate) fn answers(&self, statuses: impl IntoIterator<Item = u16>) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn kinds(&self) -> Vec<String> {
        self.taken().iter().map(Taken::kind).collect()
    }

    /// Waits for so many webhooks in all.
    pub(crate) async fn until(&self, count: usize) -> Vec<Taken> {
        let all = async {
            while self.taken().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, all).await;
        assert!(waited.is_ok(), "{count} webhooks were expected, and came: {:?}", self.kinds());
        self.taken()
    }
}

/// Short times, so that tests do not wait; what is late comes when the clock is moved.
pub(crate) fn options() -> Options {
    let timing = Timing {
        slow: Duration::from_millis(300),
        cut: Duration::from_millis(300),
        late: Duration::from_hours(1),
        again: Duration::from_millis(10),
        ..Timing::default()
    };
    Options { timing, ..Options::memory() }
}

pub(crate) fn in_file(folder: &Path) -> Options {
    Options { place: Place::File(folder.join("sandbox.sqlite")), ..options() }
}

impl World {
    /// A sandbox in memory whose webhooks are taken.
    pub(crate) async fn new() -> Self {
        Self::with(options()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let world = Self::without_receiver(options).await;
        let url = serve(Router::new().route("/hooks", post(take)).with_state(world.receiver.clone())).await;
        world.sandbox.set_payment_webhook_url(&format!("{url}/hooks"));
        world.sandbox.set_carrier_webhook_url(&format!("{url}/hooks"));
        world
    }

    pub(crate) async fn without_receiver(options: Options) -> Self {
        let clock = Arc::new(AtomicI64::new(Timestamp::now().as_millisecond()));
        let moved = Arc::clone(&clock);
        let (key, carrier_key) = (options.payment_key.clone(), options.carrier_key.clone());
        let clock_of = move || Timestamp::from_millisecond(moved.load(Ordering::SeqCst)).unwrap();
        let sandbox = Sandbox::start(Options { clock: Arc::new(clock_of), ..options }).await.unwrap();
        let dev_url = serve(sandbox.dev_router()).await;
        Self { sandbox, receiver: Receiver::default(), dev_url, clock, key, carrier_key }
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.clock.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// A call of the payment provider with form parameters, and a key unless it is empty.
    pub(crate) fn call(&self, path: &str, key: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Client::new()
            .post(format!("{}{path}", self.sandbox.payments_url()))
            .bearer_auth(&self.key)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        if key.is_empty() { request } else { request.header("idempotency-key", key) }
    }

    pub(crate) async fn post(&self, path: &str, key: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.call(path, key, form).send().await.unwrap()).await
    }

    /// Authorises 12.50 with this method.
    pub(crate) async fn authorise(&self, method: &str, key: &str) -> Answer {
        self.post("/v1/payment_intents", key, &authorisation(method)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.sandbox.payments_url());
        Answer::of(Client::new().get(url).bearer_auth(&self.key).send().await.unwrap()).await
    }

    pub(crate) fn ship(&self, key: &str, shipment: &Value) -> RequestBuilder {
        let request = Client::new()
            .post(format!("{}/v1/shipments", self.sandbox.carrier_url()))
            .bearer_auth(&self.carrier_key)
            .json(shipment);
        if key.is_empty() { request } else { request.header("idempotency-key", key) }
    }

    pub(crate) fn call_back(&self, id: &str) -> RequestBuilder {
        let url = format!("{}/v1/shipments/{id}/cancellation", self.sandbox.carrier_url());
        Client::new().post(url).bearer_auth(&self.carrier_key)
    }

    /// What is answered for an id, or for a query beginning with `?`.
    pub(crate) async fn shipment(&self, id: &str) -> Answer {
        let separator = if id.starts_with('?') { "" } else { "/" };
        let url = format!("{}/v1/shipments{separator}{id}", self.sandbox.carrier_url());
        Answer::of(Client::new().get(url).bearer_auth(&self.carrier_key).send().await.unwrap()).await
    }

    pub(crate) async fn dev(&self, path: &str) -> Value {
        Client::new().get(format!("{}{path}", self.dev_url)).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn page(&self, path: &str) -> String {
        let request = Client::new().get(format!("{}{path}", self.dev_url)).header("accept", "text/html");
        request.send().await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn switch(&self, path: &str) {
        let answer = Client::new().post(format!("{}{path}", self.dev_url)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}

pub(crate) fn authorisation(method: &str) -> Vec<(&str, &str)> {
    vec![
        ("amount", "1250"),
        ("currency", "gbp"),
        ("payment_method", method),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("metadata[order]", "7"),
    ]
}

/// An answer that was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, body: response.json().await.unwrap() }
    }

    pub(crate) fn id(&self) -> &str {
        assert!(self.status < 300, "{self:?}");
        self.body["id"].as_str().unwrap()
    }

    pub(crate) fn error(&self) -> &Value {
        &self.body["error"]
    }

    pub(crate) fn is_replayed(&self) -> bool {
        self.headers.get("idempotent-replayed").is_some_and(|it| it == "true")
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.taken.lock().unwrap().push(Taken { headers, body });
    let status = receiver.answers.lock().unwrap().pop_front();
    StatusCode::from_u16(status.unwrap_or(200)).unwrap()
}

async fn serve(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

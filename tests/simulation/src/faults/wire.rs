//! Faults on the way to companies outside, and of their news on the way to us: slow, cut, late, double, and so out of order.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::response::Response;
use penstock_local::Platform;
use tokio::net::TcpListener;

use super::Storm;
use crate::dice::Dice;
use crate::timeline::scene::{self, Scene};

/// How long a slow company takes to answer. Callers wait for less at times.
const SLOW_MS: std::ops::Range<u64> = 500..40_000;
/// How late news are: their sender waits for longer.
const LATE_MS: std::ops::Range<u64> = 100..9_000;
/// How much later they come once more.
const AGAIN_MS: std::ops::Range<u64> = 1..60_000;
const BODY_MAX_BYTES: usize = 16 * 1024 * 1024;

/// What stands between the platform and the companies outside.
pub struct Wires {
    payments: Wire,
    carrier: Wire,
    news: Wire,
}

impl Wires {
    /// Three of them; none in weather that leaves them alone, as each costs time.
    pub async fn open(storm: &Arc<Storm>) -> Option<Self> {
        if storm.weather.outside + storm.weather.news == 0.0 {
            return None;
        }
        let payments = Wire::open(storm, Way::Call, "calls to the payment provider").await;
        let carrier = Wire::open(storm, Way::Call, "calls to the carrier").await;
        let news = Wire::open(storm, Way::News, "news").await;
        Some(Self { payments, carrier, news })
    }

    /// Where the platform shall find the companies.
    #[must_use]
    pub fn parameters(&self) -> [(String, String); 2] {
        [
            ("PaymentsUrl".to_owned(), self.payments.url.clone()),
            ("CarrierUrl".to_owned(), self.carrier.url.clone()),
        ]
    }

    /// Leads on to where the companies are, and their news to the platform.
    pub fn connect(&self, platform: &Platform) {
        let outside = platform.outside();
        self.payments.lead_to(outside.payments_url());
        self.carrier.lead_to(outside.carrier_url());
        self.news.lead_to(platform.url());
        outside.set_payment_webhook_url(&format!("{}/v1/webhooks/payments", self.news.url));
        outside.set_carrier_webhook_url(&format!("{}/v1/webhooks/carrier", self.news.url));
    }
}

/// Which way it goes.
#[derive(Clone, Copy)]
enum Way {
    /// From us to a company.
    Call,
    /// From a company to us.
    News,
}

/// One wire, with an end of its own to be spoken into.
struct Wire {
    url: String,
    line: Arc<Line>,
}

struct Line {
    way: Way,
    storm: Arc<Storm>,
    dice: Dice,
    http: reqwest::Client,
    leads_to: OnceLock<String>,
}

impl Wire {
    async fn open(storm: &Arc<Storm>, way: Way, purpose: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let line = Arc::new(Line {
            way,
            storm: Arc::clone(storm),
            dice: storm.dice(purpose),
            http: reqwest::Client::builder().no_proxy().build().expect("a client without TLS"),
            leads_to: OnceLock::new(),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&line));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, line }
    }

    fn lead_to(&self, url: &str) {
        self.line.leads_to.set(url.to_owned()).expect("it is connected once");
    }
}

async fn pass(State(line): State<Arc<Line>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX_BYTES).await else { return hang_up() };
    let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
    let scene = Scene::of_wire(&line.storm.journal.watch, &head.method, path, &body);
    let passing = async {
        match line.way {
            Way::Call => line.call(&head, body).await,
            Way::News => line.tell(head, body).await,
        }
    };
    scene::within(scene, passing).await
}

impl Line {
    fn strikes(&self, kind: &'static str, probability: f64) -> bool {
        self.storm.strikes(&self.dice, kind, probability)
    }

    async fn call(&self, head: &Parts, body: Bytes) -> Response {
        let likely = self.storm.weather.outside;
        if self.strikes("a call outside is cut before it took effect", likely / 3.0) {
            return hang_up();
        }
        let answer = self.forward(head, body).await;
        if self.strikes("a call outside takes effect and is not answered", likely / 3.0) {
            return hang_up();
        }
        if self.strikes("a company outside is slow", likely / 3.0) {
            tokio::time::sleep(self.dice.span(SLOW_MS)).await;
        }
        answer
    }

    async fn tell(self: Arc<Self>, head: Parts, body: Bytes) -> Response {
        let likely = self.storm.weather.news;
        if self.strikes("news of a company outside come late", likely) {
            tokio::time::sleep(self.dice.span(LATE_MS)).await;
        }
        if self.strikes("news of a company outside come once more", likely) {
            let (line, head, body, pause) =
                (Arc::clone(&self), head.clone(), body.clone(), self.dice.span(AGAIN_MS));
            tokio::spawn(async move {
                tokio::time::sleep(pause).await;
                // Nobody waits for the answer.
                drop(line.forward(&head, body).await);
            });
        }
        self.forward(&head, body).await
    }

    async fn forward(&self, head: &Parts, body: Bytes) -> Response {
        let path = head.uri.path_and_query().map_or("/", |it| it.as_str());
        let url = format!("{}{path}", self.leads_to.get().expect("it is connected before anybody speaks"));
        let request =
            self.http.request(head.method.clone(), url).headers(end_to_end(&head.headers)).body(body);
        let Ok(answer) = request.timeout(Duration::from_secs(120)).send().await else { return hang_up() };
        let (status, headers) = (answer.status(), end_to_end(answer.headers()));
        let Ok(body) = answer.bytes().await else { return hang_up() };
        scene::is_known_by_its_answer(&body);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// The headers that are not of one connection only.
fn end_to_end(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

/// No answer: the body of one fails before a byte of it is sent.
fn hang_up() -> Response {
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    Response::new(Body::from_stream(futures::stream::once(std::future::ready(Err::<Bytes, _>(cut)))))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;

    use super::*;
    use crate::faults::Weather;

    #[tokio::test]
    async fn what_is_said_arrives_as_it_was_said_and_so_does_the_answer() {
        let it = Setting::new(Weather::calm()).await;
        let answer = it.say().await.expect("nothing is cut in calm weather");
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(answer.headers()["idempotent-replayed"], "true");
        assert_eq!(answer.text().await.unwrap(), "POST /v1/things?a=b key-1 body");
        assert_eq!(it.heard(), 1);
    }

    #[tokio::test]
    async fn a_call_that_is_cut_before_it_took_effect_is_not_heard_and_not_answered() {
        let it = Setting::new(Weather { outside: 3.0, ..Weather::calm() }).await;
        assert!(it.say().await.is_err());
        assert_eq!(it.heard(), 0);
    }

    struct Setting {
        wire: Wire,
        heard: Arc<AtomicUsize>,
    }

    impl Setting {
        async fn new(weather: Weather) -> Self {
            let storm = Arc::new(Storm::new(1, weather, Arc::default()));
            storm.begin();
            let wire = Wire::open(&storm, Way::Call, "calls").await;
            let heard = Arc::<AtomicUsize>::default();
            wire.lead_to(&company(Arc::clone(&heard)).await);
            Self { wire, heard }
        }

        async fn say(&self) -> reqwest::Result<reqwest::Response> {
            let http = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = http.post(format!("{}/v1/things?a=b", self.wire.url));
            request.header("idempotency-key", "key-1").body("body").send().await
        }

        fn heard(&self) -> usize {
            self.heard.load(Ordering::SeqCst)
        }
    }

    /// A company that answers with what it heard; where it is.
    async fn company(heard: Arc<AtomicUsize>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(move |request: Request| async move {
            heard.fetch_add(1, Ordering::SeqCst);
            let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
            let said = format!("{} {} {key}", request.method(), request.uri());
            let body = to_bytes(request.into_body(), BODY_MAX_BYTES).await.unwrap();
            let said = format!("{said} {}", String::from_utf8_lossy(&body));
            (StatusCode::CREATED, [("idempotent-replayed", "true")], said)
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

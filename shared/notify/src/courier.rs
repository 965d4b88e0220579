//! Webhooks over HTTPS: one signed POST, answered in time or not, without redirects.
//!
//! A door is a webhook's URL. Doors do not wait for each other: few calls are under way at one, and one that did not open for three in a
//! row is left alone for a while.

mod doors;
mod resolver;
mod signature;

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use penstock_application::webhooks::{Answer, Courier, Parcel, Undelivered};
use penstock_domain::webhook::{Reach, Target};
use tokio::time::timeout;

use doors::Doors;
use resolver::{PublicResolver, Unresolved};

/// How much of an answer is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 500;
/// Lambda freezes between invocations: a connection that was idle for longer may be dead.
const IDLE_MAX: Duration = Duration::from_secs(20);
/// The structured mode of CloudEvents' HTTP binding.
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
const USER_AGENT: &str = concat!("Penstock/", env!("CARGO_PKG_VERSION"));

type Body = Full<Bytes>;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Until there is a connection.
    pub connect: Duration,
    /// From the start to the answer, as Standard Webhooks advises (15 to 30 s).
    pub whole: Duration,
    /// Until one's turn at a door comes.
    pub turn: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            whole: Duration::from_secs(15),
            turn: Duration::from_secs(20),
        }
    }
}

/// A courier over HTTPS. It does no I/O until it carries something.
pub struct HttpCourier {
    client: Client<HttpsConnector<HttpConnector<PublicResolver>>, Body>,
    reach: Reach,
    times: Times,
    doors: Doors,
}

impl HttpCourier {
    /// A courier that goes as far as `reach`.
    ///
    /// # Panics
    /// Never: ring speaks TLS.
    pub fn new(reach: Reach, times: Times) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(PublicResolver::new(reach));
        tcp.set_connect_timeout(Some(times.connect));
        tcp.set_nodelay(true);
        tcp.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("ring speaks TLS 1.2 and 1.3")
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self { client, reach, times, doors: Doors::default() }
    }

    /// Sends a request once; how it was answered, or why it was not.
    async fn post(&self, parcel: &Parcel<'_>) -> Result<Answer, String> {
        let request = request(parcel)?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| told(&error))?;
            let (status, beginning) = read(response).await;
            Ok(Answer { status, beginning })
        };
        let late = || format!("no answer within {} s", self.times.whole.as_secs());
        timeout(self.times.whole, exchange).await.map_err(|_| late())?
    }
}

impl Courier for HttpCourier {
    async fn carry(&self, parcel: &Parcel<'_>) -> Result<Answer, Undelivered> {
        // The resolver is not asked about an address that stands in the URL itself, so that is judged here, and anew each time.
        Target::parse(parcel.url, self.reach).map_err(|it| Undelivered::Failed(format!("the URL {it}")))?;
        let door = self.doors.of(parcel.webhook);
        let not_tried = |after| Undelivered::NotTried { after };
        let turn = door.turn(self.times.turn).await.map_err(not_tried)?;
        let answer = self.post(parcel).await;
        turn.judge(answer.is_err());
        answer.map_err(Undelivered::Failed)
    }
}

fn request(parcel: &Parcel<'_>) -> Result<Request<Body>, String> {
    let timestamp = parcel.at.as_second();
    let signature = signature::header(parcel.secrets, parcel.event_id, timestamp, parcel.body)
        .map_err(|error| format!("it cannot be signed: {error}"))?;
    Request::post(parcel.url)
        .header("content-type", CONTENT_TYPE)
        .header("user-agent", USER_AGENT)
        .header(standardwebhooks::HEADER_WEBHOOK_ID, parcel.event_id)
        .header(standardwebhooks::HEADER_WEBHOOK_TIMESTAMP, timestamp)
        .header(standardwebhooks::HEADER_WEBHOOK_SIGNATURE, signature)
        .header("penstock-delivery-id", parcel.delivery.to_string())
        .body(Body::from(parcel.body.to_owned()))
        .map_err(|error| format!("it cannot be sent: {error}"))
}

/// The status of an answer, and how its body begins, without what would disturb a log or a page.
async fn read(response: Response<hyper::body::Incoming>) -> (u16, String) {
    let status = response.status().as_u16();
    let (mut body, mut beginning) = (response.into_body(), Vec::new());
    while beginning.len() < ANSWER_BYTES_MAX {
        // What was answered counts, even when the connection ends before the body does.
        let Some(Ok(frame)) = body.frame().await else { break };
        beginning.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
    }
    beginning.truncate(ANSWER_BYTES_MAX);
    let text = String::from_utf8_lossy(&beginning);
    (status, text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect())
}

/// Why there is no answer, in words for the webhook's owner: nothing of what our resolver found is among them.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    loop {
        if let Some(unresolved) = cause.downcast_ref::<Unresolved>() {
            return unresolved.to_string();
        }
        match cause.source() {
            Some(deeper) => cause = deeper,
            None => return format!("no connection: {cause}"),
        }
    }
}

#[cfg(test)]
mod tests;

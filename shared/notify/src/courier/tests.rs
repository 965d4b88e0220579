//! The courier at doors on this machine.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use penstock_domain::webhook::Secret;
use penstock_domain::{DeliveryId, WebhookId};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;

const BODY: &str = r#"{"specversion":"1.0","data":{"amount":12.50}}"#;

#[tokio::test]
async fn a_parcel_arrives_signed_and_to_the_byte() {
    let house = House::open(|_| Response::new(Full::from("thank you"))).await;
    let answer = carry(&courier(), &house.url).await.unwrap();
    assert_eq!(answer, Answer { status: 200, beginning: "thank you".to_owned() });
    let [(headers, body)] = house.calls().try_into().unwrap();
    assert_eq!(body, BODY.as_bytes());
    assert_eq!(headers["webhook-id"], "acme/o-1/2");
    assert_eq!(headers["penstock-delivery-id"], delivery().to_string());
    assert_eq!(headers["content-type"], "application/cloudevents+json; charset=utf-8");
    let receiver = standardwebhooks::Webhook::new("whsec_YQ==").unwrap();
    receiver.verify(&body, &headers).unwrap();
    assert!(receiver.verify(b"{}", &headers).is_err());
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let inside = House::open(|_| Response::new(Full::from("secrets"))).await;
    let to = inside.url.clone();
    let house = House::open(move |_| {
        Response::builder().status(307).header("location", &to).body(Full::default()).unwrap()
    })
    .await;
    assert_eq!(carry(&courier(), &house.url).await.unwrap().status, 307);
    assert_eq!(inside.calls().len(), 0);
}

#[tokio::test]
async fn nothing_is_sent_inside_whatever_it_is_called() {
    let house = House::open(|_| Response::new(Full::default())).await;
    let port = house.url.rsplit(':').next().unwrap().trim_end_matches('/').to_owned();
    let courier = HttpCourier::new(Reach::Internet, Times::default());
    for host in ["127.0.0.1", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001"] {
        for scheme in ["http", "https"] {
            let error = carry(&courier, &format!("{scheme}://{host}:{port}/")).await.unwrap_err();
            assert!(matches!(error, Undelivered::Failed(_)), "{host}: {error:?}");
        }
    }
    assert_eq!(house.calls().len(), 0);
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_resolved() {
    let house = House::open(|_| Response::new(Full::default())).await;
    let port: u16 = house.url.rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let mut tcp = HttpConnector::new_with_resolver(PublicResolver::new(Reach::Internet));
    tcp.enforce_http(false);
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build(tcp);
    let request = Request::get(format!("http://localhost:{port}/")).body(Body::default()).unwrap();
    let error = client.request(request).await.unwrap_err();
    assert_eq!(told(&error), Unresolved::Forbidden.to_string());
    assert_eq!(house.calls().len(), 0);
}

#[tokio::test]
async fn whoever_does_not_answer_in_time_has_not_answered() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let times = Times { whole: Duration::from_millis(50), ..Times::default() };
    let courier = HttpCourier::new(Reach::InternetAndLoopback, times);
    let error = carry(&courier, &url).await.unwrap_err();
    assert_eq!(error, Undelivered::Failed("no answer within 0 s".to_owned()));
}

#[tokio::test]
async fn a_closed_door_says_so_and_is_then_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let courier = courier();
    for _ in 0..3 {
        let Err(Undelivered::Failed(why)) = carry(&courier, &url).await else { panic!("it is closed") };
        assert!(why.starts_with("no connection: "), "{why}");
    }
    assert!(matches!(carry(&courier, &url).await, Err(Undelivered::NotTried { .. })));
}

#[tokio::test]
async fn of_a_long_answer_the_beginning_is_kept() {
    let house = House::open(|_| Response::new(Full::from("a\n".repeat(400_000)))).await;
    let answer = carry(&courier(), &house.url).await.unwrap();
    assert_eq!(answer.beginning, "a ".repeat(ANSWER_BYTES_MAX / 2));
}

type Calls = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

/// A server on this machine that answers as it is told.
struct House {
    url: String,
    calls: Calls,
}

impl House {
    async fn open(answer: impl Fn(&HeaderMap) -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (calls, answer) = (Calls::default(), Arc::new(answer));
        let kept = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes().to_vec();
                        let response = answer(&head.headers);
                        kept.lock().unwrap().push((head.headers, body));
                        Ok::<_, Infallible>(response)
                    }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { url, calls }
    }

    fn calls(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        self.calls.lock().unwrap().clone()
    }
}

fn courier() -> HttpCourier {
    HttpCourier::new(Reach::InternetAndLoopback, Times::default())
}

async fn carry(courier: &HttpCourier, url: &str) -> Result<Answer, Undelivered> {
    let secret = Secret::new("whsec_YQ==".to_owned());
    let parcel = Parcel {
        webhook: WebhookId::from(Uuid::from_u128(1)),
        url,
        secrets: &[&secret],
        event_id: "acme/o-1/2",
        delivery: delivery(),
        at: jiff::Timestamp::now(),
        body: BODY,
    };
    courier.carry(&parcel).await
}

fn delivery() -> DeliveryId {
    DeliveryId::from(Uuid::from_u128(2))
}

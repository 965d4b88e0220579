//! A server of a tenant's own, on this machine, that gets webhooks and answers as it is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

/// Nothing takes longer than this, or a test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A receiver, until it is dropped.
pub struct Receiver {
    /// Where it is.
    pub url: String,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

/// A delivery as it came.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, to the byte.
    pub body: Bytes,
}

struct Inner {
    status: Mutex<StatusCode>,
    pause: Mutex<Duration>,
    delivered: Mutex<Vec<Delivered>>,
    answered: AtomicUsize,
}

impl Receiver {
    /// A receiver that answers 204.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}/", listener.local_addr().expect("it listens"));
        let inner = Arc::new(Inner {
            status: Mutex::new(StatusCode::NO_CONTENT),
            pause: Mutex::default(),
            delivered: Mutex::default(),
            answered: AtomicUsize::default(),
        });
        let router = Router::new().fallback(receive).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves until it is dropped");
        });
        Self { url, inner, server }
    }

    /// From now on it answers that, after so long.
    ///
    /// # Panics
    /// When that is no HTTP status.
    pub fn answer(&self, status: u16, pause: Duration) {
        *self.inner.status.lock().expect("no test panics here") =
            StatusCode::from_u16(status).expect("a status");
        *self.inner.pause.lock().expect("no test panics here") = pause;
    }

    /// What came so far.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.inner.delivered.lock().expect("no test panics here").clone()
    }

    /// How much of it was answered.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.inner.answered.load(Ordering::SeqCst)
    }

    /// What came, once it is so much.
    ///
    /// # Panics
    /// When that does not come.
    pub async fn delivered_at_least(&self, count: usize) -> Vec<Delivered> {
        let end = Instant::now() + PATIENCE;
        loop {
            let delivered = self.delivered();
            if delivered.len() >= count {
                return delivered;
            }
            assert!(Instant::now() < end, "{} of {count} deliveries came", delivered.len());
            sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Delivered {
    /// The event.
    ///
    /// # Panics
    /// When it is no JSON.
    #[must_use]
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an event is JSON")
    }

    /// A header, empty when it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    /// Whether it is signed with that secret, by the library that receivers use.
    ///
    /// # Panics
    /// When that is no secret.
    #[must_use]
    pub fn is_signed_with(&self, secret: &str) -> bool {
        Webhook::new(secret).expect("a secret").verify(&self.body, &self.headers).is_ok()
    }
}

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let pause = *inner.pause.lock().expect("no test panics here");
    inner.delivered.lock().expect("no test panics here").push(Delivered { headers, body });
    sleep(pause).await;
    inner.answered.fetch_add(1, Ordering::SeqCst);
    *inner.status.lock().expect("no test panics here")
}

//! The tenants' own servers, which get webhooks: they lose some, are slow at times, and write down what came.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::faults::Storm;
use crate::timeline::scene::{self, Scene};

/// A server for all tenants, each at a path of its own.
pub struct Receiver {
    /// Where it listens.
    pub url: String,
    books: Arc<Books>,
}

struct Books {
    storm: Arc<Storm>,
    dice: Dice,
    /// What came, by tenant.
    came: Mutex<BTreeMap<String, Vec<Came>>>,
    /// Whose server is away, and until when.
    away: Mutex<Option<(String, Instant)>>,
}

/// A webhook that came, and was answered with 204.
#[derive(Debug, Clone)]
pub struct Came {
    /// The event's id.
    pub event: String,
    /// The body.
    pub body: Bytes,
}

impl Receiver {
    /// On any free port.
    pub async fn open(storm: &Arc<Storm>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let books = Arc::new(Books {
            storm: Arc::clone(storm),
            dice: storm.dice("receiver"),
            came: Mutex::default(),
            away: Mutex::default(),
        });
        let router =
            Router::new().route("/{tenant}", axum::routing::post(receive)).with_state(Arc::clone(&books));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, books }
    }

    /// A tenant's server is away for so long.
    pub(crate) fn leave(&self, tenant: &str, lasts: Duration) {
        let away = (tenant.to_owned(), Instant::now() + lasts);
        *self.books.away.lock().unwrap_or_else(PoisonError::into_inner) = Some(away);
    }

    /// What came to a tenant.
    #[must_use]
    pub fn came(&self, tenant: &str) -> Vec<Came> {
        self.books
            .came
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(tenant)
            .cloned()
            .unwrap_or_default()
    }
}

impl Books {
    fn is_away(&self, tenant: &str) -> bool {
        let away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        away.as_ref().is_some_and(|(who, until)| who == tenant && Instant::now() < *until)
    }
}

async fn receive(
    State(books): State<Arc<Books>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let event = headers.get("webhook-id").and_then(|it| it.to_str().ok()).unwrap_or_default().to_owned();
    let scene = Scene::of_webhook(&books.storm.journal.watch, &tenant, &event, &body);
    scene::within(scene, async {
        let status = take(&books, tenant, event, body).await;
        scene::receives(status.as_u16());
        status
    })
    .await
}

async fn take(books: &Books, tenant: String, event: String, body: Bytes) -> StatusCode {
    let strikes = |kind, probability| books.storm.strikes(&books.dice, kind, probability);
    if books.is_away(&tenant) || strikes("a tenant's server fails", books.storm.weather.before) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if strikes("a tenant's server is slow", books.storm.weather.slow) {
        tokio::time::sleep(Duration::from_secs(20)).await;
    }
    let mut came = books.came.lock().unwrap_or_else(PoisonError::into_inner);
    came.entry(tenant).or_default().push(Came { event, body });
    StatusCode::NO_CONTENT
}

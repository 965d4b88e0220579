//! Lambda's Runtime API for one instance: it asks for the next invocation, and posts what came of it.
//!
//! Source: "Using the Lambda runtime API for custom runtimes", AWS Lambda Developer Guide.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use penstock_platform::function::Invocation;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::functions::PAYLOAD_MAX_BYTES;
use crate::handler::Failure;

/// What an invocation came to.
pub(super) type Answer = Result<Vec<u8>, Failure>;

/// An invocation on its way to the instance.
pub(super) struct Job {
    pub(super) payload: Vec<u8>,
    pub(super) invocation: Invocation,
    pub(super) function_arn: String,
    pub(super) timeout: Duration,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What the API and the instance's keeper share.
pub(super) struct Session {
    jobs: tokio::sync::Mutex<mpsc::Receiver<Job>>,
    running: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    /// Told when the instance asks for work the first time, or says that it cannot start.
    started: Notify,
    init_error: Mutex<Option<Failure>>,
}

impl Session {
    /// A session, and where its jobs are put. One job is under way at a time.
    pub(super) fn new() -> (Arc<Self>, mpsc::Sender<Job>) {
        let (sender, jobs) = mpsc::channel(1);
        let session = Self {
            jobs: tokio::sync::Mutex::new(jobs),
            running: Mutex::default(),
            started: Notify::new(),
            init_error: Mutex::default(),
        };
        (Arc::new(session), sender)
    }

    /// Until the instance is ready, or has said why it is not.
    pub(super) async fn started(&self) -> Result<(), Failure> {
        self.started.notified().await;
        self.init_error.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// The API.
    pub(super) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(self))
    }

    /// Hands on what came of the invocation; `false` when it is not the one under way.
    fn finish(&self, id: &str, answer: Answer) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match running.take() {
            // Nobody waits any longer when the invocation's time was over.
            Some((running, waiting)) if running == id => waiting.send(answer).is_ok(),
            other => {
                *running = other;
                false
            }
        }
    }
}

async fn next(State(session): State<Arc<Session>>) -> Response {
    session.started.notify_one();
    // It is closed when the instance is to end, which then is killed: it waits for nothing until then.
    let Some(job) = session.jobs.lock().await.recv().await else { return StatusCode::GONE.into_response() };
    let id = job.invocation.request_id;
    *session.running.lock().unwrap_or_else(PoisonError::into_inner) = Some((id.clone(), job.answer));
    let mut response = Response::new(Body::from(job.payload));
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + job.timeout;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", job.function_arn),
        ("lambda-runtime-trace-id", format!("Root=1-{:08x}-{}", deadline.as_secs(), trace())),
    ];
    for (name, value) in headers {
        // A caller's request id that is no header's value is not handed on.
        let value = HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static(""));
        response.headers_mut().insert(name, value);
    }
    response
}

/// 96 bits, as X-Ray has them.
fn trace() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..24].to_owned()
}

async fn response(State(session): State<Arc<Session>>, Path(id): Path<String>, body: Body) -> Response {
    match within_limit(body).await {
        Ok(answer) => ended(&session, &id, answer),
        // Who sent it is gone.
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// A body, or that it is larger than Lambda takes. It is read to its end even so: an instance that is cut off while it
/// sends would not get to know why.
async fn within_limit(mut body: Body) -> Result<Answer, axum::Error> {
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        size += data.len();
        if size <= PAYLOAD_MAX_BYTES {
            bytes.extend_from_slice(&data);
        }
    }
    let too_large = Failure::TooLarge { what: "the answer", size, max: PAYLOAD_MAX_BYTES };
    Ok(if size > PAYLOAD_MAX_BYTES { Err(too_large) } else { Ok(bytes) })
}

fn ended(session: &Session, id: &str, answer: Answer) -> Response {
    let too_large = answer.as_ref().err().map(Failure::message);
    match (session.finish(id, answer), too_large) {
        (true, Some(why)) => {
            let words = json!({"errorMessage": why, "errorType": "RequestEntityTooLarge"});
            (StatusCode::PAYLOAD_TOO_LARGE, Json(words)).into_response()
        }
        (known, _) => accepted(known),
    }
}

async fn error(State(session): State<Arc<Session>>, Path(id): Path<String>, body: Body) -> Response {
    match within_limit(body).await {
        Ok(Ok(body)) => accepted(session.finish(&id, Err(said(&body)))),
        Ok(too_large) => ended(&session, &id, too_large),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn init_error(State(session): State<Arc<Session>>, body: Bytes) -> Response {
    *session.init_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(said(&body));
    session.started.notify_one();
    accepted(true)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Diagnostic {
    error_type: String,
    #[serde(default)]
    error_message: String,
}

fn said(body: &[u8]) -> Failure {
    match serde_json::from_slice::<Diagnostic>(body) {
        Ok(it) => Failure::Error { kind: it.error_type, message: it.error_message },
        Err(_) => Failure::Error {
            kind: "Runtime.Unknown".to_owned(),
            message: String::from_utf8_lossy(body).into_owned(),
        },
    }
}

fn accepted(accepted: bool) -> Response {
    if accepted {
        return (StatusCode::ACCEPTED, Json(json!({"status": "OK"}))).into_response();
    }
    let words = json!({"errorMessage": "Invalid request ID", "errorType": "InvalidRequestID"});
    (StatusCode::BAD_REQUEST, Json(words)).into_response()
}

//! For tests: a server that plays what it is told, one act a request, and remembers what it was asked.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::endpoint::Endpoint;
use crate::secrets::{Secret, SecretError, SecretSource};

/// What a request comes to.
pub(crate) enum Act {
    Answer(Response<Bytes>),
    /// The request is read to its end, and the connection cut.
    Cut,
    /// Nothing, ever.
    Silence,
}

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

pub(crate) struct Stage {
    pub(crate) endpoint: Endpoint,
    play: Arc<Play>,
}

struct Play {
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<Asked>>,
}

impl Stage {
    pub(crate) async fn new(acts: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let play = Arc::new(Play { acts: Mutex::new(acts.into_iter().collect()), asked: Mutex::default() });
        tokio::spawn(serve(listener, Arc::clone(&play)));
        Self { endpoint, play }
    }

    /// How many acts are not yet played.
    pub(crate) fn left(&self) -> usize {
        self.play.acts.lock().unwrap().len()
    }

    /// Everything that was asked. All acts must have been played.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        assert!(self.play.acts.lock().unwrap().is_empty(), "not all was asked for");
        self.play.asked.lock().unwrap().clone()
    }
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The fields of a form.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

async fn serve(listener: TcpListener, play: Arc<Play>) -> Infallible {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let play = Arc::clone(&play);
        tokio::spawn(async move {
            let service = service_fn(move |request| act(Arc::clone(&play), request));
            // An error is a connection that was cut, as it was to be.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn act(play: Arc<Play>, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let query =
        form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let path = head.uri.path().to_owned();
    play.asked.lock().unwrap().push(Asked { method: head.method, path, query, headers: head.headers, body });
    let act = play.acts.lock().unwrap().pop_front().expect("nothing more was to be asked");
    match act {
        Act::Answer(answer) => Ok(answer.map(Full::new)),
        Act::Cut => Err(io::ErrorKind::ConnectionReset.into()),
        Act::Silence => std::future::pending().await,
    }
}

/// An answer with a JSON body.
pub(crate) fn answer(status: u16, body: &serde_json::Value) -> Act {
    answer_with(status, &[], body)
}

/// An answer with headers.
pub(crate) fn answer_with(status: u16, headers: &[(&str, &str)], body: &serde_json::Value) -> Act {
    let answer = Response::builder().status(status);
    let answer = headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, *value));
    Act::Answer(answer.body(body.to_string().into()).unwrap())
}

/// Secrets that are rotated with every reading, to the last one.
pub(crate) struct Rotated(Mutex<VecDeque<String>>);

impl SecretSource for Rotated {
    async fn read(&self, id: &str) -> Result<String, SecretError> {
        let next = self.0.lock().unwrap().pop_front();
        next.ok_or_else(|| SecretError::Unavailable { id: id.to_owned(), cause: "planted".into() })
    }
}

pub(crate) fn secrets<T>(values: &[serde_json::Value]) -> Secret<T, Rotated>
where
    T: serde::de::DeserializeOwned + PartialEq + Send + Sync,
{
    let values = values.iter().map(ToString::to_string).collect();
    Secret::new(Rotated(Mutex::new(values)), "secret".to_owned())
}

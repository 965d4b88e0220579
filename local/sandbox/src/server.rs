//! Serves HTTP as a world that may vanish: a stop cuts what is in flight.

use std::io;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use futures::{future, stream};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Stopping = watch::Receiver<bool>;

pub(crate) async fn serve(listener: TcpListener, app: Router, stopping: Stopping) {
    let app = app.layer(from_fn_with_state(stopping.clone(), cut_when_stopping));
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = error.to_string(), "a connection keeps its delay");
        }
    });
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(stopped(stopping)).await {
        tracing::error!(error = error.to_string(), "a server of the sandbox failed");
    }
}

/// Until it stops, or was dropped, which stops it too.
pub(crate) async fn stopped(mut stopping: Stopping) {
    let _stopped_or_dropped = stopping.wait_for(|it| *it).await;
}

async fn cut_when_stopping(State(stopping): State<Stopping>, request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = stopped(stopping) => hang_up(),
    }
}

/// No answer: the connection is closed before a byte of one is sent, as its body fails at once.
pub(crate) fn hang_up() -> Response {
    let failed = future::ready(Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted)));
    Response::new(Body::from_stream(stream::once(failed)))
}

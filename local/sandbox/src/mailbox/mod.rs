//! The mailbox: an SMTP server that delivers nothing, and keeps everything for whoever looks.
//!
//! No TLS and no authentication: it listens on loopback only. Addresses whose local part is `refused` are refused.

pub(crate) mod books;
mod session;

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::server::stopped;
use crate::world::World;

pub(crate) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS mail (
  n INTEGER PRIMARY KEY, at INTEGER NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL, raw BLOB NOT NULL) STRICT;
";

/// Takes letters until the world stops; then connections are cut.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>, stopping: watch::Receiver<bool>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => {
                    sessions.spawn(session::run(connection, Arc::clone(&world)));
                }
                Err(error) => tracing::warn!(error = error.to_string(), "a connection to the mailbox failed"),
            },
            Some(_ended) = sessions.join_next() => {}
            () = stopped(stopping.clone()) => return,
        }
    }
}

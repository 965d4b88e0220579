//! The outside world on a laptop: a payment provider, a carrier and a mailbox, each on a loopback port of its own.
//!
//! They speak what the real ones speak (a subset of Stripe's API, a carrier's HTTP API with Standard Webhooks, SMTP) and
//! misbehave as the real ones do, but when they are told to: by payment method, by service, or by a switch. What they
//! acknowledged is in one SQLite file and survives `kill -9`. Of orders they know nothing.

mod carrier;
mod dev;
mod idempotency;
mod ids;
mod mailbox;
mod options;
mod outbox;
mod page;
mod payments;
mod server;
mod store;
mod switches;
mod world;

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use carrier::books::{CarrierBooks, ShipmentEntry};
pub use mailbox::books::{Letter, MailBooks};
pub use options::{Clock, Options, Place, Ports, Timing, wall_clock};
pub use outbox::book::WebhookEntry;
pub use payments::books::{CallEntry, PaymentBooks, PaymentEntry, RefundEntry, Total};
pub use store::Page;
pub use switches::Service;

use outbox::Sender;
use world::World;

/// Why the sandbox did not start, or cannot say what it knows.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A port cannot be listened on.
    #[error(
        "the sandbox cannot listen on port {0}; stop what is there, or choose another with --sandbox-port"
    )]
    Port(u16, #[source] std::io::Error),
    /// The file cannot be used.
    #[error("the sandbox's file cannot be used")]
    File(#[from] rusqlite::Error),
    /// A webhook secret is none.
    #[error("the carrier's webhook secret must be base64, with or without `whsec_` before it")]
    Secret(#[from] standardwebhooks::WebhookError),
    /// There can be no client for webhooks.
    #[error("webhooks cannot be sent")]
    Client(#[from] reqwest::Error),
}

/// The running outside world. Dropped, it stops at once, as if it was killed.
pub struct Sandbox {
    world: Arc<World>,
    payments_url: String,
    carrier_url: String,
    smtp_url: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts all three. When it returns, they answer.
    ///
    /// # Errors
    /// When a port or the file cannot be used, or a secret is none.
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        let (payments, payments_port) = listen(options.ports.payments).await?;
        let (carrier, carrier_port) = listen(options.ports.carrier).await?;
        let (smtp, smtp_port) = listen(options.ports.smtp).await?;
        let (stop, stopping) = watch::channel(false);
        let carrier_url = format!("http://127.0.0.1:{carrier_port}");
        let world = Arc::new(World::open(options, carrier_url.clone(), stopping.clone())?);
        let tasks = serve(&world, [payments, carrier, smtp], &stopping);
        let payments_url = format!("http://127.0.0.1:{payments_port}");
        let smtp_url = format!("smtp://127.0.0.1:{smtp_port}");
        Ok(Self { world, payments_url, carrier_url, smtp_url, stop, tasks })
    }

    /// Where the payment provider listens, e.g. `http://127.0.0.1:4570`.
    #[must_use]
    pub fn payments_url(&self) -> &str {
        &self.payments_url
    }

    /// Where the carrier listens.
    #[must_use]
    pub fn carrier_url(&self) -> &str {
        &self.carrier_url
    }

    /// Where mail goes, e.g. `smtp://127.0.0.1:4572`.
    #[must_use]
    pub fn smtp_url(&self) -> &str {
        &self.smtp_url
    }

    /// Where the payment provider sends its webhooks from now on; those that wait go there too.
    pub fn set_payment_webhook_url(&self, url: &str) {
        self.world.outbox(Sender::Payments).set_url(url);
    }

    /// Where the carrier sends its webhooks from now on; those that wait go there too.
    pub fn set_carrier_webhook_url(&self, url: &str) {
        self.world.outbox(Sender::Carrier).set_url(url);
    }

    /// Takes a service down, or up again. It stays so over restarts. Webhooks that are due are sent all the same.
    ///
    /// # Errors
    /// When the file fails.
    pub fn set_down(&self, service: Service, down: bool) -> Result<(), SandboxError> {
        Ok(self.world.store.write(|db| switches::set_down(db, service, down))?)
    }

    /// The payment provider's books, newest first.
    ///
    /// # Errors
    /// When the file fails.
    pub fn payments(&self, page: &Page) -> Result<PaymentBooks, SandboxError> {
        Ok(self.world.store.read(|db| payments::books::books(db, page))?)
    }

    /// The carrier's books, newest first.
    ///
    /// # Errors
    /// When the file fails.
    pub fn shipments(&self, page: &Page) -> Result<CarrierBooks, SandboxError> {
        Ok(carrier::books::books(&self.world, page)?)
    }

    /// What came into the mailbox, newest first.
    ///
    /// # Errors
    /// When the file fails.
    pub fn mail(&self, page: &Page) -> Result<MailBooks, SandboxError> {
        Ok(self.world.store.read(|db| mailbox::books::books(db, page))?)
    }

    /// The books and switches at `/dev/payments`, `/dev/shipments` and `/dev/mail`, as JSON or for a browser. They ask for
    /// no key: who mounts them says who may come.
    pub fn dev_router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        dev::router(Arc::clone(&self.world))
    }

    /// Stops: connections are cut, webhooks that were not answered are sent again after the next start.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for task in std::mem::take(&mut self.tasks) {
            if let Err(error) = task.await {
                tracing::error!(error = error.to_string(), "a server of the sandbox crashed");
            }
        }
    }
}

/// Everything that runs: the payment provider, the carrier, the mailbox, and both senders of webhooks.
fn serve(
    world: &Arc<World>,
    [payments, carrier, smtp]: [TcpListener; 3],
    stopping: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let world = || Arc::clone(world);
    vec![
        tokio::spawn(server::serve(payments, payments::router(world()), stopping.clone())),
        tokio::spawn(server::serve(carrier, carrier::router(world()), stopping.clone())),
        tokio::spawn(mailbox::serve(smtp, world(), stopping.clone())),
        tokio::spawn(outbox::deliver(world(), Sender::Payments)),
        tokio::spawn(outbox::deliver(world(), Sender::Carrier)),
    ]
}

async fn listen(port: u16) -> Result<(TcpListener, u16), SandboxError> {
    let failed = |error| SandboxError::Port(port, error);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    Ok((listener, port))
}

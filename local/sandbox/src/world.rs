//! What all three servers share.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::redirect::Policy;
use rusqlite::Connection;
use standardwebhooks::Webhook;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;

use crate::SandboxError;
use crate::idempotency::InProgress;
use crate::ids;
use crate::options::{Clock, Options, Timing};
use crate::outbox::{Outbox, Sender};
use crate::store::Store;
use crate::switches::{self, Service};

/// How long a webhook's receiver may take.
const ANSWER_MAX: Duration = Duration::from_secs(10);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) timing: Timing,
    pub(crate) in_progress: Arc<InProgress>,
    pub(crate) client: reqwest::Client,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) payment_secrets: Vec<String>,
    pub(crate) carrier_signer: Webhook,
    /// Where the carrier listens, for links to it.
    pub(crate) carrier_url: String,
    payment_key: String,
    carrier_key: String,
    clock: Clock,
    seed: u64,
    payments: Outbox,
    carrier: Outbox,
}

impl World {
    pub(crate) fn open(
        options: Options,
        carrier_url: String,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, SandboxError> {
        Ok(Self {
            store: Store::open(&options.place)?,
            timing: options.timing,
            in_progress: Arc::default(),
            client: reqwest::Client::builder()
                .redirect(Policy::none())
                .no_proxy()
                .timeout(ANSWER_MAX)
                .build()?,
            stopping,
            payment_secrets: options.payment_webhook_secrets,
            carrier_signer: Webhook::new(&options.carrier_secret)?,
            carrier_url,
            payment_key: options.payment_key,
            carrier_key: options.carrier_key,
            clock: options.clock,
            seed: options.seed,
            payments: Outbox::new(options.payment_webhook_url),
            carrier: Outbox::new(options.carrier_webhook_url),
        })
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.now().as_millisecond()
    }

    pub(crate) fn next_id(&self, db: &Connection, prefix: &str) -> rusqlite::Result<String> {
        ids::next(db, self.seed, prefix)
    }

    pub(crate) const fn outbox(&self, sender: Sender) -> &Outbox {
        match sender {
            Sender::Payments => &self.payments,
            Sender::Carrier => &self.carrier,
        }
    }

    pub(crate) fn is_down(&self, service: Service) -> rusqlite::Result<bool> {
        self.store.read(|db| switches::is_down(db, service))
    }

    /// Whether a caller's `Authorization` carries the key of the service.
    pub(crate) fn knows(&self, sender: Sender, authorization: Option<&str>) -> bool {
        let key = match sender {
            Sender::Payments => &self.payment_key,
            Sender::Carrier => &self.carrier_key,
        };
        let given = authorization.and_then(|it| it.strip_prefix("Bearer "));
        given.is_some_and(|it| it.as_bytes().ct_eq(key.as_bytes()).into())
    }
}

/// A span of the timing, as a number of milliseconds to add to a time.
pub(crate) fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 2)
}

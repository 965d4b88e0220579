//! What to start, and how it behaves.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// Where the time comes from; tests move it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The time of the machine.
#[must_use]
pub fn wall_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// What to start.
pub struct Options {
    /// Where the state is.
    pub place: Place,
    /// Where to listen.
    pub ports: Ports,
    /// What everything goes by.
    pub clock: Clock,
    /// What ids follow from, besides how many there were before.
    pub seed: u64,
    /// The key that callers of the payment provider carry.
    pub payment_key: String,
    /// What its webhooks are signed with: by each of them.
    pub payment_webhook_secrets: Vec<String>,
    /// Where they go. Without one they wait.
    pub payment_webhook_url: Option<String>,
    /// The key that callers of the carrier carry.
    pub carrier_key: String,
    /// What its webhooks are signed with: `whsec_` and base64.
    pub carrier_secret: String,
    /// Where they go. Without one they wait.
    pub carrier_webhook_url: Option<String>,
    /// How long things take.
    pub timing: Timing,
}

/// Where the state is.
#[derive(Debug, Clone)]
pub enum Place {
    /// In memory, gone at the end.
    Memory,
    /// In a file, created if missing.
    File(PathBuf),
}

/// The ports on 127.0.0.1; 0 for any that is free.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The payment provider's.
    pub payments: u16,
    /// The carrier's.
    pub carrier: u16,
    /// The mailbox's.
    pub smtp: u16,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Until a slow payment is answered.
    pub slow: Duration,
    /// Until a call that is never answered is cut.
    pub cut: Duration,
    /// How much later a late webhook is sent.
    pub late: Duration,
    /// Until a webhook is sent again for the first time; the double each further time, up to five minutes.
    pub again: Duration,
    /// How often it is looked whether the clock was moved, while something waits for its time.
    pub look: Duration,
    /// From a shipment's creation until it is on its way; without it, it never is.
    pub in_transit: Option<Duration>,
    /// From a shipment's creation until it is delivered, or lost; without it, it never is.
    pub delivered: Option<Duration>,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            slow: Duration::from_secs(5),
            cut: Duration::from_mins(1),
            late: Duration::from_secs(10),
            again: Duration::from_secs(1),
            look: Duration::from_millis(100),
            in_transit: Some(Duration::from_secs(1)),
            delivered: Some(Duration::from_secs(2)),
        }
    }
}

impl Options {
    /// Everything in memory, on any free ports, with keys that anyone may know.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            place: Place::Memory,
            ports: Ports::default(),
            clock: wall_clock(),
            seed: 1,
            payment_key: "sk_test_sandbox".to_owned(),
            payment_webhook_secrets: vec!["whsec_sandbox".to_owned()],
            payment_webhook_url: None,
            carrier_key: "ck_test_sandbox".to_owned(),
            carrier_secret: "whsec_c2FuZGJveCBjYXJyaWVyIHNlY3JldA==".to_owned(),
            carrier_webhook_url: None,
            timing: Timing::default(),
        }
    }
}

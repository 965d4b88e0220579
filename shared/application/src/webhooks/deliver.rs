//! Delivering: one attempt at a time, each noted, and what comes after it.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use penstock_domain::webhook::{Secret, Verdict, Webhook, due_after};
use penstock_domain::{DeliveryId, TenantId, WebhookId};

use super::{Attempt, Delivery, DeliveryStatus, Errand, WebhookError, WebhookStore, note};
use crate::{Clock, Unavailable};

/// Whoever carries an event to a URL.
pub trait Courier: Send + Sync {
    /// Signs a parcel and hands it over, once.
    ///
    /// # Errors
    /// When there is no answer.
    fn carry(&self, parcel: &Parcel<'_>) -> impl Future<Output = Result<Answer, Undelivered>> + Send;
}

/// What is handed over.
#[derive(Debug, Clone, Copy)]
pub struct Parcel<'a> {
    /// Whose door it is.
    pub webhook: WebhookId,
    /// Where the door is.
    pub url: &'a str,
    /// What it is signed with, the newest first.
    pub secrets: &'a [&'a Secret],
    /// What the receiver knows a repetition by.
    pub event_id: &'a str,
    /// Which delivery it is.
    pub delivery: DeliveryId,
    /// When it is signed.
    pub at: Timestamp,
    /// What is in it.
    pub body: &'a str,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// How the body begins.
    pub beginning: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// Nobody was asked: the door did not open for others a moment ago.
    NotTried {
        /// When to come again.
        after: Duration,
    },
    /// It was tried: no connection, no answer in time, or an address that may not be called.
    Failed(String),
}

/// What came of an errand.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempted {
    /// Nothing is left to do, and nothing to note.
    Over,
    /// It is not due yet.
    Early(Duration),
    /// The door is left alone for so long.
    NotTried(Duration),
    /// It was tried. What follows is to be sent before the delivery is noted, or a crash between the two would end it.
    Tried {
        /// What is known now.
        delivery: Box<Delivery>,
        /// The next attempt, if there is one.
        next: Option<Box<Errand>>,
        /// What that says of the webhook, if anything.
        verdict: Option<Verdict>,
    },
}

/// What delivers.
pub struct Deliverer<S, C> {
    store: S,
    courier: C,
    clock: Clock,
}

impl<S: WebhookStore, C: Courier> Deliverer<S, C> {
    /// Delivers from this store with this courier.
    pub fn new(store: S, courier: C, clock: Clock) -> Self {
        Self { store, courier, clock }
    }

    /// Makes the errand's attempt, if it is due and was not made before.
    ///
    /// # Errors
    /// When what is known cannot be read; nothing was sent then.
    pub async fn attempt(&self, tenant: &TenantId, errand: &Errand) -> Result<Attempted, Unavailable> {
        let now = (self.clock)();
        if let Ok(wait) = Duration::try_from(errand.due.duration_since(now))
            && !wait.is_zero()
        {
            return Ok(Attempted::Early(wait));
        }
        let Some(webhook) = self.open(tenant, errand.webhook).await? else { return Ok(Attempted::Over) };
        let known = self.store.delivery(tenant, errand.webhook, errand.delivery).await?;
        if known.is_some_and(|it| it.attempts > errand.attempts) {
            return Ok(Attempted::Over);
        }
        if !webhook.enabled && !errand.by_hand {
            return Ok(abandoned(errand, now));
        }
        Ok(self.carry(&webhook, errand, now).await)
    }

    /// Notes an attempt, with the delivery and with its webhook.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn note(
        &self,
        tenant: &TenantId,
        delivery: &Delivery,
        verdict: Option<Verdict>,
    ) -> Result<(), WebhookError> {
        self.store.record(tenant, delivery).await?;
        let Some(verdict) = verdict else { return Ok(()) };
        let Some(webhook) = self.webhook(tenant, delivery.webhook).await? else { return Ok(()) };
        note(&self.store, tenant, &webhook, verdict, delivery.last.at).await
    }

    /// A webhook to deliver to. That it is not there, or disabled, is not believed from memory: it may have come a moment ago.
    async fn open(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        match self.webhook(tenant, id).await? {
            Some(webhook) if webhook.enabled => Ok(Some(webhook)),
            _ => self.store.get(tenant, id).await,
        }
    }

    async fn webhook(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        let all = self.store.remembered(tenant).await?;
        Ok(all.iter().find(|it| it.id == id).cloned())
    }

    async fn carry(&self, webhook: &Webhook, errand: &Errand, now: Timestamp) -> Attempted {
        let secrets: Vec<&Secret> = webhook.secrets.at(now).map(|it| &it.secret).collect();
        let parcel = Parcel {
            webhook: webhook.id,
            url: webhook.target.as_str(),
            secrets: &secrets,
            event_id: &errand.event_id,
            delivery: errand.delivery,
            at: now,
            body: &errand.body,
        };
        let answer = match self.courier.carry(&parcel).await {
            Err(Undelivered::NotTried { after }) => return Attempted::NotTried(after),
            Err(Undelivered::Failed(why)) => Err(why),
            Ok(answer) => Ok(answer),
        };
        let took = (self.clock)().duration_since(now);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or_default();
        tried(errand, answer, now, duration_ms)
    }
}

/// What follows from an attempt.
fn tried(errand: &Errand, answer: Result<Answer, String>, at: Timestamp, duration_ms: u64) -> Attempted {
    let (status, answer, error) = match answer {
        Ok(Answer { status, beginning }) => (Some(status), Some(beginning), None),
        Err(why) => (None, None, Some(why)),
    };
    let verdict = match status {
        Some(200..=299) => Verdict::Delivered,
        Some(410) => Verdict::Gone,
        _ => Verdict::Failed,
    };
    let attempts = errand.attempts + 1;
    let again = verdict == Verdict::Failed && !errand.by_hand;
    let next_at = again.then(|| due_after(attempts, at)).flatten();
    let last = Attempt { at, duration_ms, status, answer: answer.filter(|it| !it.is_empty()), error };
    let next = next_at.map(|due| Box::new(Errand { attempts, due, ..errand.clone() }));
    // Who tries out a webhook that does not work yet has not lost it.
    let verdict = Some(verdict).filter(|it| *it == Verdict::Delivered || !errand.by_hand);
    Attempted::Tried { delivery: Box::new(delivery(errand, attempts, last, next_at)), next, verdict }
}

/// What was on its way when its webhook was disabled.
fn abandoned(errand: &Errand, at: Timestamp) -> Attempted {
    let error = Some("not sent: the webhook is disabled".to_owned());
    let last = Attempt { at, duration_ms: 0, status: None, answer: None, error };
    let delivery = Box::new(delivery(errand, errand.attempts + 1, last, None));
    Attempted::Tried { delivery, next: None, verdict: None }
}

fn delivery(errand: &Errand, attempts: u32, last: Attempt, next_at: Option<Timestamp>) -> Delivery {
    let status = match (last.status, next_at) {
        (Some(200..=299), _) => DeliveryStatus::Delivered,
        (_, Some(_)) => DeliveryStatus::Pending,
        (_, None) => DeliveryStatus::Failed,
    };
    Delivery {
        id: errand.delivery,
        webhook: errand.webhook,
        event_id: errand.event_id.clone(),
        event_type: errand.event_type.clone(),
        began_at: errand.began_at,
        status,
        attempts,
        last,
        next_at,
    }
}

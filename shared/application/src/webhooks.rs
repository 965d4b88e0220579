//! The use cases on webhooks: what tenants do with theirs, and how events get there.
//!
//! Webhooks are not event-sourced: a webhook is what its tenant said last. Whoever changes one writes it whole, on condition that
//! nobody else did since it was read.

mod deliver;
mod delivery;

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use penstock_domain::webhook::{Secret, Verdict, WEBHOOKS_MAX, Wanted, Webhook};
use penstock_domain::{DeliveryId, TenantId, WebhookId};

use crate::{Clock, Unavailable};

pub use deliver::{Answer, Attempted, Courier, Deliverer, Parcel, Undelivered};
pub use delivery::{Attempt, Delivery, DeliveryStatus, Errand};

/// How often a change is made anew when others were faster.
const ATTEMPTS_MAX: u32 = 5;

/// Where webhooks and their deliveries are kept.
pub trait WebhookStore: Send + Sync {
    /// All of a tenant's, at most [`WEBHOOKS_MAX`] and some that came at the same moment, by their ids.
    ///
    /// # Errors
    /// When they cannot be read.
    fn all(&self, tenant: &TenantId) -> impl Future<Output = Result<Vec<Webhook>, Unavailable>> + Send;

    /// The same as they were some moments ago: mostly costs nothing.
    ///
    /// # Errors
    /// When they cannot be read.
    fn remembered(
        &self,
        tenant: &TenantId,
    ) -> impl Future<Output = Result<Arc<[Webhook]>, Unavailable>> + Send;

    /// One webhook.
    ///
    /// # Errors
    /// When it cannot be read.
    fn get(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> impl Future<Output = Result<Option<Webhook>, Unavailable>> + Send;

    /// Writes a webhook, if the one that is there has that version; if there is none, without one.
    ///
    /// # Errors
    /// [`WriteError::Conflict`] when it has another.
    fn write(
        &self,
        tenant: &TenantId,
        webhook: &Webhook,
        expected: Option<u64>,
    ) -> impl Future<Output = Result<(), WriteError>> + Send;

    /// Forgets a webhook. Its deliveries go when their time is over.
    ///
    /// # Errors
    /// When it cannot be written.
    fn delete(
        &self,
        tenant: &TenantId,
        id: WebhookId,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;

    /// One delivery, as far as something is known of it.
    ///
    /// # Errors
    /// When it cannot be read.
    fn delivery(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> impl Future<Output = Result<Option<Delivery>, Unavailable>> + Send;

    /// Notes a delivery, unless more is known of it already.
    ///
    /// # Errors
    /// When it cannot be written.
    fn record(
        &self,
        tenant: &TenantId,
        delivery: &Delivery,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

/// Why a webhook was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Somebody else was faster.
    #[error("the webhook changed meanwhile")]
    Conflict,
    /// It cannot be written now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a use case on webhooks failed.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// There is none, or it is another tenant's.
    #[error("webhook {0} does not exist")]
    NotFound(WebhookId),
    /// There is none, or it is too long ago.
    #[error("delivery {0} does not exist")]
    NoDelivery(DeliveryId),
    /// The tenant has as many as it may.
    #[error("a tenant has at most {WEBHOOKS_MAX} webhooks")]
    TooMany,
    /// Others changed it each time we tried.
    #[error("the webhook changed {ATTEMPTS_MAX} times while we tried; try again")]
    Contended,
    /// Something behind a port could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What putting a webhook came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// It is new.
    Created(Webhook),
    /// It was there; its secrets stay.
    Replaced(Webhook),
}

/// What tenants do with their webhooks.
pub struct Webhooks<S> {
    store: S,
    clock: Clock,
}

impl<S: WebhookStore> Webhooks<S> {
    /// Use cases over this store.
    pub fn new(store: S, clock: Clock) -> Self {
        Self { store, clock }
    }

    /// Creates or replaces a webhook. `secret` is for a new one.
    ///
    /// Of two new ones at the same moment both may be taken where one would be the last.
    ///
    /// # Errors
    /// [`WebhookError::TooMany`], [`WebhookError::Contended`] and [`WebhookError::Unavailable`].
    pub async fn put(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        wanted: Wanted,
        secret: &Secret,
    ) -> Result<Put, WebhookError> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.store.get(tenant, id).await?;
            let expected = before.as_ref().map(|it| it.version);
            let put = self.decide(tenant, id, before, wanted.clone(), secret).await?;
            let (Put::Created(webhook) | Put::Replaced(webhook)) = &put;
            match self.store.write(tenant, webhook, expected).await {
                Err(WriteError::Conflict) => {}
                Err(WriteError::Unavailable(error)) => return Err(error.into()),
                Ok(()) => return Ok(put),
            }
        }
        Err(WebhookError::Contended)
    }

    async fn decide(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        before: Option<Webhook>,
        wanted: Wanted,
        secret: &Secret,
    ) -> Result<Put, WebhookError> {
        if let Some(mut webhook) = before {
            webhook.replace(wanted, self.now());
            return Ok(Put::Replaced(webhook));
        }
        if self.store.all(tenant).await?.len() >= WEBHOOKS_MAX {
            return Err(WebhookError::TooMany);
        }
        Ok(Put::Created(Webhook::create(id, wanted, secret.clone(), self.now())))
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`] and [`WebhookError::Unavailable`].
    pub async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Webhook, WebhookError> {
        self.store.get(tenant, id).await?.ok_or(WebhookError::NotFound(id))
    }

    /// All of a tenant's.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<Webhook>, WebhookError> {
        Ok(self.store.all(tenant).await?)
    }

    /// Forgets a webhook. Forgetting what is not there is no mistake.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn delete(&self, tenant: &TenantId, id: WebhookId) -> Result<(), WebhookError> {
        Ok(self.store.delete(tenant, id).await?)
    }

    /// Gives a webhook a new secret.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], [`WebhookError::Contended`] and [`WebhookError::Unavailable`].
    pub async fn rotate(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        secret: &Secret,
    ) -> Result<Webhook, WebhookError> {
        let now = self.now();
        let rotated = change(&self.store, tenant, id, |webhook| {
            webhook.rotate(secret.clone(), now);
            true
        });
        rotated.await?.ok_or(WebhookError::NotFound(id))
    }

    /// A delivery of a webhook that is there.
    ///
    /// # Errors
    /// [`WebhookError::NotFound`], [`WebhookError::NoDelivery`] and [`WebhookError::Unavailable`].
    pub async fn delivery(
        &self,
        tenant: &TenantId,
        id: WebhookId,
        delivery: DeliveryId,
    ) -> Result<Delivery, WebhookError> {
        self.get(tenant, id).await?;
        self.store.delivery(tenant, id, delivery).await?.ok_or(WebhookError::NoDelivery(delivery))
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// Changes a webhook where `alter` says that it did; the webhook after it, or nothing when it is gone.
async fn change<S: WebhookStore>(
    store: &S,
    tenant: &TenantId,
    id: WebhookId,
    mut alter: impl FnMut(&mut Webhook) -> bool + Send,
) -> Result<Option<Webhook>, WebhookError> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(mut webhook) = store.get(tenant, id).await? else { return Ok(None) };
        let expected = Some(webhook.version);
        if !alter(&mut webhook) {
            return Ok(Some(webhook));
        }
        match store.write(tenant, &webhook, expected).await {
            Err(WriteError::Conflict) => {}
            Err(WriteError::Unavailable(error)) => return Err(error.into()),
            Ok(()) => return Ok(Some(webhook)),
        }
    }
    Err(WebhookError::Contended)
}

/// Notes with a webhook how a delivery was answered; nothing is read or written where that is known to change nothing.
async fn note<S: WebhookStore>(
    store: &S,
    tenant: &TenantId,
    known: &Webhook,
    verdict: Verdict,
    now: Timestamp,
) -> Result<(), WebhookError> {
    if known.clone().note(verdict, now) {
        change(store, tenant, known.id, |webhook| webhook.note(verdict, now)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

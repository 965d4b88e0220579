//! A store in memory, and a courier that answers as it is told.

use std::collections::BTreeMap;

use super::*;

/// Webhooks and deliveries of one tenant.
#[derive(Clone, Default)]
pub(super) struct Memory {
    webhooks: Arc<Mutex<BTreeMap<WebhookId, Webhook>>>,
    deliveries: Arc<Mutex<BTreeMap<DeliveryId, Delivery>>>,
    conflicts: Arc<Mutex<u32>>,
    remembered: Arc<Mutex<Option<Arc<[Webhook]>>>>,
    reads: Arc<Mutex<u32>>,
}

impl Memory {
    /// Somebody else is faster so many times.
    pub(super) fn conflicts(&self, times: u32) {
        *self.conflicts.lock().unwrap() = times;
    }

    /// From now on memory knows what is there now, whatever comes.
    pub(super) fn remember_nothing_new(&self) {
        let now = self.webhooks.lock().unwrap().values().cloned().collect();
        *self.remembered.lock().unwrap() = Some(now);
    }

    /// How often one webhook was read.
    pub(super) fn reads(&self) -> u32 {
        *self.reads.lock().unwrap()
    }

    pub(super) fn webhook(&self, id: WebhookId) -> Option<Webhook> {
        self.webhooks.lock().unwrap().get(&id).cloned()
    }
}

impl WebhookStore for Memory {
    async fn all(&self, _: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        Ok(self.webhooks.lock().unwrap().values().cloned().collect())
    }

    async fn remembered(&self, tenant: &TenantId) -> Result<Arc<[Webhook]>, Unavailable> {
        let remembered = self.remembered.lock().unwrap().clone();
        match remembered {
            Some(remembered) => Ok(remembered),
            None => Ok(self.all(tenant).await?.into()),
        }
    }

    async fn get(&self, _: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        *self.reads.lock().unwrap() += 1;
        Ok(self.webhook(id))
    }

    async fn write(&self, _: &TenantId, webhook: &Webhook, expected: Option<u64>) -> Result<(), WriteError> {
        let mut conflicts = self.conflicts.lock().unwrap();
        let mut webhooks = self.webhooks.lock().unwrap();
        if *conflicts > 0 || webhooks.get(&webhook.id).map(|it| it.version) != expected {
            *conflicts = conflicts.saturating_sub(1);
            return Err(WriteError::Conflict);
        }
        webhooks.insert(webhook.id, webhook.clone());
        Ok(())
    }

    async fn delete(&self, _: &TenantId, id: WebhookId) -> Result<(), Unavailable> {
        self.webhooks.lock().unwrap().remove(&id);
        Ok(())
    }

    async fn delivery(
        &self,
        _: &TenantId,
        _: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, Unavailable> {
        Ok(self.deliveries.lock().unwrap().get(&id).cloned())
    }

    async fn record(&self, _: &TenantId, delivery: &Delivery) -> Result<(), Unavailable> {
        let mut deliveries = self.deliveries.lock().unwrap();
        let known = deliveries.get(&delivery.id).map_or(0, |it| it.attempts);
        if known < delivery.attempts {
            deliveries.insert(delivery.id, delivery.clone());
        }
        Ok(())
    }
}

/// A courier, and what it was given to carry.
#[derive(Clone, Default)]
pub(super) struct Script {
    answer: Arc<Mutex<Option<Result<Answer, Undelivered>>>>,
    secrets: Arc<Mutex<Vec<Vec<String>>>>,
}

impl Script {
    /// From now on every door answers so; with success until told otherwise.
    pub(super) fn answer(&self, answer: Result<u16, &str>) {
        self.answer_with(answer, "");
    }

    /// The same, with a body that begins so.
    pub(super) fn answer_with(&self, answer: Result<u16, &str>, beginning: &str) {
        let answer = answer.map(|status| Answer { status, beginning: beginning.to_owned() });
        *self.answer.lock().unwrap() = Some(answer.map_err(|why| Undelivered::Failed(why.to_owned())));
    }

    /// From now on no door is tried.
    pub(super) fn close_for(&self, after: Duration) {
        *self.answer.lock().unwrap() = Some(Err(Undelivered::NotTried { after }));
    }

    pub(super) fn calls(&self) -> usize {
        self.secrets.lock().unwrap().len()
    }

    /// What each parcel was signed with.
    pub(super) fn signed_with(&self) -> Vec<Vec<String>> {
        self.secrets.lock().unwrap().clone()
    }
}

impl Courier for Script {
    async fn carry(&self, parcel: &Parcel<'_>) -> Result<Answer, Undelivered> {
        let answer = self.answer.lock().unwrap().clone();
        let answer = answer.unwrap_or(Ok(Answer { status: 204, beginning: String::new() }));
        if !matches!(answer, Err(Undelivered::NotTried { .. })) {
            let secrets = parcel.secrets.iter().map(|it| it.reveal().to_owned()).collect();
            self.secrets.lock().unwrap().push(secrets);
        }
        answer
    }
}

//! Webhooks and deliveries as stored. Attributes are added, never renamed.

use jiff::{SignedDuration, Timestamp};
use penstock_application::Unavailable;
use penstock_application::webhooks::Delivery;
use penstock_domain::webhook::{DisabledBecause, EventTypes, Secrets, Target, Webhook};
use penstock_domain::{TenantId, WebhookId};
use serde::{Deserialize, Serialize};

use super::WEBHOOKS;
use crate::store::{Item, from_item};

/// How long a delivery is kept. DynamoDB deletes what has expired within some days, at no cost.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The partition of a webhook's deliveries.
pub(super) fn deliveries(tenant: &TenantId, webhook: WebhookId) -> String {
    format!("{tenant}#{webhook}")
}

/// A webhook. The table is encrypted at rest; the secrets stand in it as they are, for they sign.
#[derive(Serialize, Deserialize)]
pub(super) struct WebhookItem {
    pk: TenantId,
    sk: WebhookId,
    url: Target,
    types: EventTypes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled_because: Option<DisabledBecause>,
    secrets: Secrets,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing_since: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: u64,
}

impl WebhookItem {
    pub(super) fn new(tenant: &TenantId, webhook: &Webhook) -> Self {
        let webhook = webhook.clone();
        Self {
            pk: tenant.clone(),
            sk: webhook.id,
            url: webhook.target,
            types: webhook.event_types,
            description: webhook.description,
            enabled: webhook.enabled,
            disabled_because: webhook.disabled_because,
            secrets: webhook.secrets,
            failing_since: webhook.failing_since,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            version: webhook.version,
        }
    }
}

/// The webhook of an item.
pub(super) fn webhook(item: Item) -> Result<Webhook, Unavailable> {
    let item: WebhookItem = from_item(WEBHOOKS, item)?;
    Ok(Webhook {
        id: item.sk,
        target: item.url,
        event_types: item.types,
        description: item.description,
        enabled: item.enabled,
        disabled_because: item.disabled_because,
        secrets: item.secrets,
        failing_since: item.failing_since,
        created_at: item.created_at,
        updated_at: item.updated_at,
        version: item.version,
    })
}

/// A delivery, and when it is forgotten.
#[derive(Serialize, Deserialize)]
pub(super) struct DeliveryItem {
    pk: String,
    sk: String,
    attempts: u32,
    /// Seconds since 1970, as time to live has it.
    expires: i64,
    delivery: Delivery,
}

impl DeliveryItem {
    pub(super) fn new(tenant: &TenantId, delivery: &Delivery) -> Self {
        let expires = delivery.began_at.saturating_add(KEPT_FOR).unwrap_or(Timestamp::MAX);
        Self {
            pk: deliveries(tenant, delivery.webhook),
            sk: delivery.id.to_string(),
            attempts: delivery.attempts,
            expires: expires.as_second(),
            delivery: delivery.clone(),
        }
    }
}

/// The delivery of an item.
pub(super) fn delivery(item: Item) -> Result<Delivery, Unavailable> {
    Ok(from_item::<DeliveryItem>(WEBHOOKS, item)?.delivery)
}

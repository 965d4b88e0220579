//! Webhooks on the wire: what tenants say of theirs, and what became of deliveries.

mod deliveries;
mod event;
mod put;

use penstock_domain::WebhookId;
use penstock_domain::webhook::{DisabledBecause, EventTypes, Signing, WEBHOOKS_MAX, Webhook};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::time;

pub use deliveries::{AttemptView, DeliveryList, DeliverySent, DeliveryStatusView, DeliveryView};
pub use event::{EVENT_TYPES, TEST_TYPE, test_event};
pub use put::PutWebhook;

/// What stands for every type of event.
const ALL: &str = "*";

/// A webhook. Its secret is not among what is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Webhook)]
#[serde(rename_all = "camelCase")]
pub struct WebhookView {
    #[schema(value_type = Uuid)]
    webhook_id: WebhookId,
    #[schema(format = "uri", example = "https://shop.example.com/penstock")]
    url: String,
    /// Types of events, or `*` for all there are and will be.
    event_types: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    enabled: bool,
    /// Why the platform disabled it, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled_because: Option<DisabledView>,
    /// Since when it has answered nothing but failures.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    failing_since: Option<String>,
    /// The secrets that sign, the newest first, by when they came.
    secrets: Vec<SecretView>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// What its deliveries are signed with. Told when it is new, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: Option<String>,
}

/// Why the platform disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookDisabledBecause)]
#[serde(rename_all = "camelCase")]
enum DisabledView {
    /// It answered 410 Gone.
    Gone,
    /// It failed for days.
    Failing,
}

/// A secret, without itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
#[serde(rename_all = "camelCase")]
struct SecretView {
    /// Since when it signs.
    #[schema(format = DateTime)]
    since: String,
    /// Until when; for good while nothing replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    until: Option<String>,
}

/// All of a tenant's webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookList {
    webhooks: Vec<WebhookView>,
}

impl WebhookView {
    /// A webhook as anyone of its tenant may see it, with the secrets that sign at `now`.
    pub fn new(webhook: &Webhook, now: jiff::Timestamp) -> Self {
        Self {
            webhook_id: webhook.id,
            url: webhook.target.as_str().to_owned(),
            event_types: match &webhook.event_types {
                EventTypes::All => vec![ALL.to_owned()],
                EventTypes::These(types) => types.iter().cloned().collect(),
            },
            description: webhook.description.clone(),
            enabled: webhook.enabled,
            disabled_because: webhook.disabled_because.map(|because| match because {
                DisabledBecause::Gone => DisabledView::Gone,
                DisabledBecause::Failing => DisabledView::Failing,
            }),
            failing_since: webhook.failing_since.map(time::shown),
            secrets: webhook.secrets.at(now).map(SecretView::new).collect(),
            created_at: time::shown(webhook.created_at),
            updated_at: time::shown(webhook.updated_at),
            secret: None,
        }
    }

    /// The same with the newest secret, for who is to be told it.
    #[must_use]
    pub fn with_secret(mut self, webhook: &Webhook, now: jiff::Timestamp) -> Self {
        self.secret = webhook.secrets.at(now).next().map(|it| it.secret.reveal().to_owned());
        self
    }

    /// The webhook as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a webhook is text")
    }
}

impl SecretView {
    fn new(signing: &Signing) -> Self {
        Self { since: time::shown(signing.since), until: signing.until.map(time::shown) }
    }
}

impl WebhookList {
    /// These webhooks.
    pub fn new(webhooks: impl IntoIterator<Item = WebhookView>) -> Self {
        Self { webhooks: webhooks.into_iter().collect() }
    }

    /// The list as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("webhooks are text")
    }
}

impl Problem {
    /// The webhook does not exist, or is another tenant's: a caller cannot tell which.
    pub fn webhook_not_found() -> Self {
        Self::new(Code::WebhookNotFound, "There is no webhook with this id.")
    }

    /// The delivery does not exist, or was forgotten.
    pub fn delivery_not_found() -> Self {
        let sentence = "The webhook has no delivery with this id; deliveries are kept for 30 days.";
        Self::new(Code::DeliveryNotFound, sentence)
    }

    /// What would be delivered again is not there any more.
    pub fn event_not_found() -> Self {
        Self::new(Code::DeliveryNotFound, "The event of this delivery is not there any more.")
    }

    /// The tenant has as many webhooks as it may.
    pub fn too_many_webhooks() -> Self {
        let sentence = format!("A tenant has at most {WEBHOOKS_MAX} webhooks; delete one first.");
        Self::new(Code::LimitExceeded, sentence)
    }

    /// Others won every race for a webhook.
    pub fn webhook_contended() -> Self {
        let sentence = "Others changed the webhook each time we tried; nothing was done. Try again.";
        Self { headers: vec![("retry-after", "1".to_owned())], ..Self::new(Code::Contended, sentence) }
    }
}

#[cfg(test)]
mod tests;

//! A webhook: a URL of a tenant's own that is told of its events.
//!
//! Nothing is sent here. This says what may be called, what for, with which secrets, when to try again, and when to give up.

mod address;
mod schedule;
mod secrets;
mod target;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{DeliveryId, TenantId, WebhookId};

pub use address::is_public;
pub use schedule::{ATTEMPTS_MAX, due_after};
pub use secrets::{SECRETS_MAX, Secret, Secrets, Signing};
pub use target::{InvalidTarget, Reach, Target};

/// How many webhooks a tenant may have.
pub const WEBHOOKS_MAX: usize = 50;
/// The longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 200;
/// A webhook that answered nothing but failures for so long is disabled.
pub const FAILING_MAX: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Namespace of delivery ids: arbitrary, and fixed for ever.
const DELIVERIES: Uuid = Uuid::from_u128(0x8e0b_5d4a_91c7_5f3b_a6d2_17e9_c04b_62f5);

/// A tenant's webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The tenant's name for it.
    pub id: WebhookId,
    /// What is called.
    pub target: Target,
    /// What it is told of.
    pub event_types: EventTypes,
    /// What it is for, in the tenant's words.
    pub description: Option<String>,
    /// Whether it is told at all.
    pub enabled: bool,
    /// Why the platform disabled it; nothing when it did not.
    pub disabled_because: Option<DisabledBecause>,
    /// What deliveries are signed with.
    pub secrets: Secrets,
    /// Since when it has answered nothing but failures.
    pub failing_since: Option<Timestamp>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Counts its changes: of two who change it at once, one is told.
    pub version: u64,
}

/// Why the platform disabled a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DisabledBecause {
    /// It answered 410 Gone.
    Gone,
    /// It failed for days.
    Failing,
}

/// What a tenant says of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What is called.
    pub target: Target,
    /// What it is told of.
    pub event_types: EventTypes,
    /// What it is for.
    pub description: Option<String>,
    /// Whether it is told at all.
    pub enabled: bool,
}

/// Types of events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventTypes {
    /// All there are and will be.
    All,
    /// These.
    These(BTreeSet<String>),
}

impl EventTypes {
    /// Whether a type, e.g. `penstock.order.placed`, is among them.
    pub fn include(&self, event_type: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(types) => types.contains(event_type),
        }
    }
}

impl Webhook {
    /// A new webhook.
    pub fn create(id: WebhookId, wanted: Wanted, secret: Secret, now: Timestamp) -> Self {
        let Wanted { target, event_types, description, enabled } = wanted;
        Self {
            id,
            target,
            event_types,
            description,
            enabled,
            disabled_because: None,
            secrets: Secrets::new(secret, now),
            failing_since: None,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }

    /// Replaces what the tenant says of it. Enabling it anew forgets its failures.
    pub fn replace(&mut self, wanted: Wanted, now: Timestamp) {
        let Wanted { target, event_types, description, enabled } = wanted;
        if enabled {
            (self.disabled_because, self.failing_since) = (None, None);
        }
        (self.target, self.event_types) = (target, event_types);
        (self.description, self.enabled) = (description, enabled);
        self.changed(now);
    }

    /// Gives it a new secret; the old one signs along for a while.
    pub fn rotate(&mut self, secret: Secret, now: Timestamp) {
        self.secrets.rotate(secret, now);
        self.changed(now);
    }

    /// Notes how a delivery was answered. Whether that changed anything.
    pub fn note(&mut self, verdict: Verdict, now: Timestamp) -> bool {
        let before = (self.enabled, self.failing_since);
        match verdict {
            Verdict::Delivered => self.failing_since = None,
            Verdict::Gone => self.disable(DisabledBecause::Gone),
            Verdict::Failed => match self.failing_since {
                Some(since) if now.duration_since(since) >= FAILING_MAX => {
                    self.disable(DisabledBecause::Failing);
                }
                since => self.failing_since = since.or(Some(now)),
            },
        }
        let changed = before != (self.enabled, self.failing_since);
        if changed {
            self.changed(now);
        }
        changed
    }

    /// What it is told of now.
    pub fn listens_to(&self, event_type: &str) -> bool {
        self.enabled && self.event_types.include(event_type)
    }

    fn disable(&mut self, because: DisabledBecause) {
        if self.enabled {
            (self.enabled, self.disabled_because) = (false, Some(because));
        }
    }

    fn changed(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.version += 1;
    }
}

/// How a delivery was answered, as far as its webhook goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// With success.
    Delivered,
    /// 410: it wants no more.
    Gone,
    /// Otherwise, or not at all.
    Failed,
}

impl DeliveryId {
    /// The delivery of an event of `at` to a webhook: the same one however often the event comes.
    ///
    /// Ids sort by `at`, so that a webhook's newest deliveries are found without an index. (UUIDv8, laid out as UUIDv7 is:
    /// RFC 9562, section 5.8.)
    pub fn derive(tenant: &TenantId, webhook: WebhookId, event: &str, at: Timestamp) -> Self {
        let rest = Uuid::new_v5(&DELIVERIES, format!("{tenant}#{webhook}#{event}").as_bytes());
        let millis = u64::try_from(at.as_millisecond()).unwrap_or_default().to_be_bytes();
        let mut bytes = *rest.as_bytes();
        bytes[..6].copy_from_slice(&millis[2..]);
        Self::from(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// When it began, to the millisecond.
    pub fn began_at(self) -> Timestamp {
        let mut millis = [0; 8];
        millis[2..].copy_from_slice(&self.uuid().as_bytes()[..6]);
        Timestamp::from_millisecond(i64::from_be_bytes(millis)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests;

//! Who asks, and the facts of one request that are kept with what it does.

use std::collections::BTreeSet;

use penstock_domain::{IdempotencyKey, TenantId};

/// Who asks, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The company.
    pub tenant: TenantId,
    /// The person or program.
    pub subject: String,
    /// What it may do beyond its own tenant's ordinary business.
    pub roles: BTreeSet<String>,
}

impl Caller {
    /// Whether the prices it sends stand, whatever the catalogue says.
    pub fn may_set_prices(&self) -> bool {
        self.roles.contains("pricing")
    }
}

/// One request that changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The same key means the same request.
    pub key: IdempotencyKey,
    /// Of what was asked: the same key with another digest is a mistake of the caller's.
    pub digest: String,
    /// This attempt's own id: tells a write of ours whose answer was lost from an earlier request's.
    pub id: String,
    /// W3C trace context it came with.
    pub traceparent: Option<String>,
    /// What ties requests of one business transaction together.
    pub correlation_id: String,
}

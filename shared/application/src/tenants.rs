//! The port to what each tenant has settled for itself.

use std::future::Future;

use penstock_domain::{Limits, TenantId, Terms};

use crate::Unavailable;

/// What a tenant has settled for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settings {
    /// How large its orders may be.
    pub limits: Limits,
    /// How they are checked out.
    pub terms: Terms,
}

/// Tenants' settings.
pub trait Tenants: Send + Sync {
    /// A tenant's settings: the defaults where it has set none.
    ///
    /// # Errors
    /// When they cannot be read.
    fn settings(&self, tenant: &TenantId) -> impl Future<Output = Result<Settings, Unavailable>> + Send;

    /// A tenant's limits.
    ///
    /// # Errors
    /// When they cannot be read.
    fn limits(&self, tenant: &TenantId) -> impl Future<Output = Result<Limits, Unavailable>> + Send {
        async { Ok(self.settings(tenant).await?.limits) }
    }
}

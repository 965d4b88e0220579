//! The port to what each tenant has settled for itself.

use std::future::Future;

use penstock_domain::{Limits, TenantId};

use crate::Unavailable;

/// Tenants' settings.
pub trait Tenants: Send + Sync {
    /// A tenant's limits: the defaults where it has set none.
    ///
    /// # Errors
    /// When they cannot be read.
    fn limits(&self, tenant: &TenantId) -> impl Future<Output = Result<Limits, Unavailable>> + Send;
}

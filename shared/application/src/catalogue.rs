//! The port to what can be ordered.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use penstock_domain::{Product, ProductId, TenantId};

use crate::Unavailable;

/// Products that were asked for and exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// By id; what is missing does not exist.
    pub products: BTreeMap<ProductId, Product>,
    /// Those answered from memory: they may have changed since.
    pub remembered: BTreeSet<ProductId>,
}

/// What can be ordered.
pub trait Catalogue: Send + Sync {
    /// The products among `ids` that exist, in as few reads as possible.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    fn find(
        &self,
        tenant: &TenantId,
        ids: &BTreeSet<ProductId>,
    ) -> impl Future<Output = Result<Found, Unavailable>> + Send;

    /// Forgets what is remembered of `ids`, so that the next read is fresh.
    fn forget(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>);

    /// Keeps a product. True when it is new.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    fn put(
        &self,
        tenant: &TenantId,
        product: &Product,
    ) -> impl Future<Output = Result<bool, Unavailable>> + Send;

    /// Removes a product, if it is there.
    ///
    /// # Errors
    /// When the catalogue cannot be written.
    fn delete(
        &self,
        tenant: &TenantId,
        id: ProductId,
    ) -> impl Future<Output = Result<(), Unavailable>> + Send;
}

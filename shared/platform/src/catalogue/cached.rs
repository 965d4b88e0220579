//! A catalogue that remembers: what was read for a while, what does not exist for a shorter while.

use std::collections::BTreeSet;
use std::sync::Arc;

use penstock_application::Unavailable;
use penstock_application::catalogue::{Catalogue, Found};
use penstock_domain::{Product, ProductId, TenantId};

use crate::caches::Caches;
use crate::telemetry::count_cache_read;

/// A catalogue with memory. A write through it forgets what it changed.
#[derive(Clone)]
pub struct CachedCatalogue<C> {
    inner: C,
    caches: Arc<Caches>,
}

impl<C> CachedCatalogue<C> {
    /// Remembers what `inner` answers.
    pub fn new(inner: C, caches: Arc<Caches>) -> Self {
        Self { inner, caches }
    }

    fn recall(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>) -> (Found, BTreeSet<ProductId>) {
        let mut found = Found::default();
        let mut missing = BTreeSet::new();
        for &id in ids {
            let remembered = self.caches.products.get(&(tenant.clone(), id));
            match remembered {
                None => {
                    missing.insert(id);
                }
                Some(product) => {
                    found.remembered.insert(id);
                    found.products.extend(product.map(|product| (id, product)));
                }
            }
        }
        count_cache_read("products", found.remembered.len(), ids.len());
        (found, missing)
    }

    fn remember(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>, read: &Found) {
        for id in ids {
            self.caches.products.insert((tenant.clone(), *id), read.products.get(id).cloned());
        }
    }

    fn changed(&self, tenant: &TenantId, id: ProductId) {
        self.caches.written();
        self.caches.products.invalidate(&(tenant.clone(), id));
    }
}

impl<C: Catalogue> Catalogue for CachedCatalogue<C> {
    async fn find(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>) -> Result<Found, Unavailable> {
        let (mut found, missing) = self.recall(tenant, ids);
        if missing.is_empty() {
            return Ok(found);
        }
        let mark = self.caches.mark();
        let read = self.inner.find(tenant, &missing).await?;
        let insert = || self.remember(tenant, &missing, &read);
        self.caches.remember(mark, insert, || self.forget(tenant, &missing));
        found.products.extend(read.products);
        Ok(found)
    }

    fn forget(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>) {
        for id in ids {
            self.caches.products.invalidate(&(tenant.clone(), *id));
        }
    }

    async fn put(&self, tenant: &TenantId, product: &Product) -> Result<bool, Unavailable> {
        let put = self.inner.put(tenant, product).await;
        self.changed(tenant, product.id);
        put
    }

    async fn delete(&self, tenant: &TenantId, id: ProductId) -> Result<(), Unavailable> {
        let deleted = self.inner.delete(tenant, id).await;
        self.changed(tenant, id);
        deleted
    }
}

#[cfg(test)]
mod tests;

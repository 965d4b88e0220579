//! What one process remembers of the catalogue, and of tenants' settings and webhooks.
//!
//! In AWS each function instance has its own; on a laptop all functions share one, so that a write through one
//! function is seen by the others at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use penstock_application::tenants::Settings;
use penstock_domain::webhook::Webhook;
use penstock_domain::{Product, ProductId, TenantId};

const PRODUCTS_MAX: u64 = 20_000;
const TENANTS_MAX: u64 = 1_000;
const TTL: Duration = Duration::from_secs(30);
/// That a product does not exist is remembered shortly: long enough to ward off a storm, short enough to wait for.
const NEGATIVE_TTL_MAX: Duration = Duration::from_secs(2);

/// A product's place in memory; nothing when it is known not to exist.
pub(crate) type Remembered = Option<Product>;

/// The caches of one process.
pub struct Caches {
    pub(crate) products: Cache<(TenantId, ProductId), Remembered>,
    pub(crate) settings: Cache<TenantId, Settings>,
    pub(crate) webhooks: Cache<TenantId, Arc<[Webhook]>>,
    writes: AtomicU64,
}

impl Caches {
    /// Caches that keep things for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        let expiry = ProductExpiry::new(ttl);
        Self {
            products: Cache::builder().max_capacity(PRODUCTS_MAX).expire_after(expiry).build(),
            settings: Cache::builder().max_capacity(TENANTS_MAX).time_to_live(ttl).build(),
            webhooks: Cache::builder().max_capacity(TENANTS_MAX).time_to_live(ttl).build(),
            writes: AtomicU64::new(0),
        }
    }

    /// A mark to take before reading what shall be remembered.
    pub(crate) fn mark(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Remembers what was read since the mark, unless something was written meanwhile: what was read may be older
    /// than that.
    ///
    /// It looks again afterwards, since a write may come between looking and remembering; then `forget` undoes it.
    pub(crate) fn remember(&self, mark: u64, insert: impl FnOnce(), forget: impl FnOnce()) {
        if self.mark() != mark {
            return;
        }
        insert();
        if self.mark() != mark {
            forget();
        }
    }

    /// Says that something was written, before it is forgotten.
    pub(crate) fn written(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
    }
}

impl Default for Caches {
    fn default() -> Self {
        Self::new(TTL)
    }
}

struct ProductExpiry {
    positive: Duration,
    negative: Duration,
}

impl ProductExpiry {
    fn new(ttl: Duration) -> Self {
        Self { positive: ttl, negative: ttl.min(NEGATIVE_TTL_MAX) }
    }
}

impl<K> Expiry<K, Remembered> for ProductExpiry {
    fn expire_after_create(&self, _: &K, value: &Remembered, _: Instant) -> Option<Duration> {
        Some(if value.is_some() { self.positive } else { self.negative })
    }

    fn expire_after_update(
        &self,
        key: &K,
        value: &Remembered,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, value, now)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn that_a_product_does_not_exist_is_remembered_shorter_than_a_product() {
        let ProductExpiry { positive, negative } = ProductExpiry::new(TTL);
        assert_eq!((positive, negative), (TTL, NEGATIVE_TTL_MAX));
        assert!(negative < positive);
    }

    #[test]
    fn nothing_is_kept_longer_than_it_is_told_to() {
        let expiry = ProductExpiry::new(Duration::from_millis(5));
        let lasts = expiry.expire_after_create(&(), &None, Instant::now());
        assert_eq!(lasts, Some(Duration::from_millis(5)));
    }

    #[test]
    fn what_was_read_before_a_write_is_not_remembered() {
        let caches = Caches::default();
        let mark = caches.mark();
        caches.written();
        caches.remember(mark, || panic!("it is remembered"), || {});
    }

    #[test]
    fn a_write_that_comes_between_looking_and_remembering_is_noticed() {
        let caches = Caches::default();
        let forgotten = Cell::new(false);
        caches.remember(caches.mark(), || caches.written(), || forgotten.set(true));
        assert!(forgotten.get());
    }

    #[test]
    fn what_was_read_while_nothing_was_written_stays() {
        let caches = Caches::default();
        let remembered = Cell::new(false);
        caches.remember(caches.mark(), || remembered.set(true), || panic!("it is forgotten"));
        assert!(remembered.get());
    }
}

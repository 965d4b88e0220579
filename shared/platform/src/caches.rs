//! What one process remembers of the catalogue and of tenants' settings.
//!
//! In AWS each function instance has its own; on a laptop all functions share one, so that a write through one
//! function is seen by the others at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::sync::Cache;
use penstock_domain::{Limits, Product, ProductId, TenantId};

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
    pub(crate) limits: Cache<TenantId, Limits>,
    writes: AtomicU64,
}

impl Caches {
    /// Caches that keep things for `ttl`.
    pub fn new(ttl: Duration) -> Self {
        let expiry = ProductExpiry { positive: ttl, negative: ttl.min(NEGATIVE_TTL_MAX) };
        Self {
            products: Cache::builder().max_capacity(PRODUCTS_MAX).expire_after(expiry).build(),
            limits: Cache::builder().max_capacity(TENANTS_MAX).time_to_live(ttl).build(),
            writes: AtomicU64::new(0),
        }
    }

    /// A mark to take before reading what shall be remembered.
    pub(crate) fn mark(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Whether nothing was written since the mark: then what was read meanwhile may be remembered.
    pub(crate) fn unchanged_since(&self, mark: u64) -> bool {
        self.mark() == mark
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

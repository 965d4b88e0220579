//! Ports in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use penstock_domain::order::Event;
use penstock_domain::{Product, ProductDetails, ProductId, TenantId};
use uuid::Uuid;

use super::*;
use crate::ledger::Commit;

#[derive(Default)]
pub(crate) struct MemoryLedger {
    commits: Mutex<BTreeMap<(TenantId, OrderId), Vec<Commit>>>,
    pub(super) reads: AtomicU32,
    rivals: Mutex<Option<(OrderId, u32)>>,
    meets_itself: AtomicBool,
}

impl MemoryLedger {
    /// Lets a rival be faster, so many times: it appends an edit just before the next append.
    pub(super) fn rival(&self, order: OrderId, times: u32) {
        *self.rivals.lock().unwrap() = Some((order, times));
    }

    /// Commits in which nothing happens, until there are so many.
    pub(super) fn fill(&self, order: OrderId, commits: usize) {
        let mut all = self.commits.lock().unwrap();
        let of_it = all.get_mut(&(caller().tenant, order)).unwrap();
        let empty = Commit { key: key(999), events: vec![], ..of_it[0].clone() };
        let number = |index| u32::try_from(index + 1).unwrap();
        of_it.extend((of_it.len()..commits).map(|it| Commit { number: number(it), ..empty.clone() }));
    }

    /// Has the next append made twice, as by a retry beneath us.
    pub(super) fn meet_itself(&self) {
        self.meets_itself.store(true, Ordering::SeqCst);
    }

    fn let_the_rival_go_first(&self, commit: &Commit) {
        let mut rivals = self.rivals.lock().unwrap();
        let Some((order, times)) = rivals.as_mut().filter(|(_, times)| *times > 0) else { return };
        *times -= 1;
        let events = vec![Event::LinesReplaced { at: commit.at, lines: vec![] }];
        let theirs = Commit {
            key: key(1_000 + u128::from(*times)),
            events,
            request_id: "rival".into(),
            ..commit.clone()
        };
        self.commits.lock().unwrap().get_mut(&(commit.tenant.clone(), *order)).unwrap().push(theirs);
    }
}

impl Ledger for MemoryLedger {
    async fn read(&self, tenant: &TenantId, order: OrderId) -> Result<Vec<Commit>, Unavailable> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Ok(self.commits.lock().unwrap().get(&(tenant.clone(), order)).cloned().unwrap_or_default())
    }

    async fn first(&self, tenant: &TenantId, order: OrderId) -> Result<Option<Commit>, Unavailable> {
        Ok(self.commits.lock().unwrap().get(&(tenant.clone(), order)).map(|commits| commits[0].clone()))
    }

    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        self.let_the_rival_go_first(commit);
        let mut all = self.commits.lock().unwrap();
        let commits = all.entry((commit.tenant.clone(), commit.order)).or_default();
        match commits.get(commit.number as usize - 1) {
            Some(theirs) => Err(AppendError::Conflict(Box::new(theirs.clone()))),
            None => {
                commits.push(commit.clone());
                let met = self.meets_itself.swap(false, Ordering::SeqCst);
                if met { Err(AppendError::Conflict(Box::new(commit.clone()))) } else { Ok(()) }
            }
        }
    }
}

/// Shared, as a table is by several functions.
impl Ledger for Arc<MemoryLedger> {
    async fn read(&self, tenant: &TenantId, order: OrderId) -> Result<Vec<Commit>, Unavailable> {
        MemoryLedger::read(self, tenant, order).await
    }

    async fn first(&self, tenant: &TenantId, order: OrderId) -> Result<Option<Commit>, Unavailable> {
        MemoryLedger::first(self, tenant, order).await
    }

    async fn append(&self, commit: &Commit) -> Result<(), AppendError> {
        MemoryLedger::append(self, commit).await
    }
}

pub(crate) struct MemoryCatalogue {
    pub(super) products: Mutex<BTreeMap<ProductId, Product>>,
    remembered: Mutex<BTreeMap<ProductId, Product>>,
}

impl MemoryCatalogue {
    pub(crate) fn new() -> Self {
        Self { products: Mutex::new([product(250)].into()), remembered: Mutex::default() }
    }

    pub(super) fn remember_price(&self, pence: i64) {
        self.remembered.lock().unwrap().extend([product(pence)]);
    }
}

impl Catalogue for MemoryCatalogue {
    async fn find(&self, _: &TenantId, _: &BTreeSet<ProductId>) -> Result<Found, Unavailable> {
        let remembered = self.remembered.lock().unwrap().clone();
        let mut products = self.products.lock().unwrap().clone();
        let ids = remembered.keys().copied().collect();
        products.extend(remembered);
        Ok(Found { products, remembered: ids })
    }

    fn forget(&self, _: &TenantId, ids: &BTreeSet<ProductId>) {
        self.remembered.lock().unwrap().retain(|id, _| !ids.contains(id));
    }

    async fn put(&self, _: &TenantId, _: &Product) -> Result<bool, Unavailable> {
        Ok(true)
    }

    async fn delete(&self, _: &TenantId, _: ProductId) -> Result<(), Unavailable> {
        Ok(())
    }
}

/// All tenants have settled the same.
impl Tenants for Settings {
    async fn settings(&self, _: &TenantId) -> Result<Settings, Unavailable> {
        Ok(*self)
    }
}

pub(super) fn product(pence: i64) -> (ProductId, Product) {
    let id = ProductId::from(Uuid::from_u128(5));
    let details = ProductDetails {
        sku: "85123A".into(),
        name: "HOLDER".into(),
        category: "goods".into(),
        price: gbp(pence),
    };
    (id, Product { id, details })
}

pub(super) fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

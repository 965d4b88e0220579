//! The use cases over ports in memory: lost races, repeats, lost answers, changed prices.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use penstock_domain::order::Status;
use penstock_domain::{IdempotencyKey, Money, Product, ProductDetails, TenantId};
use uuid::Uuid;

use super::*;
use crate::caller::Request;
use crate::catalogue::Found;
use crate::ledger::Commit;
use crate::tenants::Settings;

#[tokio::test]
async fn a_repeated_creation_answers_with_the_first_order() {
    let shop = Shop::new();
    let Created::New(first) = shop.create(1, "a").await.unwrap() else { panic!("it is new") };
    assert_eq!(shop.create(1, "a").await.unwrap(), Created::Before(first));
}

#[tokio::test]
async fn a_repeated_creation_meets_its_order_though_its_product_is_gone() {
    let shop = Shop::new();
    let Created::New(first) = shop.create(1, "a").await.unwrap() else { panic!("it is new") };
    shop.orders.catalogue.products.lock().unwrap().clear();
    assert_eq!(shop.create(1, "a").await.unwrap(), Created::Before(first));
    assert!(matches!(shop.create(2, "b").await, Err(OrderError::Refused(Refusal::Lines(_)))));
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let shop = Shop::new();
    shop.create(1, "a").await.unwrap();
    assert!(matches!(shop.create(1, "b").await, Err(OrderError::KeyReused)));
    let id = OrderId::derive(&caller().tenant, key(1));
    shop.cancel(id, 2, "c", None).await.unwrap();
    assert!(matches!(shop.cancel(id, 2, "d", None).await, Err(OrderError::KeyReused)));
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_new_to_its_caller() {
    let shop = Shop::new();
    let request = request(1, "a");
    shop.orders.create(&caller(), &request, wanted()).await.unwrap();
    let again = shop.orders.create(&caller(), &request, wanted()).await.unwrap();
    assert!(matches!(again, Created::New(_)));
}

#[tokio::test]
async fn a_repeated_command_is_answered_as_the_first_time() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let placed = shop.place(id, 2).await.unwrap();
    shop.cancel(id, 3, "c", None).await.unwrap();
    let again = shop.place(id, 2).await.unwrap();
    assert_eq!((again.order.status, again.version), (Status::Pending, placed.version));
}

#[tokio::test]
async fn a_command_that_changed_nothing_is_remembered_too() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let as_it_was = shop.edit(id, 2, 2).await.unwrap();
    shop.edit(id, 3, 7).await.unwrap();
    let again = shop.edit(id, 2, 2).await.unwrap();
    assert_eq!((again.version, &again.order.lines), (as_it_was.version, &as_it_was.order.lines));
    let now = shop.orders.get(&caller(), id, None).await.unwrap();
    assert_eq!(now.order.lines[0].quantity, 7, "the repeat did not undo the later edit");
}

#[tokio::test]
async fn a_lost_race_is_decided_anew_without_another_read() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    shop.orders.ledger.rival(id, 3);
    let reads = shop.orders.ledger.reads.load(Ordering::SeqCst);
    let cancelled = shop.cancel(id, 2, "c", None).await.unwrap();
    assert_eq!((cancelled.order.status, cancelled.version), (Status::Cancelled, 5));
    assert_eq!(shop.orders.ledger.reads.load(Ordering::SeqCst) - reads, 1);
}

#[tokio::test]
async fn a_race_that_cannot_be_won_ends() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    shop.orders.ledger.rival(id, 100);
    assert!(matches!(shop.cancel(id, 2, "c", None).await, Err(OrderError::Contended)));
}

#[tokio::test]
async fn a_command_on_an_older_version_is_refused_even_when_it_loses_the_race() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    assert!(matches!(shop.cancel(id, 2, "c", Some(7)).await, Err(OrderError::VersionMoved(1))));
    shop.orders.ledger.rival(id, 1);
    assert!(matches!(shop.cancel(id, 2, "c", Some(1)).await, Err(OrderError::VersionMoved(2))));
}

#[tokio::test]
async fn a_price_is_not_called_wrong_from_memory() {
    let shop = Shop::new();
    shop.orders.catalogue.remember_price(999);
    let mut items = wanted().items;
    items[0].unit_price = Some(gbp(250));
    let order = WantedOrder { items, ..wanted() };
    assert!(shop.orders.create(&caller(), &request(1, "a"), order).await.is_ok());
}

#[tokio::test]
async fn the_order_is_shown_as_it_was_then() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let placed = shop.place(id, 2).await.unwrap();
    let before = placed.order.updated_at - jiff::SignedDuration::from_millis(1);
    let then = shop.orders.get(&caller(), id, Some(before)).await.unwrap();
    assert_eq!((then.order.status, then.version), (Status::Draft, 1));
    let never = shop.orders.get(&caller(), id, Some(Timestamp::MIN)).await;
    assert!(matches!(never, Err(OrderError::NotFound(_))));
}

#[tokio::test]
async fn another_tenants_order_does_not_exist() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let stranger = Caller { tenant: "other".parse().unwrap(), ..caller() };
    assert!(matches!(shop.orders.get(&stranger, id, None).await, Err(OrderError::NotFound(_))));
}

// A shop in memory.

struct Shop {
    orders: Orders<MemoryLedger, MemoryCatalogue, DefaultLimits>,
}

impl Shop {
    fn new() -> Self {
        let seconds = AtomicU32::new(0);
        let clock: Clock = Arc::new(move || {
            let at = seconds.fetch_add(1, Ordering::SeqCst);
            Timestamp::from_second(1_291_191_960 + i64::from(at)).unwrap()
        });
        Self { orders: Orders::new(MemoryLedger::default(), MemoryCatalogue::new(), DefaultLimits, clock) }
    }

    async fn create(&self, name: u128, digest: &str) -> Result<Created, OrderError> {
        self.orders.create(&caller(), &request(name, digest), wanted()).await
    }

    async fn draft(&self, name: u128) -> OrderId {
        let wanted = WantedOrder { draft: true, ..wanted() };
        self.orders.create(&caller(), &request(name, "draft"), wanted).await.unwrap();
        OrderId::derive(&caller().tenant, key(name))
    }

    async fn place(&self, id: OrderId, name: u128) -> Result<OrderRecord, OrderError> {
        let request = request(name, "place");
        self.orders.place(&caller(), ToOrder { id, request: &request, expected: &|_| true }).await
    }

    async fn edit(&self, id: OrderId, name: u128, quantity: u32) -> Result<OrderRecord, OrderError> {
        let request = request(name, &quantity.to_string());
        let items = [WantedLine { quantity, ..wanted().items[0].clone() }];
        let to = ToOrder { id, request: &request, expected: &|_| true };
        self.orders.edit_draft(&caller(), to, &items).await
    }

    async fn cancel(
        &self,
        id: OrderId,
        name: u128,
        digest: &str,
        expected: Option<u32>,
    ) -> Result<OrderRecord, OrderError> {
        let request = request(name, digest);
        let expected = |version| expected.is_none_or(|expected| expected == version);
        self.orders.cancel(&caller(), ToOrder { id, request: &request, expected: &expected }, None).await
    }
}

#[derive(Default)]
pub(crate) struct MemoryLedger {
    commits: Mutex<BTreeMap<(TenantId, OrderId), Vec<Commit>>>,
    reads: AtomicU32,
    rivals: Mutex<Option<(OrderId, u32)>>,
}

impl MemoryLedger {
    /// Lets a rival be faster, so many times: it appends an edit just before the next append.
    fn rival(&self, order: OrderId, times: u32) {
        *self.rivals.lock().unwrap() = Some((order, times));
    }

    fn let_the_rival_go_first(&self, commit: &Commit) {
        let mut rivals = self.rivals.lock().unwrap();
        let Some((order, times)) = rivals.as_mut().filter(|(_, times)| *times > 0) else { return };
        *times -= 1;
        let events = vec![penstock_domain::order::Event::LinesReplaced { at: commit.at, lines: vec![] }];
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
                Ok(())
            }
        }
    }
}

/// Shared, as a table is by several functions.
impl Ledger for std::sync::Arc<MemoryLedger> {
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
    products: Mutex<BTreeMap<ProductId, Product>>,
    remembered: Mutex<BTreeMap<ProductId, Product>>,
}

impl MemoryCatalogue {
    pub(crate) fn new() -> Self {
        Self { products: Mutex::new([product(250)].into()), remembered: Mutex::default() }
    }

    fn remember_price(&self, pence: i64) {
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

pub(crate) struct DefaultLimits;

impl Tenants for DefaultLimits {
    async fn settings(&self, _: &TenantId) -> Result<Settings, Unavailable> {
        Ok(Settings::default())
    }
}

pub(crate) fn caller() -> Caller {
    Caller { tenant: "shop".parse().unwrap(), subject: "clerk".into(), roles: BTreeSet::new() }
}

/// A request: `name` is its key, and each call is another attempt.
pub(crate) fn request(name: u128, digest: &str) -> Request {
    static ATTEMPTS: AtomicU32 = AtomicU32::new(0);
    let id = ATTEMPTS.fetch_add(1, Ordering::SeqCst).to_string();
    Request { key: key(name), digest: digest.into(), id, traceparent: None, correlation_id: "c".into() }
}

fn key(name: u128) -> IdempotencyKey {
    Uuid::from_u128(name).into()
}

pub(crate) fn wanted() -> WantedOrder {
    let items = vec![WantedLine { product_id: product(0).0, quantity: 2, unit_price: None }];
    WantedOrder {
        customer_id: Uuid::from_u128(9).into(),
        items,
        draft: false,
        currency: None,
        payment: None,
        contact: None,
    }
}

fn product(pence: i64) -> (ProductId, Product) {
    let id = ProductId::from(Uuid::from_u128(5));
    let details = ProductDetails {
        sku: "85123A".into(),
        name: "HOLDER".into(),
        category: "goods".into(),
        price: gbp(pence),
    };
    (id, Product { id, details })
}

fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

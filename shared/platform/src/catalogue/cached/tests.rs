//! What the memory around a catalogue knows, told by what it still asks the catalogue.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use penstock_domain::{Money, ProductDetails};
use uuid::Uuid;

use super::*;

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn what_was_found_once_is_not_read_again() {
    let shop = Shop::with(LONG, &[1, 2]);
    let first = shop.find(&[1, 2]).await;
    assert_eq!((first.products.len(), first.remembered.len(), shop.reads()), (2, 0, 1));
    let second = shop.find(&[1, 2]).await;
    assert_eq!(second.products, first.products);
    assert_eq!((second.remembered, shop.reads()), (ids(&[1, 2]), 1));
}

#[tokio::test]
async fn only_what_is_not_remembered_is_read() {
    let shop = Shop::with(LONG, &[1, 2]);
    shop.find(&[1]).await;
    let found = shop.find(&[1, 2]).await;
    assert_eq!((found.products.len(), found.remembered), (2, ids(&[1])));
    assert_eq!(*shop.catalogue.inner.asked.lock().unwrap(), [ids(&[1]), ids(&[2])]);
}

#[tokio::test]
async fn what_was_remembered_long_enough_is_read_again() {
    let shop = Shop::with(SHORT, &[1]);
    shop.find(&[1]).await;
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(shop.find(&[1]).await.remembered, ids(&[]));
    assert_eq!(shop.reads(), 2);
}

#[tokio::test]
async fn that_a_product_does_not_exist_is_remembered_for_a_while() {
    let shop = Shop::with(LONG, &[]);
    shop.find(&[7]).await;
    let again = shop.find(&[7]).await;
    assert_eq!((again.products.len(), again.remembered, shop.reads()), (0, ids(&[7]), 1));

    let shop = Shop::with(SHORT, &[]);
    shop.find(&[7]).await;
    tokio::time::sleep(SHORT * 2).await;
    shop.find(&[7]).await;
    assert_eq!(shop.reads(), 2);
}

#[tokio::test]
async fn a_product_that_is_put_is_seen_at_once() {
    let shop = Shop::with(LONG, &[1]);
    shop.find(&[1, 7]).await;
    shop.catalogue.put(&shop.tenant, &product(1, 250)).await.unwrap();
    shop.catalogue.put(&shop.tenant, &product(7, 100)).await.unwrap();
    let found = shop.find(&[1, 7]).await;
    assert_eq!(found.products.into_values().collect::<Vec<_>>(), [product(1, 250), product(7, 100)]);
}

#[tokio::test]
async fn a_product_that_is_deleted_is_gone_at_once() {
    let shop = Shop::with(LONG, &[1]);
    shop.find(&[1]).await;
    shop.catalogue.delete(&shop.tenant, id(1)).await.unwrap();
    assert!(shop.find(&[1]).await.products.is_empty());
}

#[tokio::test]
async fn what_is_forgotten_is_read_again() {
    let shop = Shop::with(LONG, &[1, 2]);
    shop.find(&[1, 2]).await;
    shop.catalogue.forget(&shop.tenant, &ids(&[1]));
    assert_eq!(shop.find(&[1, 2]).await.remembered, ids(&[2]));
}

#[tokio::test]
async fn what_was_read_while_something_was_written_is_not_remembered() {
    let shop = Shop::with(LONG, &[1]);
    let dearer = product(1, 250);
    // The shelf pauses between reading and answering: the write begins and ends meanwhile.
    let (read, put) = tokio::join!(shop.find(&[1]), shop.catalogue.put(&shop.tenant, &dearer));
    put.unwrap();
    assert_eq!(read.products[&id(1)], product(1, 100), "read before it was written");
    assert_eq!(shop.find(&[1]).await.products[&id(1)], dearer);
}

#[tokio::test]
async fn another_tenant_shares_nothing() {
    let shop = Shop::with(LONG, &[1]);
    shop.find(&[1]).await;
    let other: TenantId = "other".parse().unwrap();
    let found = shop.catalogue.find(&other, &ids(&[1])).await.unwrap();
    assert_eq!((found.products.len(), found.remembered.len(), shop.reads()), (0, 0, 2));
    // Nor does what the other does touch it.
    shop.catalogue.delete(&other, id(1)).await.unwrap();
    assert_eq!(shop.find(&[1]).await.remembered, ids(&[1]));
}

#[tokio::test]
async fn what_could_not_be_read_is_not_remembered() {
    let shop = Shop::with(LONG, &[1]);
    shop.catalogue.inner.broken.store(1, Ordering::SeqCst);
    assert!(shop.catalogue.find(&shop.tenant, &ids(&[1])).await.is_err());
    assert_eq!(shop.find(&[1]).await.products.len(), 1);
}

/// A tenant's catalogue, with memory around a shelf that counts.
struct Shop {
    catalogue: CachedCatalogue<Shelf>,
    tenant: TenantId,
}

impl Shop {
    fn with(ttl: Duration, numbers: &[u128]) -> Self {
        let tenant: TenantId = "shop".parse().unwrap();
        let keep = |&number: &u128| ((tenant.clone(), id(number)), product(number, 100));
        let products = Mutex::new(numbers.iter().map(keep).collect());
        let shelf = Shelf { products, asked: Mutex::default(), broken: AtomicUsize::new(0) };
        Self { catalogue: CachedCatalogue::new(shelf, Arc::new(Caches::new(ttl))), tenant }
    }

    async fn find(&self, numbers: &[u128]) -> Found {
        self.catalogue.find(&self.tenant, &ids(numbers)).await.unwrap()
    }

    fn reads(&self) -> usize {
        self.catalogue.inner.asked.lock().unwrap().len()
    }
}

/// A catalogue in memory that notes what it is asked, and pauses before it answers.
struct Shelf {
    products: Mutex<BTreeMap<(TenantId, ProductId), Product>>,
    asked: Mutex<Vec<BTreeSet<ProductId>>>,
    /// How many reads fail from now on.
    broken: AtomicUsize,
}

impl Catalogue for Shelf {
    async fn find(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>) -> Result<Found, Unavailable> {
        self.asked.lock().unwrap().push(ids.clone());
        if self.broken.load(Ordering::SeqCst) > 0 {
            self.broken.fetch_sub(1, Ordering::SeqCst);
            return Err(Unavailable { what: "the shelf", cause: "planted".into() });
        }
        let known = |&id| {
            let product = self.products.lock().unwrap().get(&(tenant.clone(), id)).cloned();
            product.map(|product| (id, product))
        };
        let found = Found { products: ids.iter().filter_map(known).collect(), ..Found::default() };
        tokio::task::yield_now().await;
        Ok(found)
    }

    fn forget(&self, _: &TenantId, _: &BTreeSet<ProductId>) {}

    async fn put(&self, tenant: &TenantId, product: &Product) -> Result<bool, Unavailable> {
        let key = (tenant.clone(), product.id);
        Ok(self.products.lock().unwrap().insert(key, product.clone()).is_none())
    }

    async fn delete(&self, tenant: &TenantId, id: ProductId) -> Result<(), Unavailable> {
        self.products.lock().unwrap().remove(&(tenant.clone(), id));
        Ok(())
    }
}

fn id(number: u128) -> ProductId {
    Uuid::from_u128(number).into()
}

fn ids(numbers: &[u128]) -> BTreeSet<ProductId> {
    numbers.iter().map(|&number| id(number)).collect()
}

fn product(number: u128, pence: i64) -> Product {
    let price = Money::from_minor(pence, "GBP".parse().unwrap()).unwrap();
    let details = ProductDetails {
        sku: format!("sku-{number}"),
        name: "Mug".into(),
        category: "kitchen".into(),
        price,
    };
    Product { id: id(number), details }
}

//! The use cases over ports in memory: lost races, repeats, lost answers, changed prices.

mod counters;
mod memory;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use jiff::SignedDuration;
use penstock_domain::order::Status;
use penstock_domain::{IdempotencyKey, Money};
use uuid::Uuid;

use super::*;
use crate::caller::Request;
use crate::tenants::Settings;
pub(crate) use counters::Counters;
pub(crate) use memory::{MemoryCatalogue, MemoryLedger};
use memory::{gbp, product};

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
async fn another_price_than_the_catalogues_stands_when_its_caller_may_set_prices() {
    let shop = Shop::new();
    let mut items = wanted().items;
    items[0].unit_price = Some(gbp(199));
    let order = || WantedOrder { items: items.clone(), ..wanted() };
    let refused = shop.orders.create(&caller(), &request(1, "a"), order()).await;
    assert!(matches!(refused, Err(OrderError::Refused(Refusal::Lines(_)))));
    let broker = Caller { roles: ["pricing".to_owned()].into(), ..caller() };
    let created = shop.orders.create(&broker, &request(1, "a"), order()).await.unwrap();
    assert!(matches!(created, Created::New(record) if record.order.total == gbp(2 * 199)));
}

#[tokio::test]
async fn the_order_is_shown_as_it_was_then() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let placed = shop.place(id, 2).await.unwrap();
    let before = placed.order.updated_at - SignedDuration::from_millis(1);
    let then = shop.orders.get(&caller(), id, Some(before)).await.unwrap();
    assert_eq!((then.order.status, then.version), (Status::Draft, 1));
    let never = shop.orders.get(&caller(), id, Some(Timestamp::MIN)).await;
    assert!(matches!(never, Err(OrderError::NotFound(_))));
}

#[tokio::test]
async fn no_commit_is_earlier_than_the_one_before_it_though_the_clock_is_put_back() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let created = shop.orders.get(&caller(), id, None).await.unwrap().order.created_at;
    shop.seconds.fetch_sub(3_600, Ordering::SeqCst);
    let placed = shop.place(id, 2).await.unwrap();
    assert_eq!(placed.order.updated_at, created);
    assert_eq!(shop.orders.get(&caller(), id, Some(created)).await.unwrap(), placed);
}

#[tokio::test]
async fn an_order_takes_as_many_commits_as_it_may_have_and_no_more() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    shop.orders.ledger.fill(id, COMMITS_MAX - 1);
    shop.place(id, 2).await.unwrap();
    assert!(matches!(shop.cancel(id, 3, "c", None).await, Err(OrderError::TooLong)));
}

#[tokio::test]
async fn what_happens_to_orders_is_counted_once_and_not_what_a_rival_did() {
    let counters = Counters::default();
    let _listening = metrics::set_default_local_recorder(&counters);
    let counted = || {
        [
            "OrderTransitions/placeOrder",
            "OrderTransitions/cancelOrder",
            "OrderTransitions/editDraft",
            "LostRaces",
        ]
        .map(|name| counters.of(name))
    };
    let shop = Shop::new();
    let id = shop.draft(1).await;
    shop.orders.ledger.meet_itself();
    shop.place(id, 2).await.unwrap();
    assert_eq!(counted(), [1, 0, 0, 0], "a retry beneath us met our own write");
    shop.orders.ledger.rival(id, 1);
    shop.cancel(id, 3, "c", None).await.unwrap();
    assert_eq!(counted(), [1, 1, 0, 1]);
}

#[tokio::test]
async fn another_tenants_order_does_not_exist() {
    let shop = Shop::new();
    let id = shop.draft(1).await;
    let stranger = Caller { tenant: "other".parse().unwrap(), ..caller() };
    assert!(matches!(shop.orders.get(&stranger, id, None).await, Err(OrderError::NotFound(_))));
}

/// A shop in memory, whose clock moves on by a second each time it is looked at.
pub(crate) struct Shop {
    pub(crate) orders: Orders<MemoryLedger, MemoryCatalogue, Settings>,
    seconds: Arc<AtomicI64>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let seconds = Arc::new(AtomicI64::new(1_291_191_960));
        let clock: Clock = {
            let seconds = Arc::clone(&seconds);
            Arc::new(move || Timestamp::from_second(seconds.fetch_add(1, Ordering::SeqCst)).unwrap())
        };
        let (ledger, catalogue) = (MemoryLedger::default(), MemoryCatalogue::new());
        Self { orders: Orders::new(ledger, catalogue, Settings::default(), clock), seconds }
    }

    async fn create(&self, name: u128, digest: &str) -> Result<Created, OrderError> {
        self.orders.create(&caller(), &request(name, digest), wanted()).await
    }

    pub(crate) async fn draft(&self, name: u128) -> OrderId {
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

    pub(crate) async fn cancel(
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

//! The adapters of `shared/platform`, through the real SDK, over whatever DynamoDB the shop has: what each promises its use cases.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use penstock_application::History;
use penstock_application::catalogue::Catalogue as _;
use penstock_application::ledger::{AppendError, Commit, Ledger as _};
use penstock_application::tenants::{Settings, Tenants as _};
use penstock_domain::order::{Event, Status};
use penstock_domain::{Limits, Money, Product, ProductDetails, ProductId, TenantId};
use penstock_platform::caches::Caches;
use penstock_platform::catalogue::DynamoCatalogue;
use penstock_platform::ledger::DynamoLedger;
use penstock_platform::tenants::DynamoTenants;
use penstock_platform::views::{OrderViews, Wanted};
use penstock_tests::shop::{Shop, uuid};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_read_as_it_was_appended() {
    let shop = Shop::open().await;
    let ledger = ledger(&shop);
    let commits = [commit(1, 1, vec![created()]), commit(1, 2, vec![placed()])];
    for commit in &commits {
        ledger.append(commit).await.unwrap();
    }
    assert_eq!(ledger.read(&tenant(), commits[0].order).await.unwrap(), commits);
    assert_eq!(ledger.first(&tenant(), commits[0].order).await.unwrap().as_ref(), Some(&commits[0]));
    let nobodys = commit(2, 1, vec![]).order;
    assert_eq!(ledger.read(&tenant(), nobodys).await.unwrap(), []);
    assert_eq!(ledger.first(&tenant(), nobodys).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_carries_the_commit_that_won() {
    let shop = Shop::open().await;
    let ledger = ledger(&shop);
    let winner = commit(1, 1, vec![created()]);
    ledger.append(&winner).await.unwrap();
    let loser = Commit { actor: "late".to_owned(), ..winner.clone() };
    let AppendError::Conflict(there) = ledger.append(&loser).await.unwrap_err() else {
        panic!("it is a conflict")
    };
    assert_eq!(*there, winner);
    assert_eq!(ledger.read(&tenant(), winner.order).await.unwrap(), [winner]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenth_commit_comes_after_the_ninth() {
    let shop = Shop::open().await;
    let ledger = ledger(&shop);
    for number in (1..=11).rev() {
        let events = if number == 1 { vec![created()] } else { vec![] };
        ledger.append(&commit(1, number, events)).await.unwrap();
    }
    let read = ledger.read(&tenant(), commit(1, 1, vec![]).order).await.unwrap();
    assert_eq!(read.iter().map(|commit| commit.number).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_never_gives_way_to_an_older_one() {
    let shop = Shop::open().await;
    let views = OrderViews::new(shop.dynamodb(), shop.table("order-views"));
    let draft = [commit(1, 1, vec![created()])];
    let order = [draft[0].clone(), commit(1, 2, vec![placed()])];
    for commits in [&order[..], &draft[..], &order[..]] {
        let record = History::new(draft[0].order, commits.to_vec()).unwrap().now().unwrap();
        views.put(&tenant(), &record).await.unwrap();
    }
    assert_eq!(listed(&views, Some(Status::Pending)).await, 1);
    assert_eq!(listed(&views, Some(Status::Draft)).await, 0);
    assert_eq!(listed(&views, None).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_found_in_any_number_and_those_that_are_not_there_are_left_out() {
    let shop = Shop::open().await;
    let catalogue = catalogue(&shop);
    for number in 0..105 {
        assert!(catalogue.put(&tenant(), &product(number, "goods")).await.unwrap(), "{number} is new");
    }
    assert!(!catalogue.put(&tenant(), &product(7, "odd")).await.unwrap(), "7 was there");
    let wanted: BTreeSet<ProductId> = (0..130).map(|number| product(number, "").id).collect();
    let found = catalogue.find(&tenant(), &wanted).await.unwrap().products;
    assert_eq!(found.len(), 105);
    assert_eq!(found[&product(7, "").id], product(7, "odd"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_products_are_by_id_and_of_one_category_when_asked() {
    let shop = Shop::open().await;
    let catalogue = catalogue(&shop);
    for number in (0..6).rev() {
        catalogue
            .put(&tenant(), &product(number, if number % 2 == 0 { "even" } else { "odd" }))
            .await
            .unwrap();
    }
    let first = catalogue.page(&tenant(), Some("even"), 2, None).await.unwrap();
    assert_eq!((first.items.clone(), first.more), (vec![product(0, "even"), product(2, "even")], true));
    let last = catalogue.page(&tenant(), Some("even"), 2, first.next().map(|it| it.id)).await.unwrap();
    assert_eq!((last.items, last.more), (vec![product(4, "even")], false));
    catalogue.delete(&tenant(), product(4, "").id).await.unwrap();
    assert_eq!(catalogue.get(&tenant(), product(4, "").id).await.unwrap(), None);
    assert_eq!(catalogue.page(&tenant(), None, 10, None).await.unwrap().items.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_the_limits_it_settled_or_the_usual_ones() {
    let shop = Shop::open().await;
    let tenants = || DynamoTenants::new(shop.dynamodb(), shop.table("tenants"), Arc::new(Caches::default()));
    assert_eq!(tenants().limits(&tenant()).await.unwrap(), Limits::default());
    let settled = Limits::new(7, 9).unwrap();
    tenants().put(&tenant(), Settings { limits: settled, ..Settings::default() }).await.unwrap();
    assert_eq!(
        tenants().limits(&tenant()).await.unwrap(),
        settled,
        "by another process, which remembers nothing"
    );
}

fn ledger(shop: &Shop) -> DynamoLedger {
    DynamoLedger::new(shop.dynamodb(), shop.table("orders"))
}

fn catalogue(shop: &Shop) -> DynamoCatalogue {
    DynamoCatalogue::new(shop.dynamodb(), shop.table("products"))
}

/// Not the shop's own, which has a product already.
fn tenant() -> TenantId {
    "adapters".parse().unwrap()
}

fn commit(order: u128, number: u32, events: Vec<Event>) -> Commit {
    Commit {
        tenant: tenant(),
        order: uuid(order).parse().unwrap(),
        number,
        at: time(),
        actor: "clerk".to_owned(),
        key: uuid(u128::from(number)).parse().unwrap(),
        digest: format!("digest-{number}"),
        request_id: uuid(0x100 + u128::from(number)),
        traceparent: None,
        correlation_id: "checkout-7".to_owned(),
        events,
        head: None,
    }
}

fn created() -> Event {
    let line = json!({"productId": uuid(3), "sku": "s", "name": "n", "quantity": 2, "unitPrice": price()});
    let event =
        json!({"type": "created", "at": time(), "customerId": uuid(9), "currency": "GBP", "lines": [line]});
    serde_json::from_value(event).expect("the stored form is frozen")
}

fn placed() -> Event {
    Event::Placed { at: time(), total: price().times(2).unwrap() }
}

fn price() -> Money {
    Money::from_minor(250, "GBP".parse().unwrap()).unwrap()
}

fn time() -> Timestamp {
    "2026-05-01T10:00:00Z".parse().unwrap()
}

fn product(number: u128, category: &str) -> Product {
    let details = ProductDetails {
        sku: format!("sku-{number}"),
        name: "grüße ☃".to_owned(),
        category: category.to_owned(),
        price: price(),
    };
    Product { id: uuid(0x1000 + number).parse().unwrap(), details }
}

async fn listed(views: &OrderViews, status: Option<Status>) -> usize {
    let wanted = Wanted { customer_id: None, status, from: None, to: None, limit: 10, after: None };
    views.page(&tenant(), &wanted).await.unwrap().items.len()
}

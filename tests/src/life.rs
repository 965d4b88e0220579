//! The lives of orders as commits: for tests that begin in the middle of one, or long after its end.

use jiff::{SignedDuration, Timestamp};
use penstock_application::ledger::{Commit, Head, Ledger as _};
use penstock_domain::order::{Event, Line, Order, ParcelStatus, Part, Summary};
use penstock_domain::{Money, OrderId, TenantId};
use penstock_platform::ledger::DynamoLedger;
use penstock_platform::views::OrderViews;
use uuid::Uuid;

use crate::shop::Shop;

/// What happens to an order of one line from its placement to its delivery, a commit and a second each.
///
/// # Panics
/// Never, as its payment method is well-formed.
#[must_use]
pub fn usual(from: Timestamp) -> Vec<Vec<Event>> {
    let at = |second| from + SignedDuration::from_secs(second);
    let (shipment, amount) = (Uuid::from_u128(0x51).into(), total());
    let parts = vec![Part { line: 0, quantity: 2 }];
    let tracked = |at, status| Event::ShipmentTracked { at, shipment, status };
    let method = Some("pm_card_visa".parse().expect("a payment method"));
    let reference = Some("pi_1".to_owned());
    vec![
        vec![created(at(0)), Event::Placed { at: at(0), total: amount }],
        vec![
            Event::StockReserved { at: at(1), units: vec![], pay_by: None },
            Event::PaymentStarted { at: at(1), attempt: 1, amount: Some(amount), method },
        ],
        vec![Event::PaymentConfirmed { at: at(2), captured: amount, attempt: 1, reference }],
        vec![
            Event::ShipmentCreated { at: at(3), shipment, parts, consignment: None },
            Event::Shipped { at: at(3) },
        ],
        vec![tracked(at(4), ParcelStatus::InTransit), Event::TrackingUpdated { at: at(4) }],
        vec![tracked(at(5), ParcelStatus::Delivered), Event::Delivered { at: at(5) }],
    ]
}

/// What happens to an order that is cancelled as soon as it is placed.
#[must_use]
pub fn cancelled(at: Timestamp) -> Vec<Vec<Event>> {
    let placed = vec![created(at), Event::Placed { at, total: total() }];
    vec![placed, vec![Event::Cancelled { at, reason: None, refund: None }]]
}

/// The commits of an order to which that happens.
///
/// # Panics
/// When the events do not begin with a creation.
#[must_use]
pub fn commits(tenant: &TenantId, order: OrderId, life: &[Vec<Event>]) -> Vec<Commit> {
    let (mut before, mut commits) = (Vec::new(), Vec::new());
    for (number, events) in (1..).zip(life) {
        let first_sequence = u32::try_from(before.len()).expect("a life is short") + 1;
        before.extend(events.clone());
        let summary = Summary::of(&Order::fold(&before).expect("it begins with a creation"));
        commits.push(Commit {
            tenant: tenant.clone(),
            order,
            number,
            at: before.last().map_or(Timestamp::MIN, Event::at),
            actor: "clerk".to_owned(),
            key: Uuid::from_u128(number.into()).into(),
            digest: "planted".to_owned(),
            request_id: Uuid::from_u128(number.into()).to_string(),
            traceparent: None,
            correlation_id: "planted".to_owned(),
            events: events.clone(),
            head: Some(Head { first_sequence, summary }),
        });
    }
    commits
}

/// Lets that have happened to an order of the shop's: it stands in the ledger, and in its stream.
///
/// # Panics
/// When the ledger does not take it.
pub async fn plant(shop: &Shop, order: OrderId, life: &[Vec<Event>]) {
    let ledger = ledger(shop);
    for commit in &commits(&tenant(), order, life) {
        ledger.append(commit).await.expect("the order is new");
    }
}

/// The shop's ledger.
#[must_use]
pub fn ledger(shop: &Shop) -> DynamoLedger {
    DynamoLedger::new(shop.dynamodb(), shop.table("orders"))
}

/// The shop's read model.
#[must_use]
pub fn views(shop: &Shop) -> OrderViews {
    OrderViews::new(shop.dynamodb(), shop.table("order-views"))
}

/// The shop's tenant.
///
/// # Panics
/// Never, as its name is well-formed.
#[must_use]
pub fn tenant() -> TenantId {
    "shop".parse().expect("a tenant's name")
}

/// An order by number.
#[must_use]
pub fn order(number: u128) -> OrderId {
    Uuid::from_u128(number).into()
}

/// A time so many days ago.
#[must_use]
pub fn days_ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

fn created(at: Timestamp) -> Event {
    let line = Line {
        product_id: Uuid::from_u128(0x0700_0001).into(),
        sku: "sku-1".to_owned(),
        name: "Product 1".to_owned(),
        quantity: 2,
        unit_price: pence(250),
    };
    let currency = total().currency();
    let customer_id = Uuid::from_u128(9).into();
    Event::Created { at, customer_id, currency, lines: vec![line], payment: None, contact: None }
}

fn total() -> Money {
    pence(500)
}

fn pence(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().expect("a currency")).expect("it is small")
}

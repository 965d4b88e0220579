//! `archive-orders`: what ended long enough ago is archived, once, whatever else there is.

use jiff::Timestamp;
use penstock_application::History;
use penstock_application::ledger::Ledger as _;
use penstock_domain::TenantId;
use penstock_domain::order::{Event, ParcelStatus};
use penstock_local::{Options, TEMPLATE};
use penstock_tests::life;
use penstock_tests::runtime;
use penstock_tests::shop::{Shop, send, uuid};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_archived_when_their_time_has_come_and_no_others() {
    let shop = Shop::open().await;
    for (order, life) in [
        (1, life::usual(life::days_ago(31))),
        (2, life::usual(life::days_ago(29))),
        (3, life::cancelled(life::days_ago(2))),
        (4, life::cancelled(life::days_ago(0))),
        (5, life::usual(life::days_ago(31))[..5].to_vec()),
    ] {
        life::plant(&shop, life::order(order), &life).await;
    }
    shop.settled().await;
    assert_eq!(archive(&shop).await, json!({"archived": 2, "notYet": 0, "more": false}));
    shop.settled().await;
    let archived: Vec<_> =
        shop.list("status=ARCHIVED").await.iter().map(|it| it["orderId"].clone()).collect();
    assert_eq!(archived, [json!(uuid(3)), json!(uuid(1))]);
    assert_eq!(archive(&shop).await, json!({"archived": 0, "notYet": 0, "more": false}));
    let history = shop.get(&format!("/v1/orders/{}/events", uuid(1))).await.json();
    let last = history["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["type"], &last["actor"]), (&json!("archived"), &json!("penstock/archive-orders")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_any_tenant_is_archived_in_its_tenants_name() {
    let shop = Shop::open().await;
    let other: TenantId = "other".parse().unwrap();
    let ledger = life::ledger(&shop);
    for commit in life::commits(&other, life::order(1), &life::cancelled(life::days_ago(2))) {
        ledger.append(&commit).await.unwrap();
    }
    shop.settled().await;
    assert_eq!(archive(&shop).await["archived"], json!(1));
    assert_eq!(ledger.read(&other, life::order(1)).await.unwrap().len(), 3);
    assert_eq!(ledger.read(&life::tenant(), life::order(1)).await.unwrap(), []);
}

/// The read model is behind, or the schedule comes twice: the index still names what is archived.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_archived_once_though_it_is_found_twice() {
    let shop = Shop::open().await;
    life::plant(&shop, life::order(1), &life::cancelled(life::days_ago(2))).await;
    shop.settled().await;
    let cancelled = life::commits(&life::tenant(), life::order(1), &life::cancelled(life::days_ago(2)));
    archive(&shop).await;
    shop.settled().await;
    lose_views(&shop).await;
    let view = History::new(life::order(1), cancelled).unwrap().now().unwrap();
    life::views(&shop).put(&life::tenant(), &view).await.unwrap();
    assert_eq!(archive(&shop).await["archived"], json!(1), "it is found, as it was");
    let ledger = life::ledger(&shop);
    assert_eq!(ledger.read(&life::tenant(), life::order(1)).await.unwrap().len(), 3, "and stays as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_money_has_not_gone_back_is_left() {
    let shop = Shop::open().await;
    let at = life::days_ago(2);
    let mut owed = life::usual(at)[..3].to_vec();
    let Some(Event::PaymentConfirmed { captured, reference, .. }) = owed[2].first().cloned() else {
        panic!("it is paid")
    };
    owed.push(vec![
        Event::Cancelled { at, reason: None, refund: Some(captured) },
        Event::RefundRequested { at, refund: 1, amount: captured, reference },
    ]);
    life::plant(&shop, life::order(1), &owed).await;
    life::plant(&shop, life::order(2), &life::cancelled(at)).await;
    shop.settled().await;
    let done = archive(&shop).await;
    assert_eq!(done["archived"], json!(1), "{done}");
    owed.push(vec![Event::RefundPaid {
        at,
        refund: 1,
        amount: captured,
        reference: Some("re_1".to_owned()),
    }]);
    let paid = life::commits(&life::tenant(), life::order(1), &owed).pop().unwrap();
    life::ledger(&shop).append(&paid).await.unwrap();
    shop.settled().await;
    assert_eq!(archive(&shop).await["archived"], json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refunded_order_is_archived_after_a_day() {
    let shop = Shop::open().await;
    for (order, days) in [(1, 2), (2, 0)] {
        life::plant(&shop, life::order(order), &lost_and_refunded(life::days_ago(days))).await;
    }
    shop.settled().await;
    assert_eq!(shop.list("status=REFUNDED").await.len(), 2);
    assert_eq!(archive(&shop).await, json!({"archived": 1, "notYet": 0, "more": false}));
    shop.settled().await;
    let archived = shop.list("status=ARCHIVED").await;
    assert_eq!(archived.iter().map(|it| &it["orderId"]).collect::<Vec<_>>(), [&json!(uuid(1))]);
}

/// One run takes 1,500 orders of a shard, which is the last digit of their ids.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_run_leaves_the_next_one_does() {
    const RUN_MAX: u128 = 1_500;
    let shop = Shop::open_on(unheard()).await;
    let ledger = life::ledger(&shop);
    let cancelled = [life::cancelled(life::days_ago(2)).concat()];
    for number in 0..=RUN_MAX {
        for commit in life::commits(&life::tenant(), life::order(number * 16), &cancelled) {
            ledger.append(&commit).await.unwrap();
        }
    }
    shop.settled().await;
    assert_eq!(archive(&shop).await, json!({"archived": RUN_MAX, "notYet": 0, "more": true}));
    shop.settled().await;
    assert_eq!(archive(&shop).await, json!({"archived": 1, "notYet": 0, "more": false}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_cannot_be_archived_is_reported_and_holds_up_no_other() {
    let shop = Shop::open().await;
    life::plant(&shop, life::order(1), &life::cancelled(life::days_ago(2))).await;
    shop.settled().await;
    // A view without an order: damage that nothing here causes.
    let nobodys = life::commits(&life::tenant(), life::order(2), &life::cancelled(life::days_ago(3)));
    let view = History::new(life::order(2), nobodys).unwrap().now().unwrap();
    life::views(&shop).put(&life::tenant(), &view).await.unwrap();
    let failed = archive(&shop).await;
    assert_eq!(failed["errorType"], json!("NotArchived"), "{failed}");
    assert_eq!(failed["errorMessage"], json!("orders that failed: 1; the log says why"));
    shop.settled().await;
    assert_eq!(shop.list("status=ARCHIVED").await.len(), 1);
}

fn lost_and_refunded(at: Timestamp) -> Vec<Vec<Event>> {
    let mut life = life::usual(at)[..4].to_vec();
    let Some(Event::PaymentConfirmed { captured: amount, reference, .. }) = life[2].first().cloned() else {
        panic!("it is paid")
    };
    let Some(Event::ShipmentCreated { shipment, .. }) = life[3].first().cloned() else {
        panic!("it is sent")
    };
    life.push(vec![
        Event::ShipmentTracked { at, shipment, status: ParcelStatus::Lost },
        Event::TrackingUpdated { at },
        Event::ReportedLost { at },
        Event::RefundRequested { at, refund: 1, amount, reference },
    ]);
    let reference = Some("re_1".to_owned());
    life.push(vec![Event::RefundPaid { at, refund: 1, amount, reference }, Event::Refunded { at, amount }]);
    life
}

/// A platform that keeps its read model and tells nobody else.
fn unheard() -> Options {
    let mapping = "FunctionName: !GetAtt RelayEventsFunction.Arn\n";
    let template = TEMPLATE.replace(mapping, &format!("{mapping}      Enabled: false\n"));
    assert_ne!(template, TEMPLATE);
    Options { template, ..runtime::options() }
}

/// Runs the schedule now; what was answered.
async fn archive(shop: &Shop) -> Value {
    let event = json!({"id": uuid(0xa), "time": Timestamp::now()});
    send(shop.bare("POST", "/2015-03-31/functions/archive-orders/invocations").json(&event)).await.json()
}

async fn lose_views(shop: &Shop) {
    let (client, table) = (shop.dynamodb(), shop.table("order-views"));
    for item in client.scan().table_name(&table).send().await.unwrap().items.unwrap() {
        let delete = client.delete_item().table_name(&table).key("pk", item["pk"].clone());
        delete.key("sk", item["sk"].clone()).send().await.unwrap();
    }
}

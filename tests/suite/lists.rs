//! The read model over HTTP: filters, pages, rebuilding, and that it follows the ledger.

use penstock_tests::shop::{Shop, basket, send, uuid};
use penstock_tests::stream::{deliver, record};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_newest_first_by_customer_status_and_time() {
    let shop = Shop::open().await;
    let mut ids = Vec::new();
    for number in 0..6_u128 {
        let mut order = basket();
        order["customerId"] = json!(uuid(100 + number % 2));
        order["draft"] = json!(number % 3 == 0);
        ids.push(shop.command("POST", "/v1/orders", number, &order).await.text_at("/orderId"));
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    shop.settled().await;
    let all = shop.list("").await;
    assert_eq!(ids_of(&all), pick(&ids, &[5, 4, 3, 2, 1, 0]));
    let list = async |query: String| ids_of(&shop.list(&query).await);
    assert_eq!(list(format!("customerId={}", uuid(101))).await, pick(&ids, &[5, 3, 1]));
    assert_eq!(list("status=DRAFT".into()).await, pick(&ids, &[3, 0]));
    assert_eq!(list(format!("status=DRAFT&customerId={}", uuid(100))).await, pick(&ids, &[0]));
    let at = |index: usize| all[5 - index]["createdAt"].as_str().unwrap().to_owned();
    assert_eq!(list(format!("from={}&to={}", at(1), at(4))).await, pick(&ids, &[3, 2, 1]));
    assert_eq!(list(format!("from={}&status=PENDING", at(2))).await, pick(&ids, &[5, 4, 2]));
    assert_eq!(list(format!("to={}", at(1))).await, pick(&ids, &[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let shop = Shop::open().await;
    for number in 0..7 {
        shop.order(number).await;
    }
    shop.settled().await;
    let whole = shop.list("limit=100").await;
    for limit in [1, 2, 3, 6, 7] {
        assert_eq!(shop.list(&format!("limit={limit}")).await, whole, "{limit}");
    }
    let last = shop.get("/v1/orders?limit=7").await.json();
    assert!(last.get("nextCursor").is_none(), "the last page has no cursor: {last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_shows_an_order_where_it_is_now() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    let cancelled = shop.cancel(&id, 2).await;
    shop.settled().await;
    assert_eq!(shop.list("status=CANCELLED").await, [cancelled.json()]);
    assert_eq!(shop.list("status=PENDING").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_read_model_is_rebuilt_from_the_ledger() {
    let shop = Shop::open().await;
    for number in 0..5 {
        shop.order(number).await;
    }
    shop.settled().await;
    let before = shop.list("").await;
    lose_the_views(&shop).await;
    assert_eq!(shop.list("").await, Vec::<Value>::new());
    let invoke = shop.bare("POST", "/2015-03-31/functions/rebuild-views/invocations").json(&json!({}));
    assert_eq!(send(invoke).await.json(), json!({"orders": 5}));
    assert_eq!(shop.list("").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_is_never_replaced_by_an_older_one() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    let cancelled = shop.cancel(&id, 2).await.json();
    shop.settled().await;
    let late = deliver(&shop, "project-orders", id.parse().unwrap(), &[1]).await;
    assert_eq!(late.json(), json!({"batchItemFailures": []}));
    assert_eq!(shop.list("").await, [cancelled]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_projected_is_named() {
    let shop = Shop::open().await;
    let image = json!({"pk": {"S": "nonsense"}, "sk": {"N": "1"}});
    let event = json!({"Records": [record(4711, &image)]});
    let invoke = shop.bare("POST", "/2015-03-31/functions/project-orders/invocations").json(&event);
    assert_eq!(send(invoke).await.json(), json!({"batchItemFailures": [{"itemIdentifier": "4711"}]}));
}

fn pick(ids: &[String], which: &[usize]) -> Vec<String> {
    which.iter().map(|index| ids[*index].clone()).collect()
}

fn ids_of(orders: &[Value]) -> Vec<String> {
    orders.iter().filter_map(|order| order["orderId"].as_str()).map(str::to_owned).collect()
}

async fn lose_the_views(shop: &Shop) {
    let (client, table) = (shop.dynamodb(), shop.table("order-views"));
    let items = client.scan().table_name(&table).send().await.unwrap().items.unwrap();
    for item in items {
        let delete = client.delete_item().table_name(&table).key("pk", item["pk"].clone());
        delete.key("sk", item["sk"].clone()).send().await.unwrap();
    }
}

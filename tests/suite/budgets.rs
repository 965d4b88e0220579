//! What every operation costs: AWS calls and capacity units, exactly, from the calls actually made.
//!
//! Items here are below 1 KB, so that a write is one unit and what an index adds is one unit each. A command on an
//! order reads its whole history: a consistent read unit per 4 KB.

use penstock_local::aws::calls::Call;
use penstock_local::aws::faults::refusal;
use penstock_tests::shop::{Shop, basket, product, send, uuid};
use penstock_tests::{life, stream};
use serde_json::json;

/// One call as a budget states it: operation, read units, write units.
type Cost<'a> = (&'a str, f64, f64);

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_is_one_write_and_one_batch_of_what_is_not_remembered() {
    let shop = Shop::open().await;
    warm(&shop).await;
    shop.platform.calls().reset();
    shop.order(2).await;
    costs(&shop, "create-order", &[("PutItem", 0.0, 1.0)]);
    shop.put_product(2, "1", "GBP").await;
    shop.platform.calls().reset();
    let order = json!({"customerId": uuid(9), "items": [{"productId": product(2), "quantity": 1}]});
    shop.command("POST", "/v1/orders", 3, &order).await;
    costs(&shop, "create-order", &[("BatchGetItem", 1.0, 0.0), ("PutItem", 0.0, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_products_are_one_batch_and_one_more_are_two() {
    let shop = Shop::open().await;
    shop.limits(100, 1_000).await;
    warm(&shop).await;
    for number in 1..=101 {
        shop.put_product(number, "1", "GBP").await;
    }
    let items: Vec<_> =
        (1..=101).map(|number| json!({"productId": product(number), "quantity": 1})).collect();
    shop.platform.calls().reset();
    let order = json!({"customerId": uuid(9), "items": items});
    assert_eq!(shop.command("POST", "/v1/orders", 2, &order).await.status, 201);
    let calls = shop.platform.calls().of("create-order");
    let batches = calls.iter().filter(|call| call.operation == "BatchGetItem");
    assert_eq!(batches.clone().count(), 2);
    assert_eq!(batches.map(|call| call.read_units).sum::<f64>(), 101.0);
    assert_eq!(calls.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_is_one_refused_write() {
    let shop = Shop::open().await;
    warm(&shop).await;
    shop.platform.calls().reset();
    assert_eq!(shop.order(1).await.status, 409);
    costs(&shop, "create-order", &[("PutItem", 0.0, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_creation_reads_once_whether_it_is_a_repeat() {
    let shop = Shop::open().await;
    warm(&shop).await;
    shop.platform.calls().reset();
    let refused = json!({"customerId": uuid(9), "items": [{"productId": product(1), "quantity": 101}]});
    assert_eq!(shop.command("POST", "/v1/orders", 2, &refused).await.code(), "limit-exceeded");
    costs(&shop, "create-order", &[("GetItem", 1.0, 0.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_is_called_changed_only_after_it_was_read_anew() {
    let shop = Shop::open().await;
    warm(&shop).await;
    let mut dearer = basket();
    dearer["items"][0]["unitPrice"] = json!({"amount": 2.75, "currency": "GBP"});
    shop.platform.calls().reset();
    assert_eq!(shop.command("POST", "/v1/orders", 2, &dearer).await.code(), "price-changed");
    // One batch more than a refusal for another reason.
    costs(&shop, "create-order", &[("BatchGetItem", 1.0, 0.0), ("GetItem", 1.0, 0.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_request_of_a_tenant_reads_its_settings_once() {
    let shop = Shop::open().await;
    shop.platform.calls().reset();
    shop.order(1).await;
    costs(&shop, "create-order", &[("GetItem", 1.0, 0.0), ("BatchGetItem", 1.0, 0.0), ("PutItem", 0.0, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_an_order_is_one_query() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.platform.calls().reset();
    shop.get(&format!("/v1/orders/{id}")).await;
    costs(&shop, "get-order", &[("Query", 1.0, 0.0)]);
    shop.get(&format!("/v1/orders/{id}/events")).await;
    costs(&shop, "get-order-history", &[("Query", 1.0, 0.0)]);
}

/// Three views of some 500 bytes: the table gives them half price, 4 KB for half a unit; those that an index names are read one by
/// one, a unit each. Before what is in a state is shown, all that the index or the table has is looked at, a hundred at a time.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_one_query_and_for_an_index_one_batch() {
    let shop = Shop::open().await;
    for key in 0..3 {
        shop.order(key).await;
    }
    shop.settled().await;
    let table: &[Cost] = &[("Query", 0.5, 0.0)];
    let index: &[Cost] = &[("Query", 0.5, 0.0), ("BatchGetItem", 3.0, 0.0)];
    let customer = format!("customerId={}", uuid(9));
    for (query, cost) in [
        ("", table),
        ("status=SHIPPED", table),
        ("status=PENDING", index),
        (customer.as_str(), index),
        (&format!("{customer}&status=PENDING"), index),
        (&format!("{customer}&status=SHIPPED"), index),
        (&format!("customerId={}", uuid(10)), table),
    ] {
        shop.platform.calls().reset();
        shop.get(&format!("/v1/orders?{query}")).await;
        costs(&shop, "list-orders", cost);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_one_query_and_one_write() {
    let shop = Shop::open().await;
    let one_command: &[Cost] = &[("Query", 1.0, 0.0), ("PutItem", 0.0, 1.0)];
    let id = shop.draft(1).await;
    shop.platform.calls().reset();
    shop.command(
        "PUT",
        &format!("/v1/orders/{id}/lines"),
        2,
        &json!({"items": [{"productId": product(1), "quantity": 3}]}),
    )
    .await;
    costs(&shop, "edit-draft", one_command);
    shop.command("POST", &format!("/v1/orders/{id}/placement"), 3, &json!({})).await;
    costs(&shop, "place-order", one_command);
    shop.cancel(&id, 4).await;
    costs(&shop, "cancel-order", one_command);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_adds_one_write_a_try_and_no_read() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let rival = shop.request("PUT", &format!("/v1/orders/{id}/lines")).header("idempotency-key", uuid(5));
    let rival = rival.json(&json!({"items": [{"productId": product(1), "quantity": 9}]}));
    let rival = std::sync::Mutex::new(Some(rival));
    // Just before the cancellation is written, the rival's edit is: the first of its writes only.
    shop.platform.faults().plant(move |call| {
        let first = call.function == "cancel-order" && call.operation == "PutItem";
        let rival = first.then(|| rival.lock().unwrap().take()).flatten();
        async move {
            if let Some(rival) = rival {
                assert_eq!(send(rival).await.status, 200);
            }
            None
        }
    });
    shop.platform.calls().reset();
    let cancelled = shop.cancel(&id, 2).await;
    assert_eq!(
        (cancelled.status, cancelled.json()["version"].as_u64()),
        (200, Some(3)),
        "{}",
        cancelled.text
    );
    costs(&shop, "cancel-order", &[("Query", 1.0, 0.0), ("PutItem", 0.0, 1.0), ("PutItem", 0.0, 1.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_cost_one_call_each() {
    let shop = Shop::open().await;
    shop.platform.calls().reset();
    shop.put_product(2, "1", "GBP").await;
    costs(&shop, "put-product", &[("PutItem", 0.0, 2.0)]);
    shop.get(&format!("/v1/products/{}", product(2))).await;
    costs(&shop, "get-product", &[("GetItem", 1.0, 0.0)]);
    shop.get("/v1/products").await;
    costs(&shop, "list-products", &[("Query", 0.5, 0.0)]);
    send(shop.request("DELETE", &format!("/v1/products/{}", product(2)))).await;
    costs(&shop, "delete-product", &[("DeleteItem", 0.0, 2.0)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_projection_of_a_new_order_is_one_write_with_its_two_indexes_and_a_later_one_a_write_without_a_read()
 {
    let shop = Shop::open().await;
    shop.settled().await;
    shop.platform.calls().reset();
    let id = shop.order(1).await.text_at("/orderId");
    shop.settled().await;
    costs(&shop, "project-orders", &[("BatchExecuteStatement", 0.0, 3.0)]);
    shop.platform.calls().reset();
    shop.cancel(&id, 2).await;
    shop.settled().await;
    // It waits for nobody any more, and is to be archived: out of one index, into another.
    costs(&shop, "project-orders", &[("BatchExecuteStatement", 0.0, 3.0)]);
}

/// The usual life: placed, stock reserved, paid, shipped, seen, delivered.
#[tokio::test(flavor = "multi_thread")]
async fn the_views_of_an_orders_life_are_eight_units_at_full_batches_and_ten_one_by_one() {
    let shop = Shop::open_on(stream::without_projection()).await;
    let [placed, changed, moved] = [3.0, 1.0, 2.0].map(|units| ("BatchExecuteStatement", 0.0, units));
    let one_by_one = [placed, changed, changed, moved, changed, moved];
    for (order, ends, budget) in [
        (1, &[1, 2, 3, 4, 5, 6][..], &one_by_one[..]),
        (2, &[3, 4, 5, 6], &[placed, moved, changed, moved]),
        (3, &[6], &[placed]),
    ] {
        life::plant(&shop, life::order(order), &life::usual(life::days_ago(1))).await;
        shop.platform.calls().reset();
        for (from, end) in [0].iter().chain(ends).zip(ends) {
            let commits: Vec<u32> = (from + 1..=*end).collect();
            stream::deliver(&shop, "project-orders", life::order(order), &commits).await;
        }
        costs(&shop, "project-orders", budget);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archiving_costs_what_is_archived_and_a_query_a_shard_whatever_else_there_is() {
    let shop = Shop::open().await;
    let others = life::usual(life::days_ago(3));
    for number in 0..40 {
        life::plant(&shop, life::order(100 + number), &others[..=(number % 6) as usize]).await;
    }
    life::plant(&shop, life::order(1), &life::cancelled(life::days_ago(2))).await;
    shop.settled().await;
    shop.platform.calls().reset();
    let event = json!({"id": uuid(1), "time": jiff::Timestamp::now()});
    send(shop.bare("POST", "/2015-03-31/functions/archive-orders/invocations").json(&event)).await;
    let calls = shop.platform.calls().of("archive-orders");
    let shards = calls.iter().filter(|it| it.operation == "Query" && it.read_units == 0.5).count();
    let others: Vec<_> = calls.iter().filter(|it| it.operation != "Query" || it.read_units != 0.5).collect();
    let others: Vec<Cost> =
        others.iter().map(|it| (it.operation.as_str(), it.read_units, it.write_units)).collect();
    assert_eq!((shards, &others[..]), (16, &[("Query", 1.0, 0.0), ("PutItem", 0.0, 1.0)][..]), "{calls:#?}");
    shop.settled().await;
    // Out of the index of what is to be archived.
    let projected = shop.platform.calls().of("project-orders");
    let projected = projected.last().map(|it| (it.operation.clone(), it.read_units, it.write_units));
    assert_eq!(projected, Some(("BatchExecuteStatement".to_owned(), 0.0, 2.0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_each_table_once_and_says_which_does_not_answer() {
    let shop = Shop::open().await;
    shop.platform.calls().reset();
    assert_eq!(shop.get("/health/live").await.status, 200);
    assert_eq!(shop.platform.calls().of("get-health"), []);
    assert_eq!(shop.get("/health/ready").await.status, 200);
    assert_eq!(shop.platform.calls().of("get-health").len(), 6);
    shop.platform.faults().plant(|call| async move {
        let products = String::from_utf8_lossy(&call.body).contains("-products");
        products.then(|| refusal(400, "AccessDeniedException", "planted"))
    });
    let unready = shop.get("/health/ready").await;
    assert_eq!(unready.status, 503, "{}", unready.text);
    let dependencies = unready.json()["dependencies"].as_array().unwrap().clone();
    let bad: Vec<_> = dependencies.iter().filter(|of| of["status"] != "ready").collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0]["name"], "products");
}

/// Lets the tenant's settings and product 1 be remembered.
async fn warm(shop: &Shop) {
    assert_eq!(shop.command("POST", "/v1/orders", 1, &basket()).await.status, 201);
}

#[track_caller]
fn costs(shop: &Shop, function: &str, budget: &[Cost]) {
    let calls = shop.platform.calls().of(function);
    let made: Vec<_> = calls
        .iter()
        .map(|Call { operation, read_units, write_units, .. }| {
            (operation.as_str(), *read_units, *write_units)
        })
        .collect();
    assert_eq!(made, budget, "{function}: {calls:#?}");
}

//! Orders over HTTP: what a caller can do with one, and what it is told when it cannot.

use penstock_tests::shop::{Shop, basket, product, send, uuid};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_goes_in_and_comes_out() {
    let shop = Shop::open().await;
    let created = shop.order(1).await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert_eq!(created.headers["etag"], "\"1\"");
    let order = created.json();
    assert_eq!(order["status"], "PENDING");
    assert_eq!(order["items"][0]["sku"], "sku-1");
    assert!(created.text.contains(r#""totalAmount":{"amount":5.00,"currency":"GBP"}"#), "{}", created.text);
    let got = shop.get(&created.headers["location"]).await;
    assert_eq!((got.status, got.json()), (200, order.clone()));
    shop.settled().await;
    assert_eq!(shop.list("").await, [order]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_shown_with_time_actor_and_sequence() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.cancel(&id, 2).await;
    let history = shop.get(&format!("/v1/orders/{id}/events")).await.json();
    let events = history["events"].as_array().unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|e| {
            (e["sequence"].as_u64().unwrap(), e["version"].as_u64().unwrap(), e["type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, [(1, 1, "created"), (2, 1, "placed"), (3, 2, "cancelled")]);
    assert!(events.iter().all(|event| event["actor"] == "clerk" && event["at"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_shown_as_it_was() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let drafted = shop.get(&format!("/v1/orders/{id}")).await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    shop.command("POST", &format!("/v1/orders/{id}/placement"), 2, &json!({})).await;
    let then = drafted.text_at("/updatedAt");
    let shown = shop.get(&format!("/v1/orders/{id}?asOf={then}")).await;
    assert_eq!((shown.status, shown.json()), (200, drafted.json()));
    assert_eq!(shop.get(&format!("/v1/orders/{id}?asOf=2001-01-01T00:00:00Z")).await.status, 404);
    assert_eq!(shop.get(&format!("/v1/orders/{id}?asOf=yesterday")).await.pointers(), ["query/asOf"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_edited_placed_and_then_left_alone() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let lines = json!({"items": [{"productId": product(1), "quantity": 7}, {"productId": product(1), "quantity": 1}]});
    let edited = shop.command("PUT", &format!("/v1/orders/{id}/lines"), 2, &lines).await;
    assert_eq!((edited.status, edited.headers["etag"].as_str()), (200, "\"2\""), "{}", edited.text);
    assert!(edited.text.contains(r#""totalAmount":{"amount":20.00,"currency":"GBP"}"#));
    let placed = shop.command("POST", &format!("/v1/orders/{id}/placement"), 3, &json!({})).await;
    assert_eq!((placed.status, placed.text_at("/status").as_str()), (200, "PENDING"));
    let late = shop.command("PUT", &format!("/v1/orders/{id}/lines"), 4, &lines).await;
    assert_eq!((late.status, late.code().as_str()), (409, "order-state"));
    assert_eq!(late.json()["orderStatus"], "PENDING");
    assert_eq!(late.json()["allowed"], json!(["authorizePayment", "cancelOrder"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_answers_409_with_the_order_itself() {
    let shop = Shop::open().await;
    let first = shop.order(1).await;
    let key = uuid(1);
    let reordered = format!(
        r#"{{ "items" : [ {{ "quantity": 2.0e0, "productId": "{}" }} ], "customerId": "{}" }}"#,
        product(1),
        uuid(9)
    );
    let request = shop.request("POST", "/v1/orders").header("idempotency-key", format!("\"{key}\""));
    let again = send(request.header("content-type", "application/json").body(reordered)).await;
    assert_eq!((again.status, again.text), (409, first.text));
    shop.settled().await;
    assert_eq!(shop.list("").await.len(), 1);
    let mut other = basket();
    other["items"][0]["quantity"] = json!(3);
    let reused = shop.command("POST", "/v1/orders", 1, &other).await;
    assert_eq!((reused.status, reused.code().as_str()), (422, "idempotency-key-reused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_creation_meets_its_order_when_the_product_is_gone() {
    let shop = Shop::open().await;
    let first = shop.order(1).await;
    let deleted = send(shop.request("DELETE", &format!("/v1/products/{}", product(1)))).await;
    assert_eq!(deleted.status, 204);
    let again = shop.order(1).await;
    assert_eq!((again.status, again.text), (409, first.text));
    let refused = shop.order(2).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "unknown-product"));
    assert_eq!(refused.pointers(), ["/items/0/productId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_command_is_answered_as_the_first_time() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let placement = format!("/v1/orders/{id}/placement");
    let first = shop.command("POST", &placement, 2, &json!({})).await;
    shop.cancel(&id, 3).await;
    let again = shop.command("POST", &placement, 2, &json!({})).await;
    assert_eq!((again.status, &again.text), (200, &first.text));
    let reused = shop.cancel(&id, 2).await;
    assert_eq!((reused.status, reused.code().as_str()), (422, "idempotency-key-reused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_edit_does_not_undo_a_later_one() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let path = format!("/v1/orders/{id}/lines");
    let lines = |quantity: u32| json!({"items": [{"productId": product(1), "quantity": quantity}]});
    let as_it_was = shop.command("PUT", &path, 2, &lines(2)).await;
    shop.command("PUT", &path, 3, &lines(7)).await;
    let again = shop.command("PUT", &path, 2, &lines(2)).await;
    assert_eq!((again.status, again.text), (200, as_it_was.text));
    assert_eq!(shop.get(&format!("/v1/orders/{id}")).await.json()["items"][0]["quantity"], 7);
    let reused = shop.command("PUT", &path, 2, &lines(9)).await;
    assert_eq!((reused.status, reused.code().as_str()), (422, "idempotency-key-reused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_order_that_is_taken_is_listed_too() {
    let shop = Shop::open().await;
    shop.limits(5_000, 1_000).await;
    // A stored line without its name; then the name that just lets a thousand of them into 380 KiB.
    let unnamed = r#"{"productId":"","sku":"","name":"","quantity":5000,"unitPrice":{"minor":999999,"currency":"GBP"}},"#;
    let name = (380 * 1024 - 1_000) / 1_000 - unnamed.len() - 36 - 64;
    let order = async |key: u128, name: usize| {
        let price = json!({"amount": 9_999.99, "currency": "GBP"});
        let body =
            json!({"sku": "s".repeat(64), "name": "n".repeat(name), "category": "goods", "price": price});
        send(shop.request("PUT", &format!("/v1/products/{}", product(2))).json(&body)).await;
        let items = vec![json!({"productId": product(2), "quantity": 5_000}); 1_000];
        shop.command("POST", "/v1/orders", key, &json!({"customerId": uuid(9), "items": items})).await
    };
    let taken = order(1, name).await;
    assert_eq!(taken.status, 201, "{:.300}", taken.text);
    assert_eq!(order(2, name + 2).await.code(), "order-too-large");
    shop.order(3).await;
    shop.settled().await;
    let listed = shop.list("limit=1").await;
    assert_eq!(listed.len(), 2, "the next one was not held up");
    assert_eq!(listed[1], taken.json());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_wrong_with_the_lines_is_told_at_once() {
    let shop = Shop::open().await;
    let price = json!({"amount": 1, "currency": "GBP"});
    let order = json!({"customerId": uuid(9), "items": [
        {"productId": product(7), "quantity": 200},
        {"productId": product(1), "quantity": 200, "unitPrice": price},
        {"productId": product(1), "quantity": 1},
    ], "currency": "EUR"});
    let refused = shop.command("POST", "/v1/orders", 1, &order).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "unknown-product"));
    assert_eq!(
        refused.pointers(),
        [
            "/items/0/productId",
            "/items/0/quantity",
            "/items/1/unitPrice",
            "/items/1/quantity",
            "/items/2/unitPrice",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_could_be_read_as_two_is_not_issued() {
    let shop = Shop::open().await;
    let request = shop
        .bare("POST", "/dev/token")
        .json(&json!({"tenant": "shop", "subject": "a", "roles": ["not pricing"]}));
    assert_eq!(send(request).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_on_an_older_version_is_refused() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    let cancel = |tag: &str, key: u128| {
        let request = shop.request("POST", &format!("/v1/orders/{id}/cancellation"));
        send(request.header("if-match", tag).header("idempotency-key", uuid(key)))
    };
    for tag in ["\"7\"", "W/\"1\""] {
        let refused = cancel(tag, 2).await;
        assert_eq!((refused.status, refused.code().as_str()), (412, "precondition-failed"), "{tag}");
    }
    assert_eq!(cancel("nonsense", 2).await.pointers(), ["header/if-match"]);
    assert_eq!(cancel("\"1\"", 2).await.status, 200);
    let request = shop.request("GET", &format!("/v1/orders/{id}")).header("if-none-match", "\"2\"");
    assert_eq!(send(request).await.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_racing_on_one_order_exactly_one_wins() {
    let shop = Shop::open().await;
    for round in 0..20 {
        let id = shop.draft(round * 10 + 1).await;
        let send = |path: &str, key: u128| {
            let request = shop.request("POST", &format!("/v1/orders/{id}/{path}"));
            send(request.header("if-match", "\"1\"").header("idempotency-key", uuid(round * 10 + key)))
        };
        let (placed, cancelled) = tokio::join!(send("placement", 2), send("cancellation", 3));
        let mut statuses = [placed.status, cancelled.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        assert_eq!(shop.get(&format!("/v1/orders/{id}")).await.json()["version"], 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_identical_creations_make_one_order() {
    let shop = Shop::open().await;
    let answers = futures_of(16, || shop.order(1)).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 15);
    assert!(answers.iter().all(|answer| answer.text == answers[0].text));
    shop.settled().await;
    assert_eq!(shop.list("").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_caller_who_may_sets_prices() {
    let shop = Shop::open().await;
    let mut order = basket();
    order["items"][0]["unitPrice"] = json!({"amount": 1, "currency": "GBP"});
    let refused = shop.command("POST", "/v1/orders", 1, &order).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "price-changed"));
    assert_eq!(refused.pointers(), ["/items/0/unitPrice"]);
    let request = shop.bare("POST", "/v1/orders").bearer_auth(shop.token_with(&["audit", "pricing"]));
    let taken = send(request.header("idempotency-key", uuid(1)).json(&order)).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    assert!(taken.text.contains(r#""totalAmount":{"amount":2.00,"currency":"GBP"}"#));
    order["items"][0]["unitPrice"] = json!({"amount": 2.5, "currency": "GBP"});
    assert_eq!(shop.command("POST", "/v1/orders", 2, &order).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_limits_are_its_own() {
    let shop = Shop::open().await;
    let order = |units: u32, lines: usize| json!({"customerId": uuid(9), "items": vec![json!({"productId": product(1), "quantity": units}); lines]});
    assert_eq!(shop.command("POST", "/v1/orders", 1, &order(101, 1)).await.pointers(), ["/items/0/quantity"]);
    assert_eq!(shop.command("POST", "/v1/orders", 1, &order(1, 101)).await.code(), "limit-exceeded");
    assert_eq!(shop.limits(5_000, 1_000).await.status, 200);
    assert_eq!(shop.command("POST", "/v1/orders", 1, &order(2_880, 675)).await.status, 201);
    assert_eq!(shop.limits(5_001, 1_000).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_does_not_fit_its_item_is_refused_before_anything_is_written() {
    let shop = Shop::open().await;
    shop.limits(5_000, 1_000).await;
    let body = json!({"sku": "s".repeat(64), "name": "ü".repeat(200), "category": "goods", "price": {"amount": 1, "currency": "GBP"}});
    send(shop.request("PUT", &format!("/v1/products/{}", product(2))).json(&body)).await;
    let order =
        json!({"customerId": uuid(9), "items": vec![json!({"productId": product(2), "quantity": 1}); 1_000]});
    let refused = shop.command("POST", "/v1/orders", 1, &order).await;
    assert_eq!((refused.status, refused.code().as_str()), (413, "order-too-large"));
    shop.settled().await;
    assert!(shop.list("").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_longer_than_a_page_of_a_query_is_read_whole() {
    let shop = Shop::open().await;
    shop.limits(5_000, 1_000).await;
    let price = json!({"amount": 1, "currency": "GBP"});
    let body = json!({"sku": "s", "name": "n".repeat(200), "category": "goods", "price": price});
    send(shop.request("PUT", &format!("/v1/products/{}", product(2))).json(&body)).await;
    let id = shop.draft(1).await;
    for edit in 2..6 {
        let lines = vec![json!({"productId": product(2), "quantity": edit}); 1_000];
        let edited =
            shop.command("PUT", &format!("/v1/orders/{id}/lines"), edit, &json!({ "items": lines })).await;
        assert_eq!(edited.status, 200, "{}", edited.text);
    }
    shop.platform.calls().reset();
    let shown = shop.get(&format!("/v1/orders/{id}")).await.json();
    assert_eq!((shown["version"].as_u64(), shown["items"][999]["quantity"].as_u64()), (Some(5), Some(5)));
    let pages = shop.platform.calls().of("get-order").into_iter().filter(|call| call.operation == "Query");
    assert_eq!(pages.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_tenant_never_sees_anothers() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    shop.settled().await;
    let stranger = shop.token_of("other");
    let get = |path: String| send(shop.bare("GET", &path).bearer_auth(&stranger));
    assert_eq!(get(format!("/v1/orders/{id}")).await.code(), "order-not-found");
    assert_eq!(get(format!("/v1/orders/{id}/events")).await.code(), "order-not-found");
    assert_eq!(get(format!("/v1/products/{}", product(1))).await.code(), "product-not-found");
    assert_eq!(get("/v1/orders".into()).await.json(), json!({"orders": []}));
    assert_eq!(get(format!("/v1/orders?customerId={}", uuid(9))).await.json(), json!({"orders": []}));
    let cancel = shop.bare("POST", &format!("/v1/orders/{id}/cancellation")).bearer_auth(&stranger);
    assert_eq!(send(cancel.header("idempotency-key", uuid(5))).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_and_a_correlation_id_go_through() {
    let shop = Shop::open().await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let request =
        shop.request("POST", "/v1/orders").header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
    let request = request.header("x-correlation-id", "checkout-7").header("idempotency-key", uuid(1));
    let answer = send(request.json(&basket())).await;
    assert!(answer.headers["traceparent"].starts_with(&format!("00-{trace}-")));
    assert_eq!(answer.headers["x-correlation-id"], "checkout-7");
    assert!(!answer.headers["x-request-id"].is_empty());
}

async fn futures_of<F: Future>(times: usize, make: impl Fn() -> F) -> Vec<F::Output> {
    futures::future::join_all((0..times).map(|_| make())).await
}

//! Bad input, from outside: each gets the right 4xx, says what to do, and changes nothing.

use penstock_tests::shop::{Answer, Shop, basket, product, send, uuid};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_is_a_problem_document() {
    let shop = Shop::open().await;
    let problem = shop.get("/v1/orders/nonsense").await;
    assert_eq!(problem.headers["content-type"], "application/problem+json");
    for member in ["type", "title", "status", "detail", "instance", "code", "message", "details"] {
        assert!(problem.json().get(member).is_some(), "{member}: {}", problem.text);
    }
    assert_eq!(problem.json()["status"], 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_problems_of_a_body_are_told_at_once() {
    let shop = Shop::open().await;
    let body = json!({
        "customerId": "nobody", "currency": "XXX", "colour": "red",
        "items": [
            {"productId": product(1), "quantity": 0},
            {"productId": product(1), "quantity": -1, "gift": true},
            {"productId": product(1), "quantity": 1.5, "unitPrice": {"amount": "1.00", "currency": "GBP"}},
            {"quantity": "2"},
        ],
    });
    let refused = shop.command("POST", "/v1/orders", 1, &body).await;
    let mut pointers = refused.pointers();
    pointers.sort();
    assert_eq!(refused.status, 400);
    assert_eq!(
        pointers,
        [
            "/colour",
            "/currency",
            "/customerId",
            "/items/0/quantity",
            "/items/1/gift",
            "/items/1/quantity",
            "/items/2/quantity",
            "/items/2/unitPrice/amount",
            "/items/3/productId",
            "/items/3/quantity",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_json_or_no_order_is_refused() {
    let shop = Shop::open().await;
    let item = |item: &str| format!(r#"{{"customerId":"{}","items":[{item}]}}"#, uuid(9));
    let priced = |amount: &str| {
        item(&format!(
            r#"{{"productId":"{}","quantity":1,"unitPrice":{{"amount":{amount},"currency":"GBP"}}}}"#,
            product(1)
        ))
    };
    let bodies = [
        ("", "malformed-json"),
        ("{", "malformed-json"),
        ("nonsense", "malformed-json"),
        (&priced("NaN"), "malformed-json"),
        (&priced("Infinity"), "malformed-json"),
        (&"[".repeat(100_000), "malformed-json"),
        (&priced("1e400"), "validation-failed"),
        (&priced("-1"), "validation-failed"),
        (&priced("0.001"), "validation-failed"),
        ("[]", "validation-failed"),
        ("null", "validation-failed"),
        ("{}", "validation-failed"),
        (&item(""), "validation-failed"),
        (&item(&format!(r#"{{"productId":"{}","quantity":1e400}}"#, product(1))), "validation-failed"),
        (
            &item(&format!(r#"{{"productId":"{0}","quantity":1,"quantity":1}}"#, product(1))),
            "validation-failed",
        ),
        (&" ".repeat(2 * 1024 * 1024), "body-too-large"),
    ];
    for (body, code) in bodies {
        let answer = post(&shop, body.to_owned()).await;
        let start: String = body.chars().take(80).collect();
        assert_eq!(answer.code(), code, "{start}: {}", answer.text);
        assert!((400..500).contains(&answer.status));
    }
    shop.settled().await;
    assert_eq!(shop.list("").await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_are_refused_and_the_next_request_is_served() {
    let shop = Shop::open().await;
    assert_eq!(post(&shop, "x".repeat(10 * 1024 * 1024 + 1)).await.status, 413);
    assert_eq!(shop.order(1).await.status, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_is_required_where_something_is_done() {
    let shop = Shop::open().await;
    let id = shop.draft(1).await;
    let lines = json!({"items": basket()["items"]});
    for (method, path, body) in [
        ("POST", "/v1/orders".to_owned(), basket()),
        ("PUT", format!("/v1/orders/{id}/lines"), lines),
        ("POST", format!("/v1/orders/{id}/placement"), json!({})),
        ("POST", format!("/v1/orders/{id}/cancellation"), json!({})),
    ] {
        let without = send(shop.request(method, &path).json(&body)).await;
        assert_eq!((without.status, without.code().as_str()), (400, "idempotency-key-missing"), "{path}");
        for key in ["7", "", "\"unbalanced", "{00000000-0000-0000-0000-000000000007}"] {
            let bad = send(shop.request(method, &path).header("idempotency-key", key).json(&body)).await;
            assert_eq!(bad.status, 400, "{path} {key}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_queries_are_refused_by_name() {
    let shop = Shop::open().await;
    for (query, pointer) in [
        ("limit=0", "query/limit"),
        ("limit=101", "query/limit"),
        ("limit=ten", "query/limit"),
        ("status=LOOSE", "query/status"),
        ("customerId=7", "query/customerId"),
        ("from=2010-12-01", "query/from"),
        ("to=soon", "query/to"),
        ("from=2011-01-01T00:00:00Z&to=2010-01-01T00:00:00Z", "query/to"),
        ("cursor=nonsense", "query/cursor"),
        ("cursor=", "query/cursor"),
        ("colour=red", "query/colour"),
        ("limit=1&limit=2", "query/limit"),
    ] {
        let answer = shop.get(&format!("/v1/orders?{query}")).await;
        assert_eq!(
            (answer.status, answer.pointers()),
            (400, vec![pointer.to_owned()]),
            "{query}: {}",
            answer.text
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_belongs_to_its_filters() {
    let shop = Shop::open().await;
    for key in 0..3 {
        shop.order(key).await;
    }
    shop.settled().await;
    let next = shop.get("/v1/orders?limit=1").await.text_at("/nextCursor");
    let other = shop.get(&format!("/v1/orders?status=PENDING&cursor={next}")).await;
    assert_eq!((other.status, other.code().as_str()), (400, "bad-cursor"));
    let cut = shop.get(&format!("/v1/orders?cursor={}", &next[..next.len() - 4])).await;
    assert_eq!(cut.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_routes_and_methods_are_told_apart() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/v1/nothing").await.code(), "unknown-route");
    assert_eq!(shop.get("/").await.status, 404);
    let wrong = send(shop.request("DELETE", "/v1/orders")).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (405, "method-not-allowed"));
    assert_eq!(wrong.headers["allow"], "POST, GET");
    // To everyone: which routes there are is public.
    assert_eq!(send(shop.bare("GET", "/v1/nothing")).await.code(), "unknown-route");
    assert_eq!(send(shop.bare("DELETE", "/v1/orders")).await.code(), "method-not-allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_token_there_is_only_health_and_the_contract() {
    let shop = Shop::open().await;
    for path in ["/health/live", "/health/ready", "/v1/openapi.json"] {
        assert_eq!(send(shop.bare("GET", path)).await.status, 200, "{path}");
    }
    for (method, path) in [("GET", "/v1/orders"), ("POST", "/v1/orders"), ("GET", "/v1/products")] {
        assert_eq!(send(shop.bare(method, path)).await.status, 401, "{method} {path}");
        assert_eq!(send(shop.bare(method, path).bearer_auth("nonsense")).await.status, 401);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_declared_as_json_is_refused() {
    let shop = Shop::open().await;
    let request =
        shop.request("POST", "/v1/orders").header("content-type", "application/x-www-form-urlencoded");
    let answer = send(request.header("idempotency-key", uuid(1)).body(basket().to_string())).await;
    assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported-media-type"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_in_another_character_set_or_coding_is_refused() {
    let shop = Shop::open().await;
    for (name, value, status) in [
        ("content-type", "application/json; charset=utf-16", 415),
        ("content-type", "application/json; charset=iso-8859-1", 415),
        ("content-encoding", "gzip", 415),
        ("content-encoding", "br", 415),
        ("content-type", "application/json; charset=UTF-8", 201),
        ("content-encoding", "identity", 409),
    ] {
        let mut request = shop.request("POST", "/v1/orders").header("idempotency-key", uuid(1));
        if name != "content-type" {
            request = request.header("content-type", "application/json");
        }
        let answer = send(request.header(name, value).body(basket().to_string())).await;
        assert_eq!(answer.status, status, "{name}: {value}: {}", answer.text);
        if status == 415 {
            assert_eq!(answer.code(), "unsupported-media-type");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_may_be_as_long_as_the_contract_says_and_no_longer() {
    let shop = Shop::open().await;
    let path = format!("/v1/products/{}", product(2));
    // Characters are counted, not bytes.
    for (field, length_max) in [("sku", 64), ("name", 200), ("category", 100)] {
        let mut body =
            json!({"sku": "s", "name": "n", "category": "c", "price": {"amount": 1, "currency": "GBP"}});
        body[field] = json!("é".repeat(length_max + 1));
        let refused = send(shop.request("PUT", &path).json(&body)).await;
        assert_eq!(
            (refused.status, refused.pointers()),
            (400, vec![format!("/{field}")]),
            "{}",
            refused.text
        );
        assert_eq!(shop.get(&path).await.status, 404, "{field}: nothing was kept");
        body[field] = json!("é".repeat(length_max));
        assert_eq!(send(shop.request("PUT", &path).json(&body)).await.status, 201, "{field}");
        send(shop.request("DELETE", &path)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reason_may_be_as_long_as_the_contract_says_and_no_longer() {
    let shop = Shop::open().await;
    let id = shop.order(1).await.text_at("/orderId");
    let path = format!("/v1/orders/{id}/cancellation");
    let refused = shop.command("POST", &path, 2, &json!({"reason": "r".repeat(501)})).await;
    assert_eq!((refused.status, refused.pointers()), (400, vec!["/reason".to_owned()]), "{}", refused.text);
    assert_eq!(shop.get(&format!("/v1/orders/{id}")).await.text_at("/status"), "PENDING");
    assert_eq!(shop.command("POST", &path, 3, &json!({"reason": "r".repeat(500)})).await.status, 200);
}

async fn post(shop: &Shop, body: String) -> Answer {
    let request = shop.request("POST", "/v1/orders").header("content-type", "application/json");
    send(request.header("idempotency-key", uuid(1)).body(body)).await
}

use std::time::Duration;

use penstock_application::ports::payments::{PaymentState, RefundState};
use serde_json::{Value, json};

use super::*;
use crate::http::Timeouts;
use crate::stage::{Rotated, Stage, answer, secrets};

mod failing;

const KEY: &str = "acme/6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e/authorise/1";

#[tokio::test]
async fn a_payment_is_made_confirmed_and_not_yet_captured() {
    let stage = Stage::new([answer(200, &intent("requires_capture"))]).await;
    let payment = stripe(&stage).authorise(&wanted()).await.unwrap();
    assert_eq!(payment.reference.as_str(), "pi_1");
    assert_eq!((payment.state, payment.key.as_deref()), (PaymentState::Authorised, Some(KEY)));
    assert_eq!(
        (payment.amount, payment.captured, payment.refunded),
        (pounds(2500), pounds(0), Some(pounds(0)))
    );

    let asked = stage.asked().remove(0);
    assert_eq!((asked.method.as_str(), &*asked.path), ("POST", "/v1/payment_intents"));
    assert_eq!(asked.header("Idempotency-Key"), Some(KEY));
    assert_eq!(asked.header("Stripe-Version"), Some(API_VERSION));
    assert_eq!(asked.header("Authorization"), Some("Bearer sk_test_1"));
    assert_eq!(asked.header("Content-Type"), Some("application/x-www-form-urlencoded"));
    let expected = [
        ("amount", "2500"),
        ("currency", "gbp"),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
        ("capture_method", "manual"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("error_on_requires_action", "true"),
        ("metadata[tenant]", "acme"),
        ("metadata[order]", "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e"),
        ("metadata[attempt]", "1"),
        ("metadata[key]", KEY),
        ("expand[]", "latest_charge"),
    ];
    assert_eq!(asked.fields(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn money_is_captured_voided_and_given_back() {
    let refund = json!({ "id": "re_1", "object": "refund", "amount": 700, "currency": "gbp", "status": "succeeded",
        "payment_intent": "pi_1", "metadata": { "key": "k3" } });
    let list = json!({ "object": "list", "has_more": false, "data": [refund] });
    let acts = [intent("succeeded"), intent("canceled"), refund.clone(), list].map(|body| answer(200, &body));
    let stage = Stage::new(acts).await;
    let stripe = stripe(&stage);

    let captured = stripe.capture(&payment(), pounds(2500), "k1").await.unwrap();
    assert_eq!((captured.state, captured.captured), (PaymentState::Captured, pounds(2500)));
    assert_eq!(stripe.void(&payment(), "k2").await.unwrap().state, PaymentState::Voided);
    let refunded = stripe.refund(&wanted_refund()).await.unwrap();
    assert_eq!((&refunded.state, refunded.amount), (&RefundState::Paid, pounds(700)));
    assert_eq!((refunded.key.as_deref(), &refunded.payment), (Some("k3"), &payment()));
    assert_eq!(stripe.refunds(&payment()).await.unwrap(), [refunded]);

    let asked = stage.asked();
    let paths = asked.iter().map(|it| (it.method.as_str(), &*it.path, it.header("Idempotency-Key")));
    let expected = [
        ("POST", "/v1/payment_intents/pi_1/capture", Some("k1")),
        ("POST", "/v1/payment_intents/pi_1/cancel", Some("k2")),
        ("POST", "/v1/refunds", Some("k3")),
        ("GET", "/v1/refunds", None),
    ];
    assert_eq!(paths.collect::<Vec<_>>(), expected);
    assert!(has(&asked[0].fields(), "amount_to_capture", "2500"));
    assert!(has(&asked[2].fields(), "payment_intent", "pi_1") && has(&asked[2].fields(), "amount", "700"));
    assert!(has(&asked[3].query, "payment_intent", "pi_1"));
}

#[tokio::test]
async fn a_refund_that_failed_or_waits_is_not_money() {
    let body = |status| {
        json!({ "id": "re_1", "amount": 700, "currency": "gbp", "status": status,
        "payment_intent": "pi_1", "failure_reason": "lost_or_stolen_card" })
    };
    let stage = Stage::new(["failed", "pending"].map(|status| answer(200, &body(status)))).await;
    let stripe = stripe(&stage);
    let failed = stripe.refund(&wanted_refund()).await.unwrap().state;
    assert_eq!(failed, RefundState::Failed { reason: "lost_or_stolen_card".to_owned() });
    assert_eq!(stripe.refund(&wanted_refund()).await.unwrap().state, RefundState::Pending);
    stage.asked();
}

#[tokio::test]
async fn a_key_that_was_rotated_is_read_anew() {
    tokio::time::pause();
    let stage = Stage::new([
        answer(200, &intent("requires_capture")),
        answer(
            401,
            &json!({ "error": { "type": "invalid_request_error", "message": "Invalid API Key provided" } }),
        ),
        answer(200, &intent("succeeded")),
    ])
    .await;
    let stripe = stripe_at(stage.endpoint.clone(), &[key("sk_test_1"), key("sk_test_2")]);
    stripe.authorise(&wanted()).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    stripe.capture(&payment(), pounds(2500), "k1").await.unwrap();
    let asked = stage.asked();
    let keys: Vec<_> = asked.iter().filter_map(|it| it.header("Authorization")).collect();
    assert_eq!(keys, ["Bearer sk_test_1", "Bearer sk_test_1", "Bearer sk_test_2"]);
}

#[tokio::test]
async fn a_payment_in_another_state_is_answered_as_it_is() {
    let moved = json!({ "error": { "type": "invalid_request_error", "code": "payment_intent_unexpected_state",
        "message": "This PaymentIntent could not be captured because it has a status of canceled." } });
    let stage = Stage::new([
        answer(400, &moved),
        answer(200, &intent("canceled")),
        answer(400, &moved),
        answer(200, &intent("succeeded")),
    ])
    .await;
    let stripe = stripe(&stage);
    assert_eq!(stripe.capture(&payment(), pounds(2500), "k1").await.unwrap().state, PaymentState::Voided);
    assert_eq!(stripe.void(&payment(), "k2").await.unwrap().state, PaymentState::Captured);
    assert_eq!(stage.asked()[1].path, "/v1/payment_intents/pi_1");
}

#[tokio::test]
async fn a_payment_is_looked_up_by_its_key() {
    let found = json!({ "object": "search_result", "has_more": false, "data": [intent("succeeded")] });
    let nothing = json!({ "object": "search_result", "has_more": false, "data": [] });
    let stage = Stage::new([answer(200, &found), answer(200, &nothing)]).await;
    let stripe = stripe(&stage);
    assert_eq!(stripe.look_up(KEY).await.unwrap().unwrap().state, PaymentState::Captured);
    assert_eq!(stripe.look_up(r"it's a \").await.unwrap(), None);
    let asked = stage.asked();
    assert_eq!(asked[0].path, "/v1/payment_intents/search");
    assert!(has(&asked[0].query, "query", &format!("metadata['key']:'{KEY}'")));
    assert!(has(&asked[1].query, "query", r"metadata['key']:'it\'s a \\'"), "{:?}", asked[1].query);
}

#[tokio::test]
async fn a_payment_that_does_not_exist_is_not_found() {
    let missing = json!({ "error": { "type": "invalid_request_error", "code": "resource_missing" } });
    let stage = Stage::new([answer(404, &missing)]).await;
    let stripe = stripe(&stage);
    assert_eq!(stripe.find(&"pi/../1?x".to_owned().into()).await.unwrap(), None);
    assert_eq!(stage.asked()[0].path, "/v1/payment_intents/pi%2F%2E%2E%2F1%3Fx");
}

#[tokio::test]
async fn every_status_of_stripes_has_a_meaning_and_others_have_none() {
    let failed = |status| {
        let mut intent = intent(status);
        intent["last_payment_error"] =
            json!({ "type": "card_error", "code": "expired_card", "message": "Expired." });
        intent
    };
    let declined = PaymentState::Declined { code: "expired_card".to_owned(), message: "Expired.".to_owned() };
    for (intent, expected) in [
        (intent("processing"), PaymentState::Processing),
        (intent("requires_action"), PaymentState::NeedsMethod),
        (intent("requires_payment_method"), PaymentState::NeedsMethod),
        (failed("requires_payment_method"), declined),
        (failed("succeeded"), PaymentState::Captured),
    ] {
        let stage = Stage::new([answer(200, &intent)]).await;
        assert_eq!(stripe(&stage).find(&payment()).await.unwrap().unwrap().state, expected);
    }
    let stage = Stage::new([answer(200, &intent("vanished"))]).await;
    let error = stripe(&stage).find(&payment()).await.unwrap_err();
    assert!(matches!(error, PaymentError::Never(_)), "{error:?}");
}

fn stripe(stage: &Stage) -> Stripe<Rotated> {
    stripe_at(stage.endpoint.clone(), &[key("sk_test_1")])
}

fn stripe_at(endpoint: Endpoint, keys: &[Value]) -> Stripe<Rotated> {
    let timeouts = Timeouts { connect: Duration::from_secs(1), whole: Duration::from_millis(500) };
    Stripe::new(Http::new(timeouts), endpoint, secrets(keys))
}

fn key(key: &str) -> Value {
    json!({ "apiKey": key, "webhookSecrets": [] })
}

fn intent(status: &str) -> Value {
    let received = if status == "succeeded" { 2500 } else { 0 };
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 2500, "amount_received": received, "currency": "gbp",
        "status": status, "capture_method": "manual", "last_payment_error": null,
        "latest_charge": { "id": "ch_1", "object": "charge", "amount": 2500, "amount_captured": received,
            "amount_refunded": 0, "captured": received > 0, "currency": "gbp", "payment_intent": "pi_1", "metadata": {} },
        "metadata": { "tenant": "acme", "order": "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e", "attempt": "1", "key": KEY },
    })
}

fn wanted() -> Authorisation {
    Authorisation {
        key: KEY.to_owned(),
        tenant: "acme".parse().unwrap(),
        order: "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e".parse().unwrap(),
        attempt: 1,
        amount: pounds(2500),
        method: "pm_card_visa".parse().unwrap(),
    }
}

fn wanted_refund() -> WantedRefund {
    let Authorisation { tenant, order, .. } = wanted();
    WantedRefund { key: "k3".to_owned(), tenant, order, refund: 1, payment: payment(), amount: pounds(700) }
}

fn payment() -> PaymentReference {
    "pi_1".to_owned().into()
}

fn pounds(minor: i64) -> Money {
    Money::from_minor(minor, "GBP".parse().unwrap()).unwrap()
}

fn has(fields: &[(String, String)], name: &str, value: &str) -> bool {
    fields.iter().any(|field| (&*field.0, &*field.1) == (name, value))
}

//! What failures mean.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::guard::GuardSettings;
use crate::guarded::Guarded;
use crate::stage::{Act, answer_with};

#[tokio::test]
async fn what_the_bank_or_stripe_will_not_take_is_declined() {
    let by_bank = json!({ "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.", "payment_intent": intent("requires_payment_method") });
    let no_method = json!({ "type": "invalid_request_error", "code": "resource_missing", "param": "payment_method",
        "message": "No such PaymentMethod: 'pm_card_visa'" });
    let too_small = json!({ "type": "invalid_request_error", "code": "amount_too_small", "param": "amount" });
    for (status, error, expected) in [
        (402, by_bank, "insufficient_funds"),
        (400, no_method, "resource_missing"),
        (400, too_small, "amount_too_small"),
    ] {
        let error = refused(status, &[], &error).await;
        assert!(matches!(&error, PaymentError::Declined { code, .. } if code == expected), "{error:?}");
    }
}

#[tokio::test]
async fn a_mistake_of_ours_is_never_tried_again() {
    let reused = json!({ "type": "idempotency_error", "message": "Keys for idempotent requests can only be used with \
        the same parameters they were first used with." });
    let invalid =
        json!({ "type": "invalid_request_error", "param": "currency", "message": "Invalid currency: xyz" });
    for (status, error) in [(400, reused), (400, invalid.clone()), (403, invalid.clone()), (404, invalid)] {
        let error = refused(status, &[], &error).await;
        assert!(matches!(error, PaymentError::Never(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_busy_or_broken_stripe_is_tried_again_later() {
    let error = json!({ "type": "api_error", "message": "Something went wrong." });
    let seconds = Duration::from_secs;
    for (status, headers, after_expected, unknown_expected) in [
        (429, vec![("Retry-After", "3")], Some(seconds(3)), false),
        (429, vec![], None, false),
        (409, vec![], None, true),
        (500, vec![], None, true),
        (500, vec![("Idempotent-Replayed", "true")], Some(seconds(60)), true),
        (503, vec![("Stripe-Should-Retry", "false")], Some(seconds(60)), true),
    ] {
        match refused(status, &headers, &error).await {
            PaymentError::Retry { after, unknown, .. } => {
                assert_eq!((after, unknown), (after_expected, unknown_expected), "{status} {headers:?}");
            }
            error => panic!("{status}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_call_that_fails_once_is_made_again_with_the_same_key() {
    let stage =
        Stage::new([answer(500, &json!({})), Act::Cut, answer(200, &intent("requires_capture"))]).await;
    let guarded = Guarded::new(stripe(&stage), "payments", GuardSettings::default());
    guarded.authorise(&wanted()).await.unwrap();
    let asked = stage.asked();
    let calls = asked.iter().map(|it| (it.header("Idempotency-Key"), it.fields())).collect::<Vec<_>>();
    assert!(calls.len() == 3 && calls.iter().all(|call| *call == calls[0]), "{calls:?}");
}

#[tokio::test]
async fn a_call_without_an_answer_may_have_taken_effect() {
    for act in [Act::Cut, Act::Silence, Act::Answer(Response::new("{".into()))] {
        let stage = Stage::new([act]).await;
        let error = stripe(&stage).authorise(&wanted()).await.unwrap_err();
        assert!(matches!(error, PaymentError::Retry { unknown: true, .. }), "{error:?}");
        stage.asked();
    }
}

#[tokio::test]
async fn a_question_without_an_answer_took_no_effect() {
    for act in [Act::Cut, Act::Silence, answer(500, &json!({}))] {
        let stage = Stage::new([act]).await;
        let error = stripe(&stage).find(&payment()).await.unwrap_err();
        assert!(matches!(error, PaymentError::Retry { unknown: false, .. }), "{error:?}");
        stage.asked();
    }
}

#[tokio::test]
async fn a_call_that_never_left_took_no_effect() {
    let unbound = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = Endpoint::parse(&format!("http://{unbound}")).unwrap();
    let error = stripe_at(nobody, &[key("sk_test_1")]).authorise(&wanted()).await.unwrap_err();
    assert!(matches!(error, PaymentError::Retry { unknown: false, .. }), "{error:?}");
}

#[tokio::test]
async fn without_a_key_nothing_is_asked() {
    let stage = Stage::new([]).await;
    let error = stripe_at(stage.endpoint.clone(), &[]).authorise(&wanted()).await.unwrap_err();
    assert!(matches!(error, PaymentError::Retry { unknown: false, .. }), "{error:?}");
    let error =
        stripe_at(stage.endpoint.clone(), &[json!("sk_test_1")]).authorise(&wanted()).await.unwrap_err();
    assert!(matches!(error, PaymentError::Never(_)), "{error:?}");
    assert!(stage.asked().is_empty());
}

#[tokio::test]
async fn what_stripe_cannot_take_exactly_is_not_sent() {
    let stage = Stage::new([]).await;
    let dinars = Money::from_minor(5_124, "KWD".parse().unwrap()).unwrap();
    let error = stripe(&stage).authorise(&Authorisation { amount: dinars, ..wanted() }).await.unwrap_err();
    assert!(matches!(error, PaymentError::Never(_)), "{error:?}");
    assert!(stage.asked().is_empty());
}

/// What authorising comes to when Stripe answers so.
async fn refused(status: u16, headers: &[(&str, &str)], error: &Value) -> PaymentError {
    let stage = Stage::new([answer_with(status, headers, &json!({ "error": error }))]).await;
    let error = stripe(&stage).authorise(&wanted()).await.unwrap_err();
    assert_eq!(stage.asked().len(), 1);
    error
}

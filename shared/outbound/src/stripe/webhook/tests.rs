use penstock_application::ports::payments::{PaymentState, RefundState};
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_763_700_000;
const SECRET: &str = "whsec_one";
const NEWER: &str = "whsec_two";

#[test]
fn a_signed_event_is_read() {
    let body = event("payment_intent.succeeded", &intent());
    let event = verify(&[SECRET], &header(NOW, SECRET, &body), &body, now()).unwrap();
    assert_eq!((&*event.id, &*event.kind), ("evt_1", "payment_intent.succeeded"));
    assert_eq!(event.created.as_second(), NOW - 2);
    let origin = event.origin.unwrap();
    assert_eq!((origin.tenant.as_str(), origin.order.to_string()), ("acme", ORDER.to_owned()));
    let Subject::Payment(payment) = event.subject else { panic!("{:?}", event.subject) };
    assert_eq!((payment.reference.as_str(), payment.state), ("pi_1", PaymentState::Captured));
    assert_eq!(
        (payment.key.as_deref(), payment.captured.minor(), payment.refunded),
        (Some("k1"), 2500, None)
    );
}

#[test]
fn the_signature_is_stripes_own() {
    // Made with `printf '%s' '1763700000.{}' | openssl dgst -sha256 -hmac whsec_one`.
    let header = "t=1763700000,v1=33b42b8f4fcc7eea9761e4665836b08eb1e508a4466058399ea992b6d1815cf0";
    let error = verify(&[SECRET], header, b"{}", now()).unwrap_err();
    assert!(matches!(error, WebhookError::Unreadable(_)), "it is signed, and holds nothing: {error}");
}

#[test]
fn either_of_two_secrets_will_do_while_one_replaces_the_other() {
    let body = event("payment_intent.succeeded", &intent());
    let both =
        format!("t={NOW},v1={},v1={},v0=abc", signature(NOW, NEWER, &body), signature(NOW, SECRET, &body));
    for secrets in [&[SECRET][..], &[NEWER], &[SECRET, NEWER], &["whsec_other", SECRET]] {
        assert!(verify(secrets, &both, &body, now()).is_ok(), "{secrets:?}");
    }
    assert!(matches!(verify(&["whsec_other"], &both, &body, now()), Err(WebhookError::Forged)));
    assert!(matches!(verify(&[""; 0], &both, &body, now()), Err(WebhookError::Forged)));
}

#[test]
fn what_was_changed_on_the_way_is_not_taken() {
    let body = event("payment_intent.succeeded", &intent());
    let header = header(NOW, SECRET, &body);
    let mut changed = body.clone();
    *changed.last_mut().unwrap() = b' ';
    assert!(matches!(verify(&[SECRET], &header, &changed, now()), Err(WebhookError::Forged)));
    let later = header.replace(&NOW.to_string(), &(NOW + 1).to_string());
    assert!(matches!(verify(&[SECRET], &later, &body, now()), Err(WebhookError::Forged)));
}

#[test]
fn an_old_copy_is_not_taken() {
    let body = event("payment_intent.succeeded", &intent());
    let verified = |at| verify(&[SECRET], &header(at, SECRET, &body), &body, now());
    for at in [NOW - 300, NOW, NOW + 300] {
        assert!(verified(at).is_ok(), "{at}");
    }
    for at in [NOW - 301, NOW + 301] {
        assert!(matches!(verified(at), Err(WebhookError::Untimely(_))), "{at}");
    }
    let error = verified(NOW - 301).unwrap_err().to_string();
    assert_eq!(error, "it was signed 5m 1s ago; more than five minutes either way are not taken");
}

#[test]
fn a_header_without_its_parts_is_malformed() {
    for header in ["", "t=1", "v1=00", "t=soon,v1=00", "t=1763700000,v1=zz", "t=1763700000,v0=00", "=,="] {
        let error = verify(&[SECRET], header, b"{}", now()).unwrap_err();
        assert!(matches!(error, WebhookError::Malformed), "{header}: {error}");
    }
}

#[test]
fn refunds_are_told_of_in_two_ways() {
    let charge = json!({ "id": "ch_1", "object": "charge", "amount": 2500, "amount_captured": 2500,
        "amount_refunded": 700, "captured": true, "currency": "gbp", "payment_intent": "pi_1",
        "metadata": intent()["metadata"] });
    let Subject::Payment(payment) = told("charge.refunded", &charge).subject else { panic!("no payment") };
    assert_eq!((payment.captured.minor(), payment.refunded.map(|it| it.minor())), (2500, Some(700)));

    let mut released = charge.clone();
    (released["captured"], released["amount_captured"]) = (json!(false), json!(0));
    released["amount_refunded"] = json!(2500);
    let Subject::Payment(payment) = told("charge.refunded", &released).subject else { panic!("no payment") };
    assert_eq!((payment.state, payment.refunded.map(|it| it.minor())), (PaymentState::Voided, Some(0)));

    let refund = json!({ "id": "re_1", "object": "refund", "amount": 700, "currency": "gbp", "status": "failed",
        "failure_reason": "expired_or_canceled_card", "payment_intent": "pi_1", "metadata": { "key": "k3" } });
    for kind in ["refund.updated", "refund.failed", "charge.refund.updated"] {
        let Subject::Refund(refund) = told(kind, &refund).subject else { panic!("no refund") };
        assert_eq!(refund.state, RefundState::Failed { reason: "expired_or_canceled_card".to_owned() });
        assert_eq!((refund.key.as_deref(), refund.payment.as_str()), (Some("k3"), "pi_1"));
    }
}

#[test]
fn what_is_of_no_concern_is_passed_over() {
    let event = told("customer.created", &json!({ "id": "cus_1" }));
    assert_eq!((event.subject, event.origin), (Subject::Other, None));
    let mut foreign = intent();
    foreign["metadata"] = json!({ "order": "1234" });
    assert_eq!(told("payment_intent.succeeded", &foreign).origin, None);
}

fn told(kind: &str, object: &Value) -> Event {
    let body = event(kind, object);
    verify(&[SECRET], &header(NOW, SECRET, &body), &body, now()).unwrap()
}

const ORDER: &str = "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e";

fn intent() -> Value {
    json!({ "id": "pi_1", "object": "payment_intent", "amount": 2500, "amount_received": 2500, "currency": "gbp",
        "status": "succeeded", "latest_charge": "ch_1", "last_payment_error": null,
        "metadata": { "tenant": "acme", "order": ORDER, "attempt": "1", "key": "k1" } })
}

fn event(kind: &str, object: &Value) -> Vec<u8> {
    let event = json!({ "id": "evt_1", "object": "event", "type": kind, "created": NOW - 2, "livemode": false,
        "data": { "object": object } });
    event.to_string().into_bytes()
}

fn header(at: i64, secret: &str, body: &[u8]) -> String {
    format!("t={at},v1={}", signature(at, secret, body))
}

fn signature(at: i64, secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

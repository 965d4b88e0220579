//! Payments as Stripe documents them.

use std::time::Duration;

use crate::harness::{World, authorisation};

#[tokio::test]
async fn money_is_held_taken_in_part_and_given_back_but_never_more_than_was_taken() {
    let world = World::new().await;
    let held = world.authorise("pm_card_visa", "a").await;
    assert_eq!((held.status, &held.body["status"]), (200, &"requires_capture".into()));
    assert_eq!((&held.body["amount_capturable"], &held.body["amount_received"]), (&1250.into(), &0.into()));
    let id = held.id();
    let capture = format!("/v1/payment_intents/{id}/capture");
    let too_much = world.post(&capture, "b", &[("amount_to_capture", "1251")]).await;
    assert_eq!(too_much.error()["code"], "amount_too_large");
    let taken = world.post(&capture, "c", &[("amount_to_capture", "1000")]).await;
    assert_eq!(
        (&taken.body["status"], &taken.body["amount_received"], &taken.body["amount_capturable"]),
        (&"succeeded".into(), &1000.into(), &0.into())
    );
    let part = world.post("/v1/refunds", "d", &[("payment_intent", id), ("amount", "400")]).await;
    assert_eq!((&part.body["status"], &part.body["amount"]), (&"succeeded".into(), &400.into()));
    let too_much = world.post("/v1/refunds", "e", &[("payment_intent", id), ("amount", "601")]).await;
    assert_eq!((too_much.status, &too_much.error()["code"]), (400, &"amount_too_large".into()));
    let rest = world.post("/v1/refunds", "f", &[("payment_intent", id)]).await;
    assert_eq!(rest.body["amount"], 600);
    let nothing_left = world.post("/v1/refunds", "g", &[("payment_intent", id)]).await;
    assert_eq!(nothing_left.error()["code"], "charge_already_refunded");
    assert_eq!(world.get(&format!("/v1/refunds/{}", part.id())).await.body, part.body);
    let charge = world.get(&format!("/v1/payment_intents/{id}?expand[]=latest_charge")).await;
    assert_eq!(charge.body["latest_charge"]["amount_refunded"], 1000);
}

#[tokio::test]
async fn captured_at_once_unless_told_otherwise() {
    let world = World::new().await;
    let form =
        [("amount", "5"), ("currency", "EUR"), ("payment_method", "pm_card_visa"), ("confirm", "true")];
    let taken = world.post("/v1/payment_intents", "", &form).await;
    assert_eq!((&taken.body["status"], &taken.body["currency"]), (&"succeeded".into(), &"eur".into()));
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_done_once_and_answered_the_same() {
    let world = World::new().await;
    let first = world.authorise("pm_card_visa", "k").await;
    let second = world.authorise("pm_card_visa", "k").await;
    assert_eq!((first.is_replayed(), second.is_replayed()), (false, true));
    assert_eq!((first.status, first.body), (second.status, second.body));
    assert_eq!(world.dev("/dev/payments").await["totals"][0]["payments"], 1);
}

#[tokio::test]
async fn another_request_with_the_same_key_is_refused_wherever_it_goes() {
    let world = World::new().await;
    let id = world.authorise("pm_card_visa", "k").await.id().to_owned();
    let other_amount = world.post("/v1/payment_intents", "k", &[("amount", "1"), ("currency", "gbp")]).await;
    let elsewhere = world.post(&format!("/v1/payment_intents/{id}/capture"), "k", &[]).await;
    for refused in [other_amount, elsewhere] {
        assert_eq!((refused.status, &refused.error()["type"]), (400, &"idempotency_error".into()));
    }
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let world = World::new().await;
    let first = world.authorise("pm_card_visa", "k").await;
    world.pass(Duration::from_hours(23));
    assert_eq!(world.authorise("pm_card_visa", "k").await.id(), first.id());
    world.pass(Duration::from_hours(1));
    assert_ne!(world.authorise("pm_card_visa", "k").await.id(), first.id());
}

#[tokio::test]
async fn a_key_whose_request_is_not_answered_yet_is_in_use() {
    let world = World::new().await;
    let slow =
        tokio::spawn(world.call("/v1/payment_intents", "k", &authorisation("pm_penstock_slow")).send());
    world.receiver.until(1).await;
    let meanwhile = world.authorise("pm_penstock_slow", "k").await;
    assert_eq!((meanwhile.status, &meanwhile.error()["code"]), (409, &"idempotency_key_in_use".into()));
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
    assert!(world.authorise("pm_penstock_slow", "k").await.is_replayed());
}

#[tokio::test]
async fn a_declined_card_leaves_an_intent_that_takes_another_one() {
    let world = World::new().await;
    for (method, reason) in [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ] {
        let declined = world.authorise(method, method).await;
        let error = declined.error();
        assert_eq!(
            (declined.status, &error["type"], &error["code"]),
            (402, &"card_error".into(), &"card_declined".into())
        );
        assert_eq!(error["decline_code"], reason);
        assert_eq!(error["payment_intent"]["status"], "requires_payment_method");
        assert_eq!(error["payment_intent"]["last_payment_error"]["decline_code"], reason);
        assert_eq!(
            world.authorise(method, method).await.body,
            declined.body,
            "a decline is an answer to keep"
        );
        let id = error["payment_intent"]["id"].as_str().unwrap();
        let confirm = format!("/v1/payment_intents/{id}/confirm");
        let retried = world.post(&confirm, "", &[("payment_method", "pm_card_visa")]).await;
        assert_eq!(
            (&retried.body["status"], &retried.body["last_payment_error"]),
            (&"requires_capture".into(), &().into())
        );
    }
}

#[tokio::test]
async fn what_was_held_can_be_released_and_what_was_taken_cannot() {
    let world = World::new().await;
    let held = world.authorise("pm_card_visa", "a").await;
    let cancel = format!("/v1/payment_intents/{}/cancel", held.id());
    let released = world.post(&cancel, "b", &[("cancellation_reason", "abandoned")]).await;
    assert_eq!(
        (&released.body["status"], &released.body["amount_capturable"]),
        (&"canceled".into(), &0.into())
    );
    let taken = world.authorise("pm_card_visa", "c").await;
    world.post(&format!("/v1/payment_intents/{}/capture", taken.id()), "d", &[]).await;
    let refused = world.post(&format!("/v1/payment_intents/{}/cancel", taken.id()), "e", &[]).await;
    assert_eq!((refused.status, &refused.error()["code"]), (400, &"payment_intent_unexpected_state".into()));
    assert_eq!(refused.error()["payment_intent"]["status"], "succeeded");
}

#[tokio::test]
async fn payments_are_found_by_their_metadata() {
    let world = World::new().await;
    let form = [("amount", "5"), ("currency", "gbp"), ("metadata[order]", "7"), ("metadata[tenant]", "acme")];
    let wanted = world.post("/v1/payment_intents", "", &form).await;
    world.authorise("pm_card_visa", "").await;
    let query = "metadata%5B%27order%27%5D%3A%277%27%20AND%20metadata%5B%27tenant%27%5D%3A%27acme%27";
    let found = world.get(&format!("/v1/payment_intents/search?query={query}")).await;
    assert_eq!(found.body["object"], "search_result");
    assert_eq!(found.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(found.body["data"][0]["id"], wanted.id());
}

#[tokio::test]
async fn what_is_wrong_is_refused_with_its_status_and_parameter() {
    let world = World::new().await;
    let intents = "/v1/payment_intents";
    for (form, code, param) in [
        (vec![("currency", "gbp")], "parameter_missing", "amount"),
        (vec![("amount", "5")], "parameter_missing", "currency"),
        (vec![("amount", "five"), ("currency", "gbp")], "parameter_invalid_integer", "amount"),
        (vec![("amount", "5"), ("currency", "gbp"), ("colour", "red")], "parameter_unknown", "colour"),
        (
            vec![("amount", "5"), ("currency", "gbp"), ("payment_method", "pm_x")],
            "resource_missing",
            "payment_method",
        ),
    ] {
        let refused = world.post(intents, "k", &form).await;
        let error = refused.error();
        assert_eq!((refused.status, &error["code"], &error["param"]), (400, &code.into(), &param.into()));
    }
    assert_eq!(
        world.post(intents, "k", &authorisation("pm_card_visa")).await.status,
        200,
        "no refusal was kept"
    );
    let missing = world.post("/v1/payment_intents/pi_none/capture", "", &[]).await;
    assert_eq!((missing.status, &missing.error()["code"]), (404, &"resource_missing".into()));
    assert_eq!(world.get("/v1/nothing").await.status, 404);
    let url = format!("{}{intents}", world.sandbox.payments_url());
    let stranger = reqwest::Client::new().post(url).bearer_auth("sk_wrong").send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

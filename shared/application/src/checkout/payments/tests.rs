//! The payment desk with a provider that behaves as it is told.

mod provider;
mod refunds;
mod till;

use jiff::SignedDuration;
use penstock_domain::order::{Event, Status};
use penstock_domain::{Money, Terms};

use super::settled::{CANCELLED, GIVEN_UP, LOOK_AFTER, PENDING};
use super::*;
use crate::orders::tests::{caller, request};
use crate::tenants::Settings;
use provider::Says;
use till::{Till, now};

fn is_looked_after(paid: &Result<(), Undone>) -> bool {
    matches!(paid, Err(Undone::Later { after: Some(LOOK_AFTER), .. }))
}

#[tokio::test]
async fn a_payment_is_authorised_and_captured_once() {
    let till = Till::with([]).await;
    till.pay(0).await.unwrap();
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    assert_eq!(till.said(), ["authorise", "capture"]);
}

#[tokio::test]
async fn a_declined_payment_fails_and_its_order_waits_as_long_as_its_tenant_lets_it() {
    let terms = Terms { payment_minutes: 90, ..Terms::default() };
    let till = Till::of(Settings { terms, ..Settings::default() }, [Says::Decline]).await;
    till.pay(0).await.unwrap();
    assert_eq!(till.status().await, Status::PaymentFailed);
    let until = now() + SignedDuration::from_mins(90);
    assert_eq!(till.declined().await, [("generic_decline".to_owned(), Some(until))]);
}

#[tokio::test]
async fn a_payment_that_is_not_answered_is_looked_up_and_never_assumed() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(matches!(till.pay(0).await, Err(Undone::Later { .. })));
    assert_eq!(till.status().await, Status::PaymentProcessing);
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    assert_eq!(till.said(), ["authorise", "look up", "capture"]);
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_made_with_the_same_key() {
    let till = Till::with([Says::Down, Says::Down]).await;
    assert!(matches!(till.pay(0).await, Err(Undone::Later { .. })));
    assert!(matches!(till.pay(1).await, Err(Undone::Later { .. })));
    till.pay(2).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    assert_eq!(till.keys(), ["pay/1", "pay/1", "pay/1", "pay/1/capture"], "one attempt has one key");
}

#[tokio::test]
async fn a_payment_that_was_captured_by_then_is_not_captured_again() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.provider.turn(&PaymentState::Captured);
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    assert_eq!(till.said(), ["authorise", "look up"]);
}

#[tokio::test]
async fn what_the_provider_does_not_know_yet_is_asked_after_later() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.provider.turn(&PaymentState::Processing);
    assert!(matches!(till.pay(1).await, Err(Undone::Later { after: Some(PENDING), .. })));
    till.inquire().await.unwrap();
    assert_eq!(till.status().await, Status::PaymentProcessing);
}

#[tokio::test]
async fn a_step_that_is_redriven_after_a_minute_is_looked_up_though_nobody_counted_its_tries() {
    for (age, said) in [(60, vec!["authorise", "capture"]), (61, vec!["look up", "authorise", "capture"])] {
        let mut till = Till::with([]).await;
        till.since = now() - SignedDuration::from_secs(age);
        till.pay(0).await.unwrap();
        assert_eq!(till.said(), said);
    }
}

#[tokio::test]
async fn a_provider_that_answers_and_goes_on_failing_for_an_hour_ends_the_attempt() {
    let mut till = Till::with([Says::Down, Says::Down, Says::Down]).await;
    assert!(till.pay(0).await.is_err());
    till.since = now() - PATIENCE;
    assert!(matches!(till.pay(1).await, Err(Undone::Later { .. })));
    till.since = now() - PATIENCE - SignedDuration::from_secs(1);
    assert!(is_looked_after(&till.pay(2).await));
    assert_eq!(till.status().await, Status::PaymentFailed);
    assert_eq!(till.declined().await[0].0, GIVEN_UP);
    till.pay(0).await.unwrap();
    assert_eq!(till.said().last(), Some(&"look up"), "the provider may have heard us late");
}

#[tokio::test]
async fn an_order_called_off_while_paying_lets_the_money_go() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.call_off().await;
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
    assert_eq!(till.keys(), ["pay/1", "pay/1/void"]);
    assert_eq!(till.declined().await, [(CANCELLED.to_owned(), None)]);
}

#[tokio::test]
async fn money_of_an_order_called_off_that_was_captured_before_it_could_be_let_go_goes_back() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.call_off().await;
    till.provider.capture_meanwhile();
    till.pay(1).await.unwrap();
    till.refund(0).await.unwrap();
    assert_eq!((till.status().await, till.provider.refunded()), (Status::Cancelled, 500));
}

/// Found by the simulation: that it was tried is not counted when the provider is not ready.
#[tokio::test]
async fn an_order_called_off_after_a_try_that_nobody_counted_lets_the_money_go() {
    let mut till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.call_off().await;
    till.since = now() - SignedDuration::from_secs(1);
    till.pay(0).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
}

/// Found by the simulation: one delivery of the step ended with the money set aside, another one called the attempt off.
#[tokio::test]
async fn money_that_was_set_aside_for_an_attempt_that_is_over_is_let_go() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.decline().await;
    till.pay(1).await.unwrap();
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
}

#[tokio::test]
async fn an_order_called_off_before_it_was_paid_is_not_paid() {
    let mut till = Till::with([]).await;
    till.call_off().await;
    assert!(is_looked_after(&till.pay(0).await));
    assert_eq!(till.status().await, Status::Cancelled);
    assert!(till.said().is_empty());
    till.since = now() - SignedDuration::try_from(LOOK_AFTER).unwrap();
    till.pay(0).await.unwrap();
    assert_eq!(till.said(), ["look up"]);
}

/// Two environments were given the step at once: one found the order called off, the other one had asked for the money and was gone.
#[tokio::test]
async fn money_that_another_delivery_set_aside_at_the_same_time_is_let_go() {
    let mut till = Till::with([Says::TakeAndVanish]).await;
    till.call_off().await;
    assert!(is_looked_after(&till.pay(0).await));
    till.ask_beside().await;
    till.since = now() - SignedDuration::try_from(LOOK_AFTER).unwrap();
    till.pay(0).await.unwrap();
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
}

/// The same step has told the order that there is no money, and then learns that there is.
#[tokio::test]
async fn money_that_another_delivery_took_at_the_same_time_goes_back() {
    let mut till = Till::with([Says::TakeAndVanish]).await;
    till.call_off().await;
    assert!(is_looked_after(&till.pay(0).await));
    till.ask_beside().await;
    till.provider.turn(&PaymentState::Captured);
    till.since = now() - SignedDuration::try_from(LOOK_AFTER).unwrap();
    till.pay(0).await.unwrap();
    till.refund(0).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
}

#[tokio::test]
async fn what_is_known_late_of_an_attempt_that_is_over_is_waited_for_and_noted() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.decline().await;
    till.call_off().await;
    till.provider.turn(&PaymentState::Processing);
    assert!(matches!(till.pay(1).await, Err(Undone::Later { after: Some(PENDING), .. })));
    till.provider.turn(&PaymentState::Captured);
    till.pay(1).await.unwrap();
    till.refund(0).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
}

#[tokio::test]
async fn a_webhook_and_the_answer_confirm_an_order_once_whichever_comes_first() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.provider.turn(&PaymentState::Captured);
    for _ in 0..10 {
        till.inquire().await.unwrap();
    }
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    let confirmed = till.events().await.into_iter().filter(|it| matches!(it, Event::PaymentConfirmed { .. }));
    assert_eq!(confirmed.count(), 1);
}

#[tokio::test]
async fn a_webhook_tells_why_there_is_no_payment() {
    let no = PaymentState::Declined { code: "expired_card".into(), message: "no".into() };
    let states =
        [(no, "expired_card"), (PaymentState::Voided, "voided"), (PaymentState::NeedsMethod, "needs_method")];
    for (state, code) in states {
        let till = Till::with([Says::TakeAndVanish]).await;
        assert!(till.pay(0).await.is_err());
        till.provider.turn(&state);
        till.inquire().await.unwrap();
        assert_eq!(till.declined().await[0].0, code);
    }
}

#[tokio::test]
async fn a_payment_that_is_not_the_orders_changes_nothing_and_is_for_a_human_to_look_at() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.provider.turn(&PaymentState::Captured);
    assert!(matches!(till.inquire_after("pi_2").await, Err(Undone::Failed(_))), "nobody knows it");
    let order = OrderId::derive(&caller().tenant, request(2, "b").key);
    till.provider.key_by(&attempt_key(&caller().tenant, order, 1));
    assert!(matches!(till.inquire().await, Err(Undone::Failed(_))));
    assert_eq!(till.status().await, Status::PaymentProcessing);
}

#[tokio::test]
async fn a_success_after_the_order_was_given_up_goes_back_by_itself() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.decline().await;
    till.call_off().await;
    till.provider.turn(&PaymentState::Captured);
    till.inquire().await.unwrap();
    till.refund(0).await.unwrap();
    till.refund(1).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert_eq!(till.provider.refunded(), 500);
}

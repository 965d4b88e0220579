//! Tests against the sandbox, which was written from Stripe's documentation by itself.

use std::time::Duration;

use jiff::Timestamp;
use penstock_application::ports::carrier::{Carrier, Parcel, Recall};
use penstock_application::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentState, ProviderPayment, RefundState, WantedRefund,
};
use penstock_domain::Money;
use penstock_domain::order::{Address, ParcelStatus};
use penstock_sandbox::{Options, Page, Sandbox, Service, Timing};
use serde_json::json;

use crate::carrier::webhook::Signed;
use crate::carrier::{HttpCarrier, webhook as carrier_webhook};
use crate::endpoint::Endpoint;
use crate::guard::GuardSettings;
use crate::guard::breaker::BreakerSettings;
use crate::guarded::Guarded;
use crate::http::{Http, Timeouts};
use crate::stage::{Asked, Rotated, Stage, answer, secrets};
use crate::stripe::Stripe;
use crate::stripe::webhook::{Subject, verify};

#[tokio::test]
async fn an_order_is_paid_and_partly_given_back() {
    let sandbox = sandbox().await;
    let stripe = stripe(&sandbox);
    let authorised = stripe.authorise(&wanted("pm_card_visa")).await.unwrap();
    assert_eq!((authorised.state, authorised.refunded), (PaymentState::Authorised, Some(pounds(0))));
    let captured = stripe.capture(&authorised.reference, pounds(2500), "k/capture").await.unwrap();
    assert_eq!((&captured.state, captured.captured), (&PaymentState::Captured, pounds(2500)));

    for (refund, amount) in [(1, 700), (2, 300)] {
        let refunded = stripe.refund(&back(&captured, refund, amount)).await.unwrap();
        assert_eq!((refunded.state, refunded.amount), (RefundState::Paid, pounds(amount)));
    }
    let again = stripe.refund(&back(&captured, 2, 300)).await.unwrap();
    assert_eq!(stripe.refunds(&captured.reference).await.unwrap().len(), 2, "{again:?}");
    let found = stripe.find(&captured.reference).await.unwrap().unwrap();
    assert_eq!(found.refunded, Some(pounds(1000)));
    let error = stripe.refund(&back(&captured, 3, 1501)).await.unwrap_err();
    assert!(matches!(error, PaymentError::Never(_)), "{error:?}");
    assert_eq!(stripe.void(&captured.reference, "k/void").await.unwrap().state, PaymentState::Captured);
}

#[tokio::test]
async fn a_voided_payment_is_not_captured() {
    let sandbox = sandbox().await;
    let stripe = stripe(&sandbox);
    let authorised = stripe.authorise(&wanted("pm_card_visa")).await.unwrap();
    let voided = stripe.void(&authorised.reference, "k/void").await.unwrap();
    assert_eq!((voided.state, voided.refunded), (PaymentState::Voided, Some(pounds(0))));
    let late = stripe.capture(&authorised.reference, pounds(2500), "k/capture").await.unwrap();
    assert_eq!((late.state, late.captured), (PaymentState::Voided, pounds(0)));
}

#[tokio::test]
async fn a_no_is_declined_with_its_reason() {
    let sandbox = sandbox().await;
    for (method, expected) in [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_nobody_knows", "resource_missing"),
    ] {
        let error = stripe(&sandbox).authorise(&wanted(method)).await.unwrap_err();
        assert!(matches!(&error, PaymentError::Declined { code, .. } if code == expected), "{error:?}");
    }
}

#[tokio::test]
async fn a_provider_that_breaks_now_and_then_takes_the_money_once() {
    let sandbox = sandbox().await;
    let stripe = stripe(&sandbox);
    let authorised = stripe.authorise(&wanted("pm_penstock_flaky")).await.unwrap();
    let mut captured = stripe.capture(&authorised.reference, pounds(2500), "k/capture").await;
    if captured.is_err() {
        captured = Ok(stripe.find(&authorised.reference).await.unwrap().unwrap());
    }
    assert_eq!(captured.unwrap().state, PaymentState::Captured);
    let books = sandbox.payments(&Page::default()).unwrap();
    assert_eq!((books.totals[0].payments, books.totals[0].captured), (1, 2500));
}

#[tokio::test]
async fn money_that_was_set_aside_without_an_answer_is_found() {
    let sandbox = sandbox().await;
    let wanted = wanted("pm_penstock_timeout");
    let error = unguarded(&sandbox).authorise(&wanted).await.unwrap_err();
    assert!(matches!(error, PaymentError::Retry { unknown: true, .. }), "{error:?}");

    let stripe = stripe(&sandbox);
    let found = stripe.look_up(&wanted.key).await.unwrap().unwrap();
    assert_eq!((&found.state, found.key.as_ref()), (&PaymentState::Authorised, Some(&wanted.key)));
    assert_eq!(stripe.look_up("another").await.unwrap(), None);
    assert_eq!(stripe.authorise(&wanted).await.unwrap(), found, "the same key is the same payment");
    assert_eq!(sandbox.payments(&Page::default()).unwrap().payments.len(), 1);
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_again_later() {
    let sandbox = sandbox().await;
    let stripe = stripe(&sandbox);
    sandbox.set_down(Service::Payments, true).unwrap();
    let error = stripe.authorise(&wanted("pm_card_visa")).await.unwrap_err();
    assert!(matches!(error, PaymentError::Retry { .. }), "{error:?}");
    sandbox.set_down(Service::Payments, false).unwrap();
    assert_eq!(stripe.authorise(&wanted("pm_card_visa")).await.unwrap().state, PaymentState::Authorised);
}

#[tokio::test]
async fn what_the_provider_tells_is_believed() {
    let stage = Stage::new([answer(200, &json!({})), answer(200, &json!({}))]).await;
    let sandbox = sandbox().await;
    sandbox.set_payment_webhook_url(&stage.endpoint.at("/v1/webhooks/payments"));
    let stripe = stripe(&sandbox);
    let authorised = stripe.authorise(&wanted("pm_card_visa")).await.unwrap();
    stripe.capture(&authorised.reference, pounds(2500), "k/capture").await.unwrap();

    let mut told = Vec::new();
    for asked in told_of(&stage, 2).await {
        let header = asked.header("Stripe-Signature").unwrap();
        let event = verify(&["whsec_sandbox"], header, &asked.body, Timestamp::now()).unwrap();
        assert_eq!(event.origin.map(|it| it.order), Some(wanted("pm_card_visa").order));
        let Subject::Payment(payment) = event.subject else { panic!("{:?}", event.subject) };
        assert_eq!(payment.reference, authorised.reference);
        told.push((event.kind, payment.state));
    }
    let expected = [
        ("payment_intent.amount_capturable_updated".to_owned(), PaymentState::Authorised),
        ("payment_intent.succeeded".to_owned(), PaymentState::Captured),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_parcel_is_shipped_once_and_followed() {
    let stage = Stage::new([answer(200, &json!({})), answer(200, &json!({}))]).await;
    let sandbox = sandbox().await;
    sandbox.set_carrier_webhook_url(&stage.endpoint.at("/v1/webhooks/carrier"));
    let carrier = carrier(&sandbox);
    let consignment = carrier.ship(&parcel("standard")).await.unwrap();
    assert_eq!(carrier.ship(&parcel("standard")).await.unwrap(), consignment);
    assert_eq!(sandbox.shipments(&Page::default()).unwrap().shipments.len(), 1);

    let mut told = Vec::new();
    for asked in told_of(&stage, 2).await {
        let header = |name| asked.header(name).unwrap();
        let signed = Signed {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        let secret = Options::memory().carrier_secret;
        let event = carrier_webhook::verify(&[secret], signed, &asked.body, Timestamp::now()).unwrap();
        assert_eq!((&event.consignment, &*event.reference), (&consignment.id, "acme/o/s"));
        told.push(event.status);
    }
    assert_eq!(told, [ParcelStatus::InTransit, ParcelStatus::Delivered]);
}

#[tokio::test]
async fn a_parcel_is_called_back_until_it_is_on_its_way() {
    let sandbox = sandbox().await;
    let carrier = carrier(&sandbox);
    assert_eq!(carrier.find("acme/o/s").await.unwrap(), None);
    let stopped = carrier.ship(&parcel("never")).await.unwrap();
    assert_eq!(carrier.find("acme/o/s").await.unwrap(), Some(stopped.clone()));
    for _ in 0..2 {
        assert_eq!(carrier.call_back(&stopped.id).await.unwrap(), Recall::Stopped);
    }
    let gone =
        Parcel { key: "acme/o/ship/t".to_owned(), reference: "acme/o/t".to_owned(), ..parcel("standard") };
    let gone = carrier.ship(&gone).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(carrier.call_back(&gone.id).await.unwrap(), Recall::OnItsWay);
}

/// Three calls are refused with 429, two attempts a call: an open breaker would keep all others out.
#[tokio::test]
async fn a_provider_that_is_busy_is_not_left_alone() {
    let sandbox = sandbox().await;
    let breaker = BreakerSettings { failures_max: 1, ..BreakerSettings::default() };
    let stripe =
        Guarded::new(unguarded(&sandbox), "payments", GuardSettings { breaker, ..GuardSettings::default() });
    let busy = wanted("pm_penstock_rateLimited");
    let mut asked = stripe.authorise(&busy).await;
    for _ in 0..3 {
        if asked.is_ok() {
            break;
        }
        asked = stripe.authorise(&busy).await;
    }
    assert_eq!(asked.unwrap().state, PaymentState::Authorised);
    sandbox.set_down(Service::Payments, true).unwrap();
    assert!(stripe.authorise(&wanted("pm_card_visa")).await.is_err());
    sandbox.set_down(Service::Payments, false).unwrap();
    assert!(stripe.authorise(&wanted("pm_card_visa")).await.is_err(), "one failure opens this breaker");
}

/// What came to the stage, when so much has come.
async fn told_of(stage: &Stage, times: usize) -> Vec<Asked> {
    let all = async {
        while stage.left() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("it is told in time");
    let asked = stage.asked();
    assert_eq!(asked.len(), times);
    asked
}

async fn sandbox() -> Sandbox {
    let timing = Timing {
        slow: Duration::from_millis(100),
        cut: Duration::from_secs(5),
        in_transit: Some(Duration::from_millis(50)),
        delivered: Some(Duration::from_millis(100)),
        ..Timing::default()
    };
    Sandbox::start(Options { timing, ..Options::memory() }).await.unwrap()
}

fn stripe(sandbox: &Sandbox) -> Guarded<Stripe<Rotated>> {
    Guarded::new(unguarded(sandbox), "payments", GuardSettings::default())
}

fn unguarded(sandbox: &Sandbox) -> Stripe<Rotated> {
    let secret = secrets(&[json!({ "apiKey": Options::memory().payment_key, "webhookSecrets": [] })]);
    Stripe::new(http(), Endpoint::parse(sandbox.payments_url()).unwrap(), secret)
}

fn carrier(sandbox: &Sandbox) -> Guarded<HttpCarrier<Rotated>> {
    let options = Options::memory();
    let secret =
        secrets(&[json!({ "apiKey": options.carrier_key, "webhookSecret": options.carrier_secret })]);
    let carrier = HttpCarrier::new(http(), Endpoint::parse(sandbox.carrier_url()).unwrap(), secret);
    Guarded::new(carrier, "carrier", GuardSettings::default())
}

fn http() -> Http {
    Http::new(Timeouts { connect: Duration::from_secs(1), whole: Duration::from_secs(1) })
}

fn wanted(method: &str) -> Authorisation {
    Authorisation {
        key: format!("acme/6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e/pay/{method}"),
        tenant: "acme".parse().unwrap(),
        order: "6f6d7a52-3c1c-4d0e-9d0e-0b6a5f1c2d3e".parse().unwrap(),
        attempt: 1,
        amount: pounds(2500),
        method: method.parse().unwrap(),
    }
}

fn back(payment: &ProviderPayment, refund: u32, minor: i64) -> WantedRefund {
    let Authorisation { tenant, order, .. } = wanted("pm_card_visa");
    let key = format!("k/refund/{refund}");
    WantedRefund { key, tenant, order, refund, payment: payment.reference.clone(), amount: pounds(minor) }
}

fn parcel(service: &str) -> Parcel {
    Parcel {
        key: "acme/o/ship/s".to_owned(),
        tenant: "acme".parse().unwrap(),
        reference: "acme/o/s".to_owned(),
        service: service.to_owned(),
        recipient: Some("Ada".to_owned()),
        to: Address { city: "Bath".to_owned(), country: "GB".to_owned(), ..Address::default() },
        items: Vec::new(),
    }
}

fn pounds(minor: i64) -> Money {
    Money::from_minor(minor, "GBP".parse().unwrap()).unwrap()
}

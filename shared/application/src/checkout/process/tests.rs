//! The process manager as given/when/then.

use penstock_domain::Money;
use penstock_domain::order::{ParcelStatus, Part};
use uuid::Uuid;

use super::*;

#[test]
fn a_placed_order_reserves_its_goods() {
    given(Event::Placed { at: now(), total: gbp(500) }).then([Step::ReserveStock]);
}

#[test]
fn a_started_payment_is_made_and_a_confirmed_one_is_shipped() {
    let method = Some("pm_card_visa".parse().unwrap());
    given(Event::PaymentStarted { at: now(), attempt: 2, amount: Some(gbp(500)), method })
        .then([Step::Pay { attempt: 2 }]);
    given(Event::PaymentConfirmed { at: now(), captured: gbp(500), attempt: 2, reference: None })
        .then([Step::Ship]);
}

#[test]
fn what_is_free_is_not_asked_of_the_provider() {
    given(Event::PaymentStarted { at: now(), attempt: 1, amount: Some(gbp(0)), method: None }).then([]);
}

#[test]
fn what_waits_is_called_off_when_its_time_is_over() {
    let at = now();
    let expire = || [Step::Expire { at }];
    given(Event::StockReserved { at, units: vec![], pay_by: Some(at) }).then(expire());
    given(Event::StockShort { at, missing: vec![], wait_until: Some(at) }).then(expire());
    let declined = |pay_by| Event::PaymentDeclined { at, reason: None, attempt: 1, code: None, pay_by };
    given(declined(Some(at))).then(expire());
    given(declined(None)).then([]);
    given(Event::StockReserved { at, units: vec![], pay_by: None }).then([]);
}

#[test]
fn what_does_not_happen_gives_back_its_goods_and_its_money() {
    given(Event::Cancelled { at: now(), reason: None, refund: Some(gbp(500)) }).then([Step::ReleaseStock]);
    given(Event::RefundRequested { at: now(), refund: 3, amount: gbp(500), reference: None })
        .then([Step::Refund { refund: 3 }]);
    given(Event::Returned { at: now(), restock: Some(true) }).then([Step::TakeBackStock]);
}

#[test]
fn a_parcel_takes_its_goods_out_of_the_house() {
    let shipment = Uuid::from_u128(7).into();
    let parts = vec![Part { line: 0, quantity: 1 }];
    given(Event::ShipmentCreated { at: now(), shipment, parts, consignment: None })
        .then([Step::SellStock { shipment }]);
    given(Event::ShipmentTracked { at: now(), shipment, status: ParcelStatus::Delivered }).then([]);
}

#[test]
fn each_step_is_one_desks_and_has_the_name_that_queues_know_it_by() {
    let desks = [
        (Step::ReserveStock, Desk::Stock),
        (Step::ReleaseStock, Desk::Stock),
        (Step::TakeBackStock, Desk::Stock),
        (Step::SellStock { shipment: Uuid::nil().into() }, Desk::Stock),
        (Step::Pay { attempt: 1 }, Desk::Payments),
        (Step::Refund { refund: 1 }, Desk::Payments),
        (Step::Inquire { reference: "pi_1".into() }, Desk::Payments),
        (Step::Ship, Desk::Shipping),
        (Step::Expire { at: now() }, Desk::Checkout),
    ];
    for (step, desk) in desks {
        assert_eq!(step.desk(), desk, "{step:?}");
        assert_eq!(serde_json::to_value(&step).unwrap()["step"], step.name());
    }
}

// Given, when, then.

struct Given(Event);

fn given(event: Event) -> Given {
    Given(event)
}

impl Given {
    #[track_caller]
    fn then<const N: usize>(self, steps: [Step; N]) {
        assert_eq!(next(&self.0), steps);
    }
}

fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

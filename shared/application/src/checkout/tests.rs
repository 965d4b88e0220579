//! The process manager as given/when/then, and the payment desk with a provider that behaves as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use penstock_domain::order::{Command, Event, ParcelStatus, Part, Status};
use penstock_domain::{Money, OrderId, PaymentMethod, TenantId};
use uuid::Uuid;

use super::*;
use crate::orders::tests::{DefaultLimits, MemoryCatalogue, MemoryLedger, caller, request, wanted};
use crate::orders::{Created, Orders, WantedOrder};
use crate::ports::payments::{
    Authorisation, PaymentError, PaymentProvider, PaymentReference, PaymentState, ProviderPayment,
    ProviderRefund, RefundState, WantedRefund,
};

#[test]
fn a_placed_order_reserves_its_goods() {
    given(Event::Placed { at: now(), total: gbp(500) }).then([Step::ReserveStock]);
}

#[test]
fn a_started_payment_is_made_and_a_confirmed_one_is_shipped() {
    let method = Some(visa());
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
fn each_step_is_one_desks() {
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
    }
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
async fn a_declined_payment_fails_and_its_order_waits() {
    let till = Till::with([Says::Decline]).await;
    till.pay(0).await.unwrap();
    assert_eq!(till.status().await, Status::PaymentFailed);
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
    assert_eq!(till.keys().len(), 1, "one attempt has one key");
}

#[tokio::test]
async fn a_step_that_is_redriven_long_after_is_looked_up_though_nobody_counted_its_tries() {
    let mut till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.since = now() - SignedDuration::from_hours(30);
    till.pay(0).await.unwrap();
    assert_eq!(till.said(), ["authorise", "look up", "capture"]);
}

#[tokio::test]
async fn a_provider_that_answers_and_goes_on_failing_ends_the_attempt() {
    let mut till = Till::with([Says::Down, Says::Down]).await;
    assert!(till.pay(0).await.is_err());
    till.since = now() - SignedDuration::from_hours(2);
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::PaymentFailed);
}

#[tokio::test]
async fn an_order_called_off_while_paying_lets_the_money_go() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.tell(Command::CancelOrder { reason: None }).await;
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
}

/// Found by the simulation: that it was tried is not counted when the provider is not ready.
#[tokio::test]
async fn an_order_called_off_after_a_try_that_nobody_counted_lets_the_money_go() {
    let mut till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.tell(Command::CancelOrder { reason: None }).await;
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
    let decline = Command::DeclinePayment { attempt: 1, code: None, reason: None, pay_by: Timestamp::MAX };
    till.tell(decline).await;
    till.pay(1).await.unwrap();
    assert_eq!(till.said(), ["authorise", "look up", "void"]);
}

#[tokio::test]
async fn an_order_called_off_before_it_was_paid_is_not_paid() {
    let till = Till::with([]).await;
    till.tell(Command::CancelOrder { reason: None }).await;
    till.pay(0).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert!(till.said().is_empty());
}

#[tokio::test]
async fn a_webhook_and_the_answer_confirm_an_order_once_whichever_comes_first() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    till.capture_behind_our_back();
    for _ in 0..10 {
        till.inquire().await.unwrap();
    }
    till.pay(1).await.unwrap();
    assert_eq!(till.status().await, Status::Confirmed);
    let confirmed = till.events().await.into_iter().filter(|it| matches!(it, Event::PaymentConfirmed { .. }));
    assert_eq!(confirmed.count(), 1);
}

#[tokio::test]
async fn a_success_after_the_order_was_given_up_goes_back_by_itself() {
    let till = Till::with([Says::TakeAndVanish]).await;
    assert!(till.pay(0).await.is_err());
    let decline = Command::DeclinePayment { attempt: 1, code: None, reason: None, pay_by: Timestamp::MAX };
    till.tell(decline).await;
    till.tell(Command::CancelOrder { reason: None }).await;
    till.capture_behind_our_back();
    till.inquire().await.unwrap();
    till.refund(1, 0).await.unwrap();
    till.refund(1, 1).await.unwrap();
    assert_eq!(till.status().await, Status::Cancelled);
    assert_eq!(till.provider.refunded(), 500);
}

#[tokio::test]
async fn a_refund_that_fails_is_made_again_with_a_new_key() {
    let till = Till::with([]).await;
    till.pay(0).await.unwrap();
    till.tell(Command::CancelOrder { reason: None }).await;
    till.provider.fail_refunds(2);
    assert!(matches!(till.refund(1, 0).await, Err(Undone::Failed(_))));
    assert!(matches!(till.refund(1, 1).await, Err(Undone::Failed(_))));
    till.refund(1, 2).await.unwrap();
    till.refund(1, 3).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_not_made_twice() {
    let till = Till::with([]).await;
    till.pay(0).await.unwrap();
    till.tell(Command::CancelOrder { reason: None }).await;
    till.provider.vanish_after_refund();
    assert!(matches!(till.refund(1, 0).await, Err(Undone::Later { .. })));
    till.refund(1, 1).await.unwrap();
    assert_eq!(till.provider.refunded(), 500);
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

/// What the provider does when it is asked to authorise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Decline,
    /// It sets the money aside, and the answer is lost.
    TakeAndVanish,
    /// Nothing arrives.
    Down,
}

#[derive(Default)]
struct Books {
    says: VecDeque<Says>,
    calls: Vec<&'static str>,
    payments: BTreeMap<String, ProviderPayment>,
    refunds: Vec<ProviderRefund>,
    failing_refunds: u32,
    vanish: bool,
}

#[derive(Clone, Default)]
struct Provider(Arc<Mutex<Books>>);

impl Provider {
    fn refunded(&self) -> i64 {
        let books = self.0.lock().unwrap();
        books.refunds.iter().filter(|it| it.state == RefundState::Paid).map(|it| it.amount.minor()).sum()
    }

    fn fail_refunds(&self, times: u32) {
        self.0.lock().unwrap().failing_refunds = times;
    }

    fn vanish_after_refund(&self) {
        self.0.lock().unwrap().vanish = true;
    }
}

fn vanished() -> PaymentError {
    PaymentError::Retry { after: None, unknown: true, cause: "no answer".into() }
}

impl PaymentProvider for Provider {
    async fn authorise(&self, wanted: &Authorisation) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.calls.push("authorise");
        let said = books.says.pop_front();
        if said == Some(Says::Down) {
            return Err(vanished());
        }
        if said == Some(Says::Decline) {
            return Err(PaymentError::Declined { code: "generic_decline".into(), message: "no".into() });
        }
        let payment = ProviderPayment {
            reference: format!("pi_{}", wanted.attempt).into(),
            key: Some(wanted.key.clone()),
            state: PaymentState::Authorised,
            amount: wanted.amount,
            captured: gbp(0),
            refunded: None,
        };
        books.payments.insert(wanted.key.clone(), payment.clone());
        if said == Some(Says::TakeAndVanish) { Err(vanished()) } else { Ok(payment) }
    }

    async fn capture(
        &self,
        payment: &PaymentReference,
        amount: Money,
        _: &str,
    ) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.calls.push("capture");
        let known = books.payments.values_mut().find(|it| it.reference == *payment).unwrap();
        if known.state == PaymentState::Authorised {
            (known.state, known.captured) = (PaymentState::Captured, amount);
        }
        Ok(known.clone())
    }

    async fn void(&self, payment: &PaymentReference, _: &str) -> Result<ProviderPayment, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.calls.push("void");
        let known = books.payments.values_mut().find(|it| it.reference == *payment).unwrap();
        known.state = PaymentState::Voided;
        Ok(known.clone())
    }

    async fn refund(&self, wanted: &WantedRefund) -> Result<ProviderRefund, PaymentError> {
        let mut books = self.0.lock().unwrap();
        if let Some(done) = books.refunds.iter().find(|it| it.key.as_ref() == Some(&wanted.key)) {
            return Ok(done.clone());
        }
        let fails = books.failing_refunds > 0;
        books.failing_refunds = books.failing_refunds.saturating_sub(1);
        let state = if fails { RefundState::Failed { reason: "later".into() } } else { RefundState::Paid };
        let refund = ProviderRefund {
            reference: format!("re_{}", books.refunds.len()),
            key: Some(wanted.key.clone()),
            payment: wanted.payment.clone(),
            state,
            amount: wanted.amount,
        };
        books.refunds.push(refund.clone());
        if std::mem::take(&mut books.vanish) { Err(vanished()) } else { Ok(refund) }
    }

    async fn look_up(&self, key: &str) -> Result<Option<ProviderPayment>, PaymentError> {
        let mut books = self.0.lock().unwrap();
        books.calls.push("look up");
        Ok(books.payments.get(key).cloned())
    }

    async fn find(&self, payment: &PaymentReference) -> Result<Option<ProviderPayment>, PaymentError> {
        Ok(self.0.lock().unwrap().payments.values().find(|it| it.reference == *payment).cloned())
    }

    async fn refunds(&self, payment: &PaymentReference) -> Result<Vec<ProviderRefund>, PaymentError> {
        let books = self.0.lock().unwrap();
        Ok(books.refunds.iter().filter(|it| it.payment == *payment).cloned().collect())
    }
}

/// An order whose payment is under way, and the desk that makes it.
struct Till {
    desk: PaymentDesk<Arc<MemoryLedger>, MemoryCatalogue, DefaultLimits, Provider>,
    orders: Orders<Arc<MemoryLedger>, MemoryCatalogue, DefaultLimits>,
    provider: Provider,
    order: OrderId,
    since: Timestamp,
}

impl Till {
    async fn with<const N: usize>(says: [Says; N]) -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let clock: crate::Clock = Arc::new(now);
        let orders =
            || Orders::new(Arc::clone(&ledger), MemoryCatalogue::new(), DefaultLimits, Arc::clone(&clock));
        let wanted = WantedOrder { payment: Some(visa()), ..wanted() };
        let created = orders().create(&caller(), &request(1, "a"), wanted).await.unwrap();
        let Created::New(record) = created else { panic!("it is new") };
        let provider = Provider::default();
        provider.0.lock().unwrap().says = says.into();
        let desk = PaymentDesk::new(orders(), provider.clone(), Arc::clone(&clock));
        let till = Self { desk, orders: orders(), provider, order: record.id, since: now() };
        till.tell(Command::ConfirmStock { units: vec![], pay_by: Timestamp::MAX }).await;
        till
    }

    fn errand(&self, name: &str, attempts: u32) -> Errand {
        let request = request(self.order.within(&tenant(), name).as_u128(), name);
        Errand { order: self.order, caller: caller(), request, attempts, since: self.since }
    }

    async fn pay(&self, attempts: u32) -> Result<(), Undone> {
        self.desk.pay(&self.errand("pay", attempts), 1).await
    }

    async fn refund(&self, number: u32, attempts: u32) -> Result<(), Undone> {
        self.desk.refund(&self.errand("refund", attempts), number).await
    }

    async fn inquire(&self) -> Result<(), Undone> {
        self.desk.inquire(&self.errand("inquire", 0), "pi_1").await
    }

    async fn tell(&self, command: Command) {
        let history = self.orders.history(&caller(), self.order).await.unwrap();
        let name = format!("{command:?}");
        let errand = self.errand(&name, 0);
        self.orders.step(&caller(), &errand.request, history, command).await.unwrap();
    }

    fn capture_behind_our_back(&self) {
        let mut books = self.provider.0.lock().unwrap();
        for payment in books.payments.values_mut() {
            (payment.state, payment.captured) = (PaymentState::Captured, payment.amount);
        }
    }

    async fn events(&self) -> Vec<Event> {
        let history = self.orders.history(&caller(), self.order).await.unwrap();
        history.commits().iter().flat_map(|commit| commit.events.clone()).collect()
    }

    async fn status(&self) -> Status {
        self.orders.get(&caller(), self.order, None).await.unwrap().order.status
    }

    fn said(&self) -> Vec<&'static str> {
        self.provider.0.lock().unwrap().calls.clone()
    }

    fn keys(&self) -> Vec<String> {
        self.provider.0.lock().unwrap().payments.keys().cloned().collect()
    }
}

fn tenant() -> TenantId {
    caller().tenant
}

fn visa() -> PaymentMethod {
    "pm_card_visa".parse().unwrap()
}

fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

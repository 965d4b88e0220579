use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use penstock_application::ports::carrier::{Carrier, CarrierError, Consignment, Parcel, Recall};
use penstock_application::ports::payments::PaymentError;
use penstock_domain::order::Address;
use tokio::time::advance;

use super::*;
use crate::guarded::Guarded;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn what_may_help_is_tried_again_and_not_for_ever() {
    let script = Script::new([retry(), retry(), retry()]);
    assert!(matches!(script.call(&guard()).await, Err(PaymentError::Retry { unknown: false, .. })));
    assert_eq!(script.asked(), 3);

    let script = Script::new([retry(), Ok(())]);
    assert!(script.call(&guard()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_no_is_not_asked_for_twice() {
    for no in [declined(), never()] {
        let script = Script::new([no]);
        assert!(script.call(&guard()).await.is_err());
        assert_eq!(script.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_waits_as_long_as_it_is_told() {
    let started = Instant::now();
    let script = Script::new([after(3 * SECOND), Ok(())]);
    script.call(&guard()).await.unwrap();
    assert!(started.elapsed() >= 3 * SECOND && started.elapsed() < 4 * SECOND, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_that_might_not_end_in_time() {
    let started = Instant::now();
    let script = Script::new([after(5 * SECOND)]); // 5 + 8 > 12
    let error = script.call(&guard()).await.unwrap_err();
    assert!(
        matches!(error, PaymentError::Retry { after: Some(after), .. } if after == 5 * SECOND),
        "{error:?}"
    );
    assert_eq!((script.asked(), started.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_may_have_taken_effect_is_not_forgotten() {
    for after in [vec![retry(), retry()], vec![never()]] {
        let script = Script::new([unknown()].into_iter().chain(after));
        let error = script.call(&guard()).await.unwrap_err();
        assert!(matches!(error, PaymentError::Retry { unknown: true, .. }), "{error:?}");
    }
    let script = Script::new([unknown(), declined()]);
    let error = script.call(&guard()).await.unwrap_err();
    assert!(
        matches!(error, PaymentError::Declined { .. }),
        "the key's answer is for all attempts: {error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_company_that_is_down_is_left_alone_and_found_when_it_is_up() {
    let (depot, state) = Depot::down();
    let carrier = Guarded::new(depot, "carrier", alone());
    for _ in 0..5 {
        assert!(matches!(carrier.ship(&parcel()).await, Err(CarrierError::Retry { after: None, .. })));
    }
    let error = carrier.ship(&parcel()).await.unwrap_err();
    assert!(
        matches!(error, CarrierError::Retry { after: Some(after), .. } if after == 30 * SECOND),
        "{error:?}"
    );
    assert_eq!(state.asked(), 5, "it was not asked a sixth time");

    advance(30 * SECOND).await;
    assert!(carrier.ship(&parcel()).await.is_err(), "one asks, and finds it down");
    assert!(carrier.ship(&parcel()).await.is_err());
    assert_eq!(state.asked(), 6);

    state.up.store(true, Ordering::Relaxed);
    advance(30 * SECOND).await;
    assert!(carrier.ship(&parcel()).await.is_ok() && carrier.ship(&parcel()).await.is_ok());
    assert_eq!(state.asked(), 8);
}

#[tokio::test(start_paused = true)]
async fn so_many_are_asked_at_once_and_others_wait_their_turn() {
    let guard = Guard::new("test", GuardSettings { calls_max: 2, ..alone() });
    let (under_way, most) = (Cell::new(0), Cell::new(0));
    let slow = || async {
        under_way.set(under_way.get() + 1);
        most.set(most.get().max(under_way.get()));
        tokio::time::sleep(SECOND).await;
        under_way.set(under_way.get() - 1);
        Ok::<(), PaymentError>(())
    };
    let started = Instant::now();
    let ask = || guard.call(slow);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    assert!([a, b, c, d].iter().all(Result::is_ok));
    assert_eq!((most.get(), started.elapsed()), (2, 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_too_long_for_a_turn_is_sent_away_unasked() {
    let guard = Guard::new("test", GuardSettings { calls_max: 1, ..alone() });
    let asked = Cell::new(0);
    let slow = || async {
        asked.set(asked.get() + 1);
        tokio::time::sleep(5 * SECOND).await;
        Ok::<(), PaymentError>(())
    };
    let (first, second) = tokio::join!(guard.call(slow), guard.call(slow));
    assert!(first.is_ok());
    assert!(matches!(second, Err(PaymentError::Retry { after: Some(_), unknown: false, .. })), "{second:?}");
    assert_eq!(asked.get(), 1);
}

/// One attempt a call.
fn alone() -> GuardSettings {
    GuardSettings { retries_max: 0, ..GuardSettings::default() }
}

fn guard() -> Guard {
    Guard::new("test", GuardSettings::default())
}

type Step = Result<(), PaymentError>;

fn retry() -> Step {
    Err(PaymentError::Retry { after: None, unknown: false, cause: "planted".into() })
}

fn unknown() -> Step {
    Err(PaymentError::Retry { after: None, unknown: true, cause: "planted".into() })
}

fn after(after: Duration) -> Step {
    Err(PaymentError::Retry { after: Some(after), unknown: false, cause: "planted".into() })
}

fn declined() -> Step {
    Err(PaymentError::Declined { code: "card_declined".to_owned(), message: String::new() })
}

fn never() -> Step {
    Err(PaymentError::Never("planted".into()))
}

/// What a company answers, call by call.
struct Script {
    steps: RefCell<VecDeque<Step>>,
    asked: Cell<u32>,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { steps: RefCell::new(steps.into_iter().collect()), asked: Cell::new(0) }
    }

    async fn call(&self, guard: &Guard) -> Step {
        let next = || async {
            self.asked.set(self.asked.get() + 1);
            self.steps.borrow_mut().pop_front().expect("it is not asked more often than it has answers")
        };
        let result = guard.call(next).await;
        assert!(self.steps.borrow().is_empty(), "it was asked too seldom");
        result
    }

    fn asked(&self) -> u32 {
        self.asked.get()
    }
}

/// A carrier that is up or down.
struct Depot(Arc<DepotState>);

#[derive(Default)]
struct DepotState {
    up: AtomicBool,
    asked: AtomicU32,
}

impl Depot {
    fn down() -> (Self, Arc<DepotState>) {
        let state = Arc::<DepotState>::default();
        (Self(Arc::clone(&state)), state)
    }
}

impl DepotState {
    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Carrier for Depot {
    async fn ship(&self, parcel: &Parcel) -> Result<Consignment, CarrierError> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        if !self.0.up.load(Ordering::Relaxed) {
            return Err(CarrierError::Retry { after: None, cause: "planted".into() });
        }
        let (tracking_number, tracking_url) = (String::new(), String::new());
        Ok(Consignment { id: parcel.key.clone(), tracking_number, tracking_url })
    }

    async fn find(&self, _: &str) -> Result<Option<Consignment>, CarrierError> {
        Ok(None)
    }

    async fn call_back(&self, _: &str) -> Result<Recall, CarrierError> {
        Ok(Recall::Stopped)
    }
}

fn parcel() -> Parcel {
    Parcel {
        key: "acme/o/ship/1".to_owned(),
        tenant: "acme".parse().unwrap(),
        reference: String::new(),
        service: "standard".to_owned(),
        recipient: None,
        to: Address::default(),
        items: Vec::new(),
    }
}

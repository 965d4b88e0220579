//! The shipping desk with a carrier that remembers what it was handed.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use penstock_domain::order::{Event, ParcelStatus};
use penstock_domain::{Money, OrderId};

use super::*;
use crate::orders::tests::{DefaultLimits, MemoryCatalogue, MemoryLedger, caller, request, wanted};
use crate::orders::{Created, WantedOrder};

#[tokio::test]
async fn a_parcel_is_handed_over_once() {
    let dock = Dock::new(Recall::Stopped).await;
    dock.ship().await.unwrap();
    dock.ship().await.unwrap();
    assert_eq!(dock.status().await, Status::Shipped);
    assert_eq!(dock.said(), ["ship"]);
}

#[tokio::test]
async fn a_parcel_whose_order_is_called_off_in_that_moment_is_called_back() {
    let dock = Dock::new(Recall::Stopped).await;
    dock.depot.lock().unwrap().rival = true;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["ship", "find", "call back"]);
    assert_eq!((dock.status().await, dock.parcels().await), (Status::Cancelled, 0));
}

#[tokio::test]
async fn a_parcel_that_had_left_by_then_is_noted_with_its_order_once() {
    let dock = Dock::new(Recall::OnItsWay).await;
    dock.depot.lock().unwrap().rival = true;
    dock.ship().await.unwrap();
    assert_eq!((dock.status().await, dock.parcels().await), (Status::Cancelled, 1));
    dock.ship().await.unwrap();
    assert_eq!((dock.said(), dock.parcels().await), (vec!["ship", "find", "call back"], 1));
    let id = shipment_of(&dock.errand("ship"), 1);
    dock.tell(Command::TrackShipment { id, status: ParcelStatus::Delivered }).await;
    assert_eq!(dock.status().await, Status::Cancelled);
}

/// Whoever handed it over ended before it could tell, and the order was cancelled before the step came again.
#[tokio::test]
async fn a_parcel_that_nobody_told_of_is_found_and_called_back() {
    let dock = Dock::new(Recall::Stopped).await;
    let reference = reference(&caller().tenant, dock.order, shipment_of(&dock.errand("ship"), 1));
    dock.depot.lock().unwrap().taken.push(reference);
    dock.tell(Command::CancelOrder { reason: None }).await;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["find", "call back"]);
}

#[tokio::test]
async fn an_order_that_was_called_off_before_sends_nothing() {
    let dock = Dock::new(Recall::Stopped).await;
    dock.tell(Command::CancelOrder { reason: None }).await;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["find"]);
}

#[tokio::test]
async fn a_carrier_that_is_down_is_asked_later() {
    let dock = Dock::new(Recall::Stopped).await;
    dock.depot.lock().unwrap().down = true;
    assert!(matches!(dock.ship().await, Err(Undone::Later { .. })));
    dock.tell(Command::CancelOrder { reason: None }).await;
    assert!(matches!(dock.ship().await, Err(Undone::Later { .. })), "it may have a parcel");
}

#[tokio::test]
async fn a_parcel_holds_no_more_than_fits_and_no_order_is_more_than_a_hundred_parcels() {
    let dock = Dock::new(Recall::Stopped).await;
    let mut order = dock.orders.get(&caller(), dock.order, None).await.unwrap().order;
    let line = order.lines[0].clone();
    let quantities =
        |order: &Order, units| next_parcel(order, units).iter().map(|it| it.quantity).collect::<Vec<_>>();
    order.lines = vec![Line { quantity: 4, ..line.clone() }, Line { quantity: 3, ..line.clone() }];
    assert_eq!(quantities(&order, 0), [4, 3]);
    assert_eq!(quantities(&order, 5), [4, 1]);
    assert_eq!(quantities(&order, 3), [3]);
    order.lines = vec![Line { quantity: 5_000, ..line }];
    assert_eq!(quantities(&order, 1), [50]);
}

/// A paid order, and the desk that sends it.
struct Dock {
    desk: ShippingDesk<Arc<MemoryLedger>, MemoryCatalogue, DefaultLimits, Van, NoSlips>,
    orders: Arc<TheOrders>,
    depot: Arc<Mutex<Depot>>,
    order: OrderId,
}

type TheOrders = Orders<Arc<MemoryLedger>, MemoryCatalogue, DefaultLimits>;

struct Depot {
    said: Vec<&'static str>,
    /// The references of what it has.
    taken: Vec<String>,
    recall: Recall,
    /// The order is cancelled while a parcel is handed over.
    rival: bool,
    down: bool,
}

struct Van {
    depot: Arc<Mutex<Depot>>,
    orders: Arc<TheOrders>,
    order: OrderId,
}

struct NoSlips;

impl PackingSlips for NoSlips {
    async fn keep(&self, _: &Packed) -> Result<(), Unavailable> {
        Ok(())
    }
}

impl Van {
    fn asked(&self, what: &'static str) -> Result<(), CarrierError> {
        let mut depot = self.depot.lock().unwrap();
        depot.said.push(what);
        if depot.down { Err(CarrierError::Retry { after: None, cause: "down".into() }) } else { Ok(()) }
    }
}

impl Carrier for Van {
    async fn ship(&self, parcel: &Parcel) -> Result<carrier::Consignment, CarrierError> {
        self.asked("ship")?;
        self.depot.lock().unwrap().taken.push(parcel.reference.clone());
        let rival = self.depot.lock().unwrap().rival;
        if rival {
            tell_order(&self.orders, self.order, Command::CancelOrder { reason: None }).await;
        }
        Ok(consigned(&parcel.reference))
    }

    async fn find(&self, reference: &str) -> Result<Option<carrier::Consignment>, CarrierError> {
        self.asked("find")?;
        let taken = &self.depot.lock().unwrap().taken;
        Ok(taken.iter().find(|it| *it == reference).map(|it| consigned(it)))
    }

    async fn call_back(&self, _: &str) -> Result<Recall, CarrierError> {
        self.asked("call back")?;
        Ok(self.depot.lock().unwrap().recall)
    }
}

impl Dock {
    async fn new(recall: Recall) -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let clock: crate::Clock = Arc::new(now);
        let orders =
            || Orders::new(Arc::clone(&ledger), MemoryCatalogue::new(), DefaultLimits, Arc::clone(&clock));
        let wanted = WantedOrder { payment: Some("pm_card_visa".parse().unwrap()), ..wanted() };
        let created = orders().create(&caller(), &request(1, "a"), wanted).await.unwrap();
        let Created::New(record) = created else { panic!("it is new") };
        let depot = Depot { said: vec![], taken: vec![], recall, rival: false, down: false };
        let (depot, shared) = (Arc::new(Mutex::new(depot)), Arc::new(orders()));
        let van = Van { depot: Arc::clone(&depot), orders: Arc::clone(&shared), order: record.id };
        let desk = ShippingDesk::new(orders(), van, NoSlips);
        let dock = Self { desk, orders: shared, depot, order: record.id };
        dock.tell(Command::ConfirmStock { units: vec![], pay_by: Timestamp::MAX }).await;
        let captured = Money::from_minor(500, record.order.currency).unwrap();
        dock.tell(Command::ConfirmPayment { attempt: 1, captured, reference: "pi_1".to_owned() }).await;
        dock
    }

    async fn ship(&self) -> Result<(), Undone> {
        self.desk.ship(&self.errand("ship")).await
    }

    fn errand(&self, name: &str) -> Errand {
        let request = request(self.order.within(&caller().tenant, name).as_u128(), name);
        Errand { order: self.order, caller: caller(), request, attempts: 0, since: now() }
    }

    async fn tell(&self, command: Command) {
        tell_order(&self.orders, self.order, command).await;
    }

    async fn status(&self) -> Status {
        self.orders.get(&caller(), self.order, None).await.unwrap().order.status
    }

    /// How many parcels the order knows.
    async fn parcels(&self) -> usize {
        let history = self.orders.history(&caller(), self.order).await.unwrap();
        let events = history.commits().iter().flat_map(|commit| &commit.events);
        events.filter(|event| matches!(event, Event::ShipmentCreated { .. })).count()
    }

    fn said(&self) -> Vec<&'static str> {
        self.depot.lock().unwrap().said.clone()
    }
}

async fn tell_order(orders: &TheOrders, order: OrderId, command: Command) {
    let history = orders.history(&caller(), order).await.unwrap();
    let name = format!("{command:?}");
    let request = request(order.within(&caller().tenant, &name).as_u128(), &name);
    orders.step(&caller(), &request, history, command).await.unwrap();
}

fn consigned(reference: &str) -> carrier::Consignment {
    let (tracking_number, tracking_url) = ("PX1".to_owned(), "https://example.com/PX1".to_owned());
    carrier::Consignment { id: reference.to_owned(), tracking_number, tracking_url }
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

//! The shipping desk with a carrier that remembers what it was handed.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use penstock_domain::order::{Contact, Event, ParcelStatus, WantedLine};
use penstock_domain::{OrderId, Terms};

use super::*;
use crate::orders::tests::{Counters, MemoryCatalogue, MemoryLedger, caller, request, wanted};
use crate::orders::{Created, WantedOrder};
use crate::tenants::Settings;

#[tokio::test]
async fn a_parcel_is_handed_over_once() {
    let dock = Dock::new().await;
    dock.ship().await.unwrap();
    dock.ship().await.unwrap();
    assert_eq!(dock.status().await, Status::Shipped);
    assert_eq!(dock.said(), ["ship"]);
}

#[tokio::test]
async fn a_parcel_holds_the_orders_lines_and_its_names_are_made_from_the_order() {
    let dock = Dock::new().await;
    dock.ship().await.unwrap();
    let (tenant, order, shipment) = (caller().tenant, dock.order, shipment_of(&dock.errand("ship"), 1));
    let item = ParcelItem { sku: "85123A".to_owned(), name: "HOLDER".to_owned(), quantity: 2 };
    let parcel = Parcel {
        key: format!("{tenant}/{order}/ship/{shipment}"),
        reference: format!("{tenant}/{order}/{shipment}"),
        tenant,
        service: "standard".to_owned(),
        recipient: Some("Ann".to_owned()),
        to: bristol(),
        items: vec![item],
    };
    assert_eq!(dock.depot.lock().unwrap().parcels, [parcel]);
}

#[tokio::test]
async fn each_parcel_has_a_slip_of_what_is_in_it() {
    let dock = Dock::of(Terms { parcel_units: 2, ..Terms::default() }, 3).await;
    dock.ship().await.unwrap();
    assert_eq!(dock.status().await, Status::Shipped);
    let packed = dock.depot.lock().unwrap().slips.clone();
    let units = |packed: &Packed| packed.lines.iter().map(|line| line.quantity).collect::<Vec<_>>();
    assert_eq!(packed.iter().map(units).collect::<Vec<_>>(), [[2], [1]]);
    let ids = [1, 2].map(|number| shipment_of(&dock.errand("ship"), number));
    assert_eq!([packed[0].shipment, packed[1].shipment], ids);
    assert_eq!((packed[0].recipient.as_deref(), &packed[0].to), (Some("Ann"), &Some(bristol())));
}

#[tokio::test]
async fn an_errand_sends_ten_parcels_and_leaves_the_others_to_the_next() {
    let dock = Dock::of(Terms { parcel_units: 1, ..Terms::default() }, 11).await;
    assert!(matches!(dock.ship().await, Err(Undone::Later { after: None, .. })));
    assert_eq!(dock.parcels().await, 10);
    dock.ship().await.unwrap();
    assert_eq!(dock.parcels().await, 11);
}

#[tokio::test]
async fn a_shop_that_sends_its_parcels_itself_is_sent_nothing_for() {
    let dock = Dock::of(Terms { ships_itself: true, ..Terms::default() }, 2).await;
    dock.ship().await.unwrap();
    assert_eq!((dock.status().await, dock.said().len()), (Status::Confirmed, 0));
}

#[tokio::test]
async fn a_parcel_whose_order_is_called_off_in_that_moment_is_called_back() {
    let dock = Dock::new().await;
    dock.depot.lock().unwrap().rival = true;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["ship", "find", "call back"]);
    assert_eq!((dock.status().await, dock.parcels().await), (Status::Cancelled, 0));
}

#[tokio::test]
async fn a_parcel_that_had_left_by_then_is_noted_with_its_order_once() {
    let counters = Counters::default();
    let _listening = metrics::set_default_local_recorder(&counters);
    let dock = Dock::new().await;
    dock.depot.lock().unwrap().fast = true;
    dock.depot.lock().unwrap().rival = true;
    dock.ship().await.unwrap();
    assert_eq!((dock.status().await, dock.parcels().await), (Status::Cancelled, 1));
    dock.ship().await.unwrap();
    assert_eq!((dock.said(), dock.parcels().await), (vec!["ship", "find", "call back"], 1));
    assert_eq!(counters.of("StrayParcels"), 1, "an alarm tells of it");
    let id = shipment_of(&dock.errand("ship"), 1);
    dock.tell(Command::TrackShipment { id, status: ParcelStatus::Delivered }).await;
    assert_eq!(dock.status().await, Status::Cancelled);
}

/// Whoever handed it over ended before it could tell, and the order was cancelled before the step came again.
#[tokio::test]
async fn a_parcel_that_nobody_told_of_is_found_and_called_back() {
    let dock = Dock::new().await;
    let reference = reference(&caller().tenant, dock.order, shipment_of(&dock.errand("ship"), 1));
    dock.depot.lock().unwrap().taken.push(reference);
    dock.tell(Command::CancelOrder { reason: None }).await;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["find", "call back"]);
}

#[tokio::test]
async fn an_order_that_was_called_off_before_sends_nothing() {
    let dock = Dock::new().await;
    dock.tell(Command::CancelOrder { reason: None }).await;
    dock.ship().await.unwrap();
    assert_eq!(dock.said(), ["find"]);
}

#[tokio::test]
async fn a_carrier_that_is_down_is_asked_later() {
    let dock = Dock::new().await;
    dock.depot.lock().unwrap().down = true;
    assert!(matches!(dock.ship().await, Err(Undone::Later { .. })));
    dock.tell(Command::CancelOrder { reason: None }).await;
    assert!(matches!(dock.ship().await, Err(Undone::Later { .. })), "it may have a parcel");
}

#[tokio::test]
async fn a_parcel_holds_no_more_than_fits_and_no_order_is_more_than_a_hundred_parcels() {
    let dock = Dock::new().await;
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
    desk: ShippingDesk<Arc<MemoryLedger>, MemoryCatalogue, Settings, Van, Slips>,
    orders: Arc<TheOrders>,
    depot: Arc<Mutex<Depot>>,
    order: OrderId,
}

type TheOrders = Orders<Arc<MemoryLedger>, MemoryCatalogue, Settings>;

#[derive(Default)]
struct Depot {
    said: Vec<&'static str>,
    /// The references of what it has.
    taken: Vec<String>,
    parcels: Vec<Parcel>,
    slips: Vec<Packed>,
    /// Parcels leave as soon as they are there.
    fast: bool,
    /// The order is cancelled while a parcel is handed over.
    rival: bool,
    down: bool,
}

struct Van {
    depot: Arc<Mutex<Depot>>,
    orders: Arc<TheOrders>,
    order: OrderId,
}

struct Slips(Arc<Mutex<Depot>>);

impl PackingSlips for Slips {
    async fn keep(&self, packed: &Packed) -> Result<(), Unavailable> {
        self.0.lock().unwrap().slips.push(packed.clone());
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
        self.depot.lock().unwrap().parcels.push(parcel.clone());
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
        let fast = self.depot.lock().unwrap().fast;
        Ok(if fast { Recall::OnItsWay } else { Recall::Stopped })
    }
}

impl Dock {
    async fn new() -> Self {
        Self::of(Terms::default(), 2).await
    }

    /// A dock with an order of so many units.
    async fn of(terms: Terms, quantity: u32) -> Self {
        let ledger = Arc::new(MemoryLedger::default());
        let clock: crate::Clock = Arc::new(now);
        let settings = Settings { terms, ..Settings::default() };
        let orders =
            || Orders::new(Arc::clone(&ledger), MemoryCatalogue::new(), settings, Arc::clone(&clock));
        let created = orders().create(&caller(), &request(1, "a"), wanted_by_ann(quantity)).await.unwrap();
        let Created::New(record) = created else { panic!("it is new") };
        let (depot, shared) = (Arc::new(Mutex::new(Depot::default())), Arc::new(orders()));
        let van = Van { depot: Arc::clone(&depot), orders: Arc::clone(&shared), order: record.id };
        let desk = ShippingDesk::new(orders(), van, Slips(Arc::clone(&depot)));
        let dock = Self { desk, orders: shared, depot, order: record.id };
        dock.tell(Command::ConfirmStock { units: vec![], pay_by: Timestamp::MAX }).await;
        let captured = record.order.total;
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

fn wanted_by_ann(quantity: u32) -> WantedOrder {
    let items = vec![WantedLine { quantity, ..wanted().items[0].clone() }];
    let contact = Contact { name: Some("Ann".to_owned()), address: Some(bristol()), email: None };
    let payment = Some("pm_card_visa".parse().unwrap());
    WantedOrder { items, payment, contact: Some(contact), ..wanted() }
}

fn bristol() -> Address {
    let lines = vec!["1 Quay Street".to_owned()];
    Address { lines, city: "Bristol".to_owned(), postal_code: None, country: "GB".to_owned() }
}

fn consigned(reference: &str) -> carrier::Consignment {
    let (tracking_number, tracking_url) = ("PX1".to_owned(), "https://example.com/PX1".to_owned());
    carrier::Consignment { id: reference.to_owned(), tracking_number, tracking_url }
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

//! The order's rules as sentences, and as properties over every state and command.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{PaymentMethod, ReturnId, ShipmentId};

mod checkout;
mod parcels;

#[test]
fn a_draft_becomes_an_order_when_it_is_placed() {
    order([created()]).when(Command::PlaceOrder).then([Event::Placed { at: now(), total: gbp(2_500) }]);
}

#[test]
fn a_shipped_order_cannot_be_cancelled() {
    order([created(), placed(), reserved(), started(), paid(), packed(), shipped()])
        .when(cancel())
        .then_refused(Refusal::NotAllowed {
            status: Shipped,
            action: CancelOrder,
            allowed: vec![UpdateTracking, ConfirmDelivery],
        });
}

#[test]
fn a_refusal_names_the_state_and_what_is_allowed() {
    let refusal = Refusal::NotAllowed { status: Shipped, action: CancelOrder, allowed: allowed(Shipped) };
    let said = "an order that is SHIPPED does not allow cancelOrder; allowed from there: updateTracking, confirmDelivery";
    assert_eq!(refusal.to_string(), said);
}

#[test]
fn cancelling_a_paid_order_refunds_what_was_captured() {
    order([created(), placed(), reserved(), started(), paid()]).when(cancel()).then([
        Event::Cancelled { at: now(), reason: None, refund: Some(gbp(2_500)) },
        refund_requested(2_500),
    ]);
}

#[test]
fn cancelling_twice_is_nothing_new() {
    order([created(), cancelled()]).when(cancel()).then(NOTHING);
}

#[test]
fn a_retried_payment_is_not_a_second_placement() {
    order([created(), placed(), reserved(), started(), declined(), retried()])
        .when(Command::PlaceOrder)
        .then_refused(Refusal::NotAllowed {
            status: Pending,
            action: PlaceOrder,
            allowed: vec![AuthorizePayment, CancelOrder],
        });
}

#[test]
fn a_return_is_possible_on_the_thirtieth_day_and_not_after() {
    let until = now().checked_add(RETURN_WINDOW).unwrap();
    order(delivered()).at(until).when(request_return()).then([Event::ReturnRequested {
        at: until,
        reason: None,
        return_id: Some(return_id()),
        parts: vec![Part { line: 0, quantity: 10 }],
    }]);
    let late = until.checked_add(SignedDuration::from_millis(1)).unwrap();
    order(delivered()).at(late).when(request_return()).then_refused(Refusal::ReturnWindowClosed(until));
}

#[test]
fn a_delivered_order_is_archived_only_after_its_return_window() {
    let until = now().checked_add(RETURN_WINDOW).unwrap();
    order(delivered()).at(until).when(Command::ArchiveOrder).then_refused(Refusal::ReturnWindowOpen(until));
    let late = until.checked_add(SignedDuration::from_millis(1)).unwrap();
    order(delivered()).at(late).when(Command::ArchiveOrder).then([Event::Archived { at: late }]);
}

#[test]
fn a_cancelled_order_is_archived_at_any_time() {
    order([created(), cancelled()]).when(Command::ArchiveOrder).then([Event::Archived { at: now() }]);
}

#[test]
fn editing_a_draft_changes_its_total() {
    let mut events = vec![created()];
    let edit = Command::EditDraft { lines: vec![line(3, 100)], limits: Limits::default() };
    events.extend(decide(&Order::fold(&events).unwrap(), now(), edit).unwrap());
    assert_eq!(Order::fold(&events).unwrap().total, gbp(300));
}

#[test]
fn every_line_beyond_the_limits_is_named() {
    let lines = vec![line(101, 1), line(1, 1), line(0, 1)];
    let units = |line, quantity| LineProblem { line, kind: LineProblemKind::Units { quantity, max: 100 } };
    assert_eq!(create_with(lines, Limits::default()), Err(Refusal::Lines(vec![units(0, 101), units(2, 0)])));
}

#[test]
fn a_tenant_may_allow_more() {
    let limits = Limits::new(5_000, 1_000).unwrap();
    assert!(create_with(vec![line(2_880, 1); 675], limits).is_ok());
    let refusal = Refusal::TooManyLines { lines: 101, max: 100 };
    assert_eq!(create_with(vec![line(1, 1); 101], Limits::default()), Err(refusal));
}

#[test]
fn a_total_beyond_counting_is_refused_not_wrapped() {
    assert_eq!(
        create_with(vec![line(100, Money::MINOR_MAX)], Limits::default()),
        Err(Refusal::TotalTooLarge)
    );
}

#[test]
fn an_order_has_one_currency() {
    let yen = Money::from_minor(5, "JPY".parse().unwrap()).unwrap();
    let lines = vec![line(1, 1), Line { unit_price: yen, ..line(1, 1) }];
    let kind = LineProblemKind::OtherCurrency { price: yen.currency(), order: gbp(0).currency() };
    assert_eq!(
        create_with(lines, Limits::default()),
        Err(Refusal::Lines(vec![LineProblem { line: 1, kind }]))
    );
}

#[test]
fn the_catalogue_says_the_price_unless_the_caller_may() {
    let id = line(1, 1).product_id;
    let details =
        crate::ProductDetails { sku: "a".into(), name: "A".into(), category: "c".into(), price: gbp(255) };
    let products = [(id, crate::Product { id, details })].into();
    let wanted = |price| [WantedLine { product_id: id, quantity: 1, unit_price: price }];
    let terms = |may_set_prices| Terms {
        products: &products,
        currency: None,
        limits: Limits::default(),
        may_set_prices,
    };
    let price = |price, may| price_lines(&wanted(price), &terms(may)).map(|(_, lines)| lines[0].unit_price);
    assert_eq!(price(None, false), Ok(gbp(255)));
    assert_eq!(price(Some(gbp(255)), false), Ok(gbp(255)));
    assert_eq!(price(Some(gbp(1)), true), Ok(gbp(1)));
    let changed = LineProblem { line: 0, kind: LineProblemKind::PriceChanged(gbp(255)) };
    assert_eq!(price(Some(gbp(1)), false), Err(Refusal::Lines(vec![changed])));
}

#[test]
fn everything_wrong_with_any_line_is_told_at_once() {
    let [known, unknown] = [5_u128, 6].map(|id| ProductId::from(Uuid::from_u128(id)));
    let details =
        crate::ProductDetails { sku: "a".into(), name: "A".into(), category: "c".into(), price: gbp(255) };
    let products = [(known, crate::Product { id: known, details })].into();
    let wanted = |product_id, quantity, unit_price| WantedLine { product_id, quantity, unit_price };
    let lines = [wanted(unknown, 200, None), wanted(known, 200, Some(gbp(1))), wanted(known, 1, None)];
    let euro = "EUR".parse().ok();
    let terms =
        Terms { products: &products, currency: euro, limits: Limits::default(), may_set_prices: false };
    let Err(Refusal::Lines(problems)) = price_lines(&lines, &terms) else { panic!("refused") };
    let units = LineProblemKind::Units { quantity: 200, max: 100 };
    let foreign = LineProblemKind::OtherCurrency { price: gbp(0).currency(), order: euro.unwrap() };
    let told: Vec<_> = problems.into_iter().map(|problem| (problem.line, problem.kind)).collect();
    let expected = [
        (0, LineProblemKind::UnknownProduct(unknown)),
        (0, units.clone()),
        (1, LineProblemKind::PriceChanged(gbp(255))),
        (1, units),
        (2, foreign),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_draft_is_not_edited_without_end() {
    let mut events = vec![created()];
    let edits = (1..2_000).take_while(|quantity| {
        let edit = Command::EditDraft { lines: vec![line(1 + quantity % 2, 1)], limits: Limits::default() };
        let edited = decide(&Order::fold(&events).unwrap(), now(), edit);
        events.extend(edited.iter().flatten().cloned());
        edited != Err(Refusal::TooManyEdits)
    });
    assert_eq!(edits.count(), HISTORY_LINES_MAX / EDIT_LINES_MIN - 1);
}

/// Stored events are read for as long as orders are kept: this text may gain variants, and nothing else may change.
#[test]
fn stored_events_keep_their_form() {
    let at = now();
    let reason = Some("why".to_owned());
    let units = vec![Units { product_id: line(1, 1).product_id, quantity: 3 }];
    let parts = vec![Part { line: 0, quantity: 2 }];
    let shipment = shipment();
    let address = Address {
        lines: vec!["1 High Street".into()],
        city: "Leeds".into(),
        postal_code: Some("LS1 1AA".into()),
        country: "GB".into(),
    };
    let contact =
        Contact { email: Some("a@example.com".into()), name: Some("A".into()), address: Some(address) };
    let Event::Created { customer_id, currency, lines, .. } = created() else { panic!("a creation") };
    let consignment = Consignment {
        carrier: "sandbox".into(),
        tracking_number: Some("T1".into()),
        tracking_url: Some("https://example.com/T1".into()),
    };
    let events = [
        created(),
        Event::LinesReplaced { at, lines: vec![line(1, 5)] },
        placed(),
        Event::PaymentStarted { at, attempt: 0, amount: None, method: None },
        Event::PaymentConfirmed { at, captured: gbp(2_500), attempt: 0, reference: None },
        Event::PaymentDeclined { at, reason: reason.clone(), attempt: 0, code: None, pay_by: None },
        retried(),
        shipped(),
        Event::TrackingUpdated { at },
        Event::Delivered { at },
        Event::ReportedLost { at },
        Event::ReturnRequested { at, reason: reason.clone(), return_id: None, parts: vec![] },
        Event::Returned { at, restock: None },
        Event::Refunded { at, amount: gbp(1) },
        Event::Cancelled { at, reason: reason.clone(), refund: Some(gbp(1)) },
        Event::Archived { at },
        Event::Created {
            at,
            customer_id,
            currency,
            lines,
            payment: Some(visa()),
            contact: Some(Box::new(contact)),
        },
        Event::PaymentMethodGiven { at, method: visa() },
        Event::StockReserved { at, units: units.clone(), pay_by: Some(at) },
        Event::StockShort { at, missing: units, wait_until: Some(at) },
        Event::PaymentStarted { at, attempt: 1, amount: Some(gbp(2_500)), method: Some(visa()) },
        Event::PaymentConfirmed { at, captured: gbp(2_500), attempt: 1, reference: Some("pi_1".into()) },
        Event::PaymentDeclined {
            at,
            reason: reason.clone(),
            attempt: 1,
            code: Some("generic_decline".into()),
            pay_by: Some(at),
        },
        Event::StrayPaymentFound { at, attempt: 1, captured: gbp(2_500), reference: "pi_0".into() },
        Event::CancellationRequested { at, reason: reason.clone() },
        Event::RefundRequested { at, refund: 1, amount: gbp(5), reference: Some("pi_1".into()) },
        Event::RefundPaid { at, refund: 1, amount: gbp(5), reference: Some("re_1".into()) },
        Event::ShipmentCreated { at, shipment, parts: parts.clone(), consignment: Some(consignment) },
        Event::ShipmentTracked { at, shipment, status: ParcelStatus::InTransit },
        Event::ReturnRequested { at, reason, return_id: Some(return_id()), parts },
        Event::Returned { at, restock: Some(true) },
    ];
    let stored: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let golden: Vec<&str> = include_str!("events.golden.jsonl").lines().collect();
    assert_eq!(stored, golden);
    let read: Vec<Event> = golden.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, events);
}

#[test]
fn a_renamed_field_would_be_seen() {
    let renamed =
        include_str!("events.golden.jsonl").lines().next().unwrap().replace("customerId", "customer");
    assert!(serde_json::from_str::<Event>(&renamed).is_err());
}

#[test]
fn every_pair_of_state_and_command_is_as_the_table_says() {
    for path in paths() {
        let order = Order::fold(&path).unwrap();
        for command in commands() {
            let action = command.action();
            match decide(&order, much_later(), command.clone()) {
                Ok(events) => assert!(legal(&order, &events), "{} + {command:?}: {events:?}", order.status),
                Err(Refusal::NotAllowed { status, allowed, .. }) => {
                    assert_eq!((status, allowed), (order.status, super::allowed(order.status)));
                    assert!(
                        !super::allowed(status).contains(&action) || !order.payments.settled(),
                        "{status} + {command:?}"
                    );
                }
                Err(Refusal::ReturnWindowClosed(_)) => assert_eq!(action, RequestReturn),
                Err(Refusal::NoShipment(_)) => assert!(!order.fulfilment.parcels.is_empty()),
                Err(Refusal::NoRefund(number)) => assert!(number > order.payments.refunds.len() as u32),
                Err(Refusal::NothingLeft(_) | Refusal::Parts { .. }) => {
                    assert!([Ship, RequestReturn].contains(&action));
                }
                Err(refusal) => panic!("{} + {command:?}: {refusal}", order.status),
            }
        }
    }
}

/// Whether every step among the events is one of the table's.
fn legal(order: &Order, events: &[Event]) -> bool {
    let mut order = order.clone();
    events.iter().all(|event| {
        let from = order.status;
        order = evolve(Some(order.clone()), event).unwrap();
        let Some(action) = event.action() else { return from == order.status };
        TRANSITIONS.contains(&(from, action, order.status))
    })
}

proptest! {
    #[test]
    fn a_repeated_command_adds_no_event(steps in prop::collection::vec(0..COMMANDS, 1..40)) {
        let mut events = vec![created()];
        for step in steps {
            let command = commands().swap_remove(step);
            let order = Order::fold(&events).unwrap();
            if let Ok(new) = decide(&order, now(), command.clone()) {
                events.extend(new);
                let again = decide(&Order::fold(&events).unwrap(), now(), command);
                prop_assert_eq!(again, Ok(vec![]));
            }
        }
    }

    #[test]
    fn every_path_is_legal(steps in prop::collection::vec(0..COMMANDS, 1..60)) {
        let mut order = Order::fold([&created()]).unwrap();
        for step in steps {
            let events = decide(&order, now(), commands().swap_remove(step)).unwrap_or_default();
            prop_assert!(legal(&order, &events), "{:?}", events);
            order = events.iter().fold(Some(order), evolve).unwrap();
        }
    }

    #[test]
    fn no_path_gives_back_more_than_was_captured(steps in prop::collection::vec(0..COMMANDS, 1..60)) {
        let mut events = vec![created()];
        for step in steps {
            let order = Order::fold(&events).unwrap();
            events.extend(decide(&order, now(), commands().swap_remove(step)).unwrap_or_default());
        }
        let mut left = std::collections::BTreeMap::<String, i64>::new();
        for event in &events {
            match event {
                Event::PaymentConfirmed { captured, reference: Some(reference), .. }
                | Event::StrayPaymentFound { captured, reference, .. } => {
                    *left.entry(reference.clone()).or_default() += captured.minor();
                }
                Event::RefundRequested { amount, reference: Some(reference), .. } => {
                    *left.entry(reference.clone()).or_default() -= amount.minor();
                }
                _ => {}
            }
        }
        prop_assert!(left.values().all(|left| *left >= 0), "{:?}", events);
    }

    #[test]
    fn no_path_sends_more_than_was_ordered(steps in prop::collection::vec(0..COMMANDS, 1..60)) {
        let mut order = Order::fold([&created()]).unwrap();
        for step in steps {
            let events = decide(&order, now(), commands().swap_remove(step)).unwrap_or_default();
            order = events.iter().fold(Some(order), evolve).unwrap();
        }
        let sent: u32 = order.fulfilment.parcels.iter().flat_map(|it| &it.parts).map(|it| it.quantity).sum();
        prop_assert!(sent <= order.lines.iter().map(|it| it.quantity).sum());
    }
}

// Given, when, then.

struct Given {
    order: Order,
    at: Timestamp,
}

/// No event.
const NOTHING: [Event; 0] = [];

struct Decided(Result<Vec<Event>, Refusal>);

fn order(events: impl AsRef<[Event]>) -> Given {
    Given { order: Order::fold(events.as_ref()).unwrap(), at: now() }
}

impl Given {
    fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }

    fn when(self, command: Command) -> Decided {
        Decided(decide(&self.order, self.at, command))
    }
}

impl Decided {
    #[track_caller]
    fn then(self, events: impl AsRef<[Event]>) {
        assert_eq!(self.0, Ok(events.as_ref().to_vec()));
    }

    #[track_caller]
    fn then_refused(self, refusal: Refusal) {
        assert_eq!(self.0, Err(refusal));
    }
}

/// One history for each way an order can stand, found by saying everything to it again and again.
fn paths() -> Vec<Vec<Event>> {
    let mut paths = vec![vec![created()]];
    let mut seen = vec![stand(&Order::fold(&paths[0]).unwrap())];
    let mut next = 0;
    while next < paths.len() {
        let path = paths[next].clone();
        next += 1;
        for command in commands() {
            let order = Order::fold(&path).unwrap();
            let at = if command.action() == ArchiveOrder { much_later() } else { now() };
            let Ok(events) = decide(&order, at, command) else { continue };
            let reached = stand(&after(&path, events.clone()));
            if !seen.contains(&reached) {
                seen.push(reached);
                paths.push([path.clone(), events].concat());
            }
        }
    }
    let mut statuses: Vec<_> = seen.iter().map(|(status, ..)| *status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses.len(), 14, "every state is reachable");
    paths
}

type Stand = (Status, [bool; 4], Vec<(ShipmentId, Option<ParcelStatus>)>);

/// What tells two orders apart as far as decisions go, numbers of attempts and refunds left out.
fn stand(order: &Order) -> Stand {
    let payments = &order.payments;
    let facts = [
        order.reserved.is_some(),
        payments.method.is_some(),
        order.cancellation.is_some(),
        payments.settled(),
    ];
    (order.status, facts, order.fulfilment.parcels.iter().map(|it| (it.id, it.status)).collect())
}

const COMMANDS: usize = 25;

/// Every command, some of them in several ways.
fn commands() -> Vec<Command> {
    let part = |quantity| vec![Part { line: 0, quantity }];
    let other = ShipmentId::from(Uuid::from_u128(78));
    let track = |id, status| Command::TrackShipment { id, status };
    let confirm = |attempt, reference: &str| Command::ConfirmPayment {
        attempt,
        captured: gbp(2_500),
        reference: reference.into(),
    };
    let commands = vec![
        Command::EditDraft { lines: vec![line(10, 250)], limits: Limits::default() },
        Command::PlaceOrder,
        pay(),
        Command::GivePaymentMethod { method: "pm_other".parse().unwrap() },
        confirm_stock(),
        Command::ReportShortage { missing: missing(), wait_until: Some(much_later()) },
        confirm(1, "pi_1"),
        confirm(2, "pi_2"),
        decline(1),
        decline(2),
        Command::Expire,
        cancel(),
        Command::CreateShipment { id: shipment(), parts: part(4), consignment: None },
        ship(other),
        stray(shipment()),
        track(shipment(), ParcelStatus::InTransit),
        track(shipment(), ParcelStatus::Delivered),
        track(shipment(), ParcelStatus::Lost),
        track(other, ParcelStatus::Delivered),
        track(other, ParcelStatus::Lost),
        request_return(),
        Command::ReceiveReturn { id: return_id(), restock: true },
        Command::ConfirmRefund { refund: 1, reference: "re_1".into() },
        Command::ConfirmRefund { refund: 2, reference: "re_2".into() },
        Command::ArchiveOrder,
    ];
    assert_eq!(commands.len(), COMMANDS);
    commands
}

fn after(path: &[Event], events: Vec<Event>) -> Order {
    Order::fold(path.iter().chain(&events)).unwrap()
}

fn create_with(lines: Vec<Line>, limits: Limits) -> Result<Vec<Event>, Refusal> {
    let customer_id = Uuid::from_u128(1).into();
    let (currency, payment, contact) = (gbp(0).currency(), None, None);
    create(now(), Creation { customer_id, currency, lines, limits, payment, contact, draft: false })
}

fn created() -> Event {
    Event::Created {
        at: now(),
        customer_id: Uuid::from_u128(1).into(),
        currency: gbp(0).currency(),
        lines: vec![line(10, 250)],
        payment: None,
        contact: None,
    }
}

/// The same order, which knows what to pay with.
fn created_to_pay() -> Event {
    let Event::Created { at, customer_id, currency, lines, contact, .. } = created() else {
        panic!("a creation")
    };
    Event::Created { at, customer_id, currency, lines, payment: Some(visa()), contact }
}

fn placed() -> Event {
    Event::Placed { at: now(), total: gbp(2_500) }
}

fn reserved() -> Event {
    Event::StockReserved { at: now(), units: kept(), pay_by: None }
}

fn started() -> Event {
    started_as(1)
}

fn started_as(attempt: u32) -> Event {
    Event::PaymentStarted { at: now(), attempt, amount: Some(gbp(2_500)), method: Some(visa()) }
}

fn paid() -> Event {
    let reference = Some("pi_1".to_owned());
    Event::PaymentConfirmed { at: now(), captured: gbp(2_500), attempt: 1, reference }
}

fn declined() -> Event {
    let (reason, code) = (Some("no".to_owned()), Some("generic_decline".to_owned()));
    Event::PaymentDeclined { at: now(), reason, attempt: 1, code, pay_by: Some(tomorrow()) }
}

fn retried() -> Event {
    Event::PaymentRetried { at: now() }
}

/// All of the order in one parcel.
fn packed() -> Event {
    let parts = vec![Part { line: 0, quantity: 10 }];
    Event::ShipmentCreated { at: now(), shipment: shipment(), parts, consignment: None }
}

fn tracked(status: ParcelStatus) -> Event {
    Event::ShipmentTracked { at: now(), shipment: shipment(), status }
}

fn shipped() -> Event {
    Event::Shipped { at: now() }
}

fn cancelled() -> Event {
    Event::Cancelled { at: now(), reason: None, refund: None }
}

fn refund_requested(pence: i64) -> Event {
    refund_of(1, pence, "pi_1")
}

fn refund_of(refund: u32, pence: i64, reference: &str) -> Event {
    Event::RefundRequested { at: now(), refund, amount: gbp(pence), reference: Some(reference.to_owned()) }
}

fn refund_paid(pence: i64) -> Event {
    let reference = Some("re_1".to_owned());
    Event::RefundPaid { at: now(), refund: 1, amount: gbp(pence), reference }
}

fn on_its_way() -> Vec<Event> {
    vec![created_to_pay(), placed(), reserved(), started(), paid(), packed(), shipped()]
}

fn delivered() -> Vec<Event> {
    let arrived = [tracked(ParcelStatus::Delivered), Event::Delivered { at: now() }];
    [on_its_way(), arrived.to_vec()].concat()
}

fn pay() -> Command {
    Command::GivePaymentMethod { method: visa() }
}

fn confirm_stock() -> Command {
    Command::ConfirmStock { units: kept(), pay_by: tomorrow() }
}

fn confirm() -> Command {
    Command::ConfirmPayment { attempt: 1, captured: gbp(2_500), reference: "pi_1".into() }
}

fn decline(attempt: u32) -> Command {
    let (code, reason) = (Some("generic_decline".to_owned()), Some("no".to_owned()));
    Command::DeclinePayment { attempt, code, reason, pay_by: tomorrow() }
}

fn ship(id: ShipmentId) -> Command {
    Command::CreateShipment { id, parts: vec![], consignment: None }
}

fn stray(id: ShipmentId) -> Command {
    let (carrier, tracking_number, tracking_url) = ("carrier".to_owned(), None, None);
    Command::NoteStrayParcel { id, consignment: Consignment { carrier, tracking_number, tracking_url } }
}

fn track(status: ParcelStatus) -> Command {
    Command::TrackShipment { id: shipment(), status }
}

fn cancel() -> Command {
    Command::CancelOrder { reason: None }
}

fn request_return() -> Command {
    Command::RequestReturn { id: return_id(), reason: None, parts: vec![] }
}

fn kept() -> Vec<Units> {
    vec![Units { product_id: line(1, 1).product_id, quantity: 10 }]
}

fn missing() -> Vec<Units> {
    vec![Units { product_id: line(1, 1).product_id, quantity: 2 }]
}

fn shipment() -> ShipmentId {
    Uuid::from_u128(77).into()
}

fn return_id() -> ReturnId {
    Uuid::from_u128(88).into()
}

fn visa() -> PaymentMethod {
    "pm_card_visa".parse().unwrap()
}

fn line(quantity: u32, pence: i64) -> Line {
    Line {
        product_id: Uuid::from_u128(2).into(),
        sku: "85123A".into(),
        name: "WHITE HANGING HEART T-LIGHT HOLDER".into(),
        quantity,
        unit_price: gbp(pence),
    }
}

fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

fn now() -> Timestamp {
    "2010-12-01T08:26:00Z".parse().unwrap()
}

fn tomorrow() -> Timestamp {
    "2010-12-02T08:26:00Z".parse().unwrap()
}

fn much_later() -> Timestamp {
    "2011-12-01T08:26:00Z".parse().unwrap()
}

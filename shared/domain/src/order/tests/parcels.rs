//! Parcels and returns.

use super::*;

#[test]
fn the_first_parcel_ships_the_order_and_the_last_delivers_it() {
    let confirmed = [created_to_pay(), placed(), reserved(), started(), paid()];
    order(&confirmed).when(ship(shipment())).then([packed(), shipped()]);
    let (some, rest) = (parcel(shipment(), 4), parcel(other(), 6));
    let sent = [confirmed.to_vec(), vec![some, shipped()]].concat();
    order(&sent).when(ship(other())).then([rest.clone()]);
    let half = [sent, vec![rest, tracked(ParcelStatus::Delivered)]].concat();
    let arrived = Event::ShipmentTracked { at: now(), shipment: other(), status: ParcelStatus::Delivered };
    let last = Command::TrackShipment { id: other(), status: ParcelStatus::Delivered };
    order(half).when(last).then([arrived, Event::Delivered { at: now() }]);
}

#[test]
fn a_parcel_is_created_once() {
    order(on_its_way()).when(ship(shipment())).then(NOTHING);
    order(on_its_way()).when(ship(other())).then_refused(Refusal::NothingLeft("sent"));
}

#[test]
fn all_that_is_left_can_be_named() {
    let confirmed = [created_to_pay(), placed(), reserved(), started(), paid()];
    let parts = vec![Part { line: 0, quantity: 10 }];
    let all = Command::CreateShipment { id: shipment(), parts, consignment: None };
    order(confirmed).when(all).then([packed(), shipped()]);
}

#[test]
fn no_more_is_sent_than_was_ordered() {
    let confirmed = [created_to_pay(), placed(), reserved(), started(), paid()];
    let part = Part { line: 0, quantity: 11 };
    let too_much = Command::CreateShipment { id: shipment(), parts: vec![part], consignment: None };
    order(&confirmed).when(too_much).then_refused(Refusal::Parts { part, left: 10, what: "sent" });
    let twice = vec![Part { line: 0, quantity: 6 }, Part { line: 0, quantity: 6 }];
    let too_much = Command::CreateShipment { id: shipment(), parts: twice, consignment: None };
    let part = Part { line: 0, quantity: 12 };
    order(confirmed).when(too_much).then_refused(Refusal::Parts { part, left: 10, what: "sent" });
}

#[test]
fn what_the_carrier_says_late_or_twice_is_nothing_new() {
    let seen = [on_its_way(), vec![tracked(ParcelStatus::InTransit), Event::TrackingUpdated { at: now() }]];
    order(seen.concat()).when(track(ParcelStatus::InTransit)).then(NOTHING);
    order(delivered()).when(track(ParcelStatus::InTransit)).then(NOTHING);
    order(delivered()).when(track(ParcelStatus::Lost)).then(NOTHING);
    let unknown = Command::TrackShipment { id: other(), status: ParcelStatus::Lost };
    order(delivered()).when(unknown).then_refused(Refusal::NoShipment(other()));
}

#[test]
fn a_lost_order_is_paid_back() {
    order(on_its_way()).when(track(ParcelStatus::Lost)).then([
        tracked(ParcelStatus::Lost),
        Event::TrackingUpdated { at: now() },
        Event::ReportedLost { at: now() },
        refund_requested(2_500),
    ]);
    let lost = [
        on_its_way(),
        vec![
            tracked(ParcelStatus::Lost),
            Event::TrackingUpdated { at: now() },
            Event::ReportedLost { at: now() },
            refund_requested(2_500),
        ],
    ];
    order(lost.concat())
        .when(Command::ConfirmRefund { refund: 1, reference: "re_1".into() })
        .then([refund_paid(2_500), Event::Refunded { at: now(), amount: gbp(2_500) }]);
}

#[test]
fn a_parcel_that_left_though_its_order_was_called_off_is_noted_and_changes_nothing_else() {
    let paid = [created_to_pay(), placed(), reserved(), started(), paid()];
    let called_off = Event::Cancelled { at: now(), reason: None, refund: Some(gbp(2_500)) };
    let called_off = [paid.to_vec(), vec![called_off, refund_requested(2_500)]].concat();
    let Command::NoteStrayParcel { consignment, .. } = stray(shipment()) else { unreachable!() };
    let parts = vec![Part { line: 0, quantity: 10 }];
    let consignment = Some(consignment);
    let noted = Event::ShipmentCreated { at: now(), shipment: shipment(), parts, consignment };
    order(&called_off).when(stray(shipment())).then([noted.clone()]);
    order(&paid).when(stray(shipment())).then([noted.clone(), shipped()]);
    let strays = [called_off, vec![noted]].concat();
    order(&strays).when(stray(shipment())).then(NOTHING);
    for status in [ParcelStatus::InTransit, ParcelStatus::Delivered, ParcelStatus::Lost] {
        order(&strays).when(track(status)).then([tracked(status)]);
    }
}

#[test]
fn a_lost_parcel_of_several_is_paid_back_and_the_rest_arrives() {
    let sent = vec![
        created_to_pay(),
        placed(),
        reserved(),
        started(),
        paid(),
        parcel(shipment(), 4),
        shipped(),
        parcel(other(), 6),
    ];
    let seen = Event::TrackingUpdated { at: now() };
    let lost = vec![tracked(ParcelStatus::Lost), seen, refund_requested(1_000)];
    order(&sent).when(track(ParcelStatus::Lost)).then(&lost);
    let last = Command::TrackShipment { id: other(), status: ParcelStatus::Delivered };
    let arrived = Event::ShipmentTracked { at: now(), shipment: other(), status: ParcelStatus::Delivered };
    order([sent, lost].concat()).when(last).then([arrived, Event::Delivered { at: now() }]);
}

#[test]
fn a_return_pays_back_what_came_back() {
    let parts = vec![Part { line: 0, quantity: 3 }];
    let asked = Event::ReturnRequested {
        at: now(),
        reason: None,
        return_id: Some(return_id()),
        parts: parts.clone(),
    };
    let wanted = Command::RequestReturn { id: return_id(), reason: None, parts };
    order(delivered()).when(wanted).then([asked.clone()]);
    let back = [delivered(), vec![asked]].concat();
    let received = || Command::ReceiveReturn { id: return_id(), restock: false };
    let came = vec![Event::Returned { at: now(), restock: Some(false) }, refund_requested(750)];
    order(&back).when(received()).then(&came);
    let came = [back.clone(), came].concat();
    order(&came).when(received()).then(NOTHING);
    order(came)
        .when(Command::ConfirmRefund { refund: 1, reference: "re_1".into() })
        .then([refund_paid(750), Event::Refunded { at: now(), amount: gbp(750) }]);
    let other = ReturnId::from(Uuid::from_u128(89));
    let unknown = Command::ReceiveReturn { id: other, restock: true };
    order(back).when(unknown).then_refused(Refusal::NoReturn(other));
}

#[test]
fn no_more_goes_back_than_was_captured() {
    let captured = |pence| {
        let reference = Some("pi_1".to_owned());
        Event::PaymentConfirmed { at: now(), captured: gbp(pence), attempt: 1, reference }
    };
    let returned = |pence| {
        let before =
            [created_to_pay(), placed(), reserved(), started(), captured(pence), packed(), shipped()];
        let arrived = [tracked(ParcelStatus::Delivered), Event::Delivered { at: now() }];
        let (return_id, parts) = (Some(return_id()), vec![Part { line: 0, quantity: 10 }]);
        let asked = Event::ReturnRequested { at: now(), reason: None, return_id, parts };
        order([before.to_vec(), arrived.to_vec(), vec![asked]].concat())
    };
    let received = || Command::ReceiveReturn { id: return_id(), restock: true };
    let came = Event::Returned { at: now(), restock: Some(true) };
    returned(1_000).when(received()).then([came.clone(), refund_requested(1_000)]);
    returned(0).when(received()).then([came, Event::Refunded { at: now(), amount: gbp(0) }]);
}

#[test]
fn only_what_arrived_can_come_back() {
    let part = Part { line: 0, quantity: 11 };
    let too_much = Command::RequestReturn { id: return_id(), reason: None, parts: vec![part] };
    order(delivered()).when(too_much).then_refused(Refusal::Parts { part, left: 10, what: "returned" });
}

#[test]
fn how_much_is_on_its_way_is_told() {
    let status = |events: Vec<Event>| Summary::of(&Order::fold(&events).unwrap()).fulfilment;
    let confirmed = vec![created_to_pay(), placed(), reserved(), started(), paid()];
    assert_eq!(status(confirmed.clone()), FulfilmentStatus::Unfulfilled);
    assert_eq!(status([confirmed, vec![parcel(shipment(), 4)]].concat()), FulfilmentStatus::Partly);
    assert_eq!(status(on_its_way()), FulfilmentStatus::Fulfilled);
}

fn parcel(shipment: ShipmentId, quantity: u32) -> Event {
    let parts = vec![Part { line: 0, quantity }];
    Event::ShipmentCreated { at: now(), shipment, parts, consignment: None }
}

fn other() -> ShipmentId {
    Uuid::from_u128(78).into()
}

//! The rules as properties: over every state and command, and over any sequence of commands.

use super::*;

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

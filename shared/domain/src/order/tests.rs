//! The order's rules as sentences, and as properties over every state and command.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

#[test]
fn a_draft_becomes_an_order_when_it_is_placed() {
    order([created()]).when(Command::PlaceOrder).then([Event::Placed { at: now(), total: gbp(2_500) }]);
}

#[test]
fn a_shipped_order_cannot_be_cancelled() {
    order([created(), placed(), started(), paid(), shipped()]).when(cancel()).then_refused(
        Refusal::NotAllowed {
            status: Shipped,
            action: CancelOrder,
            allowed: vec![UpdateTracking, ConfirmDelivery],
        },
    );
}

#[test]
fn a_refusal_names_the_state_and_what_is_allowed() {
    let refusal = Refusal::NotAllowed { status: Shipped, action: CancelOrder, allowed: allowed(Shipped) };
    let said = "an order that is SHIPPED does not allow cancelOrder; allowed from there: updateTracking, confirmDelivery";
    assert_eq!(refusal.to_string(), said);
}

#[test]
fn cancelling_a_paid_order_refunds_what_was_captured() {
    order([created(), placed(), started(), paid()]).when(cancel()).then([Event::Cancelled {
        at: now(),
        reason: None,
        refund: Some(gbp(2_500)),
    }]);
}

#[test]
fn cancelling_twice_is_nothing_new() {
    order([created(), cancelled()]).when(cancel()).then([]);
}

#[test]
fn a_retried_payment_is_not_a_second_placement() {
    let events =
        [created(), placed(), started(), Event::PaymentDeclined { at: now(), reason: None }, retried()];
    order(events).when(Command::PlaceOrder).then_refused(Refusal::NotAllowed {
        status: Pending,
        action: PlaceOrder,
        allowed: vec![AuthorizePayment, CancelOrder],
    });
}

#[test]
fn a_return_is_possible_on_the_thirtieth_day_and_not_after() {
    let until = now().checked_add(RETURN_WINDOW).unwrap();
    order(delivered())
        .at(until)
        .when(request_return())
        .then([Event::ReturnRequested { at: until, reason: None }]);
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
    let events = [
        created(),
        Event::LinesReplaced { at, lines: vec![line(1, 5)] },
        placed(),
        started(),
        paid(),
        Event::PaymentDeclined { at, reason: reason.clone() },
        retried(),
        shipped(),
        Event::TrackingUpdated { at },
        Event::Delivered { at },
        Event::ReportedLost { at },
        Event::ReturnRequested { at, reason: reason.clone() },
        Event::Returned { at },
        Event::Refunded { at, amount: gbp(1) },
        Event::Cancelled { at, reason, refund: Some(gbp(1)) },
        Event::Archived { at },
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
            let decided = decide(&order, much_later(), command);
            let to = TRANSITIONS.iter().find(|(from, by, _)| (*from, *by) == (order.status, action));
            match (to, decided) {
                (Some(_), Err(Refusal::ReturnWindowClosed(_))) => assert_eq!(action, RequestReturn),
                (_, Ok(events)) if events.is_empty() => assert_eq!(order.last, action),
                (Some((.., to)), Ok(events)) => assert_eq!(after(&path, events).status, *to),
                (None, Err(Refusal::NotAllowed { status, allowed, .. })) => {
                    assert_eq!((status, allowed), (order.status, super::allowed(order.status)));
                }
                (expected, decided) => panic!("{} + {action}: {expected:?}, {decided:?}", order.status),
            }
        }
    }
}

proptest! {
    #[test]
    fn a_repeated_command_adds_no_event(steps in prop::collection::vec(0..15_usize, 1..40)) {
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
    fn no_path_invents_money(steps in prop::collection::vec(0..15_usize, 1..40)) {
        let mut events = vec![created()];
        for step in steps {
            let order = Order::fold(&events).unwrap();
            events.extend(decide(&order, now(), commands().swap_remove(step)).unwrap_or_default());
        }
        let captured: i64 = events.iter().map(|e| if let Event::PaymentConfirmed { captured, .. } = e { captured.minor() } else { 0 }).sum();
        let returned: i64 = events.iter().map(|e| match e {
            Event::Refunded { amount, .. } => amount.minor(),
            Event::Cancelled { refund: Some(refund), .. } => refund.minor(),
            _ => 0,
        }).sum();
        prop_assert!(returned <= captured);
    }
}

// Given, when, then.

struct Given {
    order: Order,
    at: Timestamp,
}

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
    fn then<const N: usize>(self, events: [Event; N]) {
        assert_eq!(self.0, Ok(events.to_vec()));
    }

    #[track_caller]
    fn then_refused(self, refusal: Refusal) {
        assert_eq!(self.0, Err(refusal));
    }
}

/// One history for every state: the shortest, found by walking the table.
fn paths() -> Vec<Vec<Event>> {
    let mut paths = vec![vec![created()]];
    let mut seen = vec![Draft];
    let mut next = 0;
    while next < paths.len() {
        let path = paths[next].clone();
        next += 1;
        for command in commands() {
            let order = Order::fold(&path).unwrap();
            let at = if command.action() == ArchiveOrder { much_later() } else { now() };
            let Ok(events) = decide(&order, at, command) else { continue };
            let reached = after(&path, events.clone()).status;
            if !seen.contains(&reached) {
                seen.push(reached);
                paths.push([path.clone(), events].concat());
            }
        }
    }
    assert_eq!(seen.len(), 14, "every state is reachable");
    paths
}

fn commands() -> Vec<Command> {
    vec![
        Command::EditDraft { lines: vec![line(2, 7)], limits: Limits::default() },
        Command::PlaceOrder,
        Command::AuthorizePayment,
        Command::PaymentConfirmed { captured: gbp(2_500) },
        Command::PaymentDeclined { reason: None },
        Command::RetryPayment,
        cancel(),
        Command::Ship,
        Command::UpdateTracking,
        Command::ConfirmDelivery,
        Command::ReportLost,
        request_return(),
        Command::ProcessReturn,
        Command::IssueRefund,
        Command::ArchiveOrder,
    ]
}

fn after(path: &[Event], events: Vec<Event>) -> Order {
    Order::fold(path.iter().chain(&events)).unwrap()
}

fn create_with(lines: Vec<Line>, limits: Limits) -> Result<Vec<Event>, Refusal> {
    let customer_id = Uuid::from_u128(1).into();
    create(now(), Creation { customer_id, currency: gbp(0).currency(), lines, limits, draft: false })
}

fn created() -> Event {
    let customer_id = Uuid::from_u128(1).into();
    Event::Created { at: now(), customer_id, currency: gbp(0).currency(), lines: vec![line(10, 250)] }
}

fn placed() -> Event {
    Event::Placed { at: now(), total: gbp(2_500) }
}

fn started() -> Event {
    Event::PaymentStarted { at: now() }
}

fn paid() -> Event {
    Event::PaymentConfirmed { at: now(), captured: gbp(2_500) }
}

fn retried() -> Event {
    Event::PaymentRetried { at: now() }
}

fn shipped() -> Event {
    Event::Shipped { at: now() }
}

fn cancelled() -> Event {
    Event::Cancelled { at: now(), reason: None, refund: None }
}

fn delivered() -> Vec<Event> {
    vec![created(), placed(), started(), paid(), shipped(), Event::Delivered { at: now() }]
}

fn cancel() -> Command {
    Command::CancelOrder { reason: None }
}

fn request_return() -> Command {
    Command::RequestReturn { reason: None }
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

fn much_later() -> Timestamp {
    "2011-12-01T08:26:00Z".parse().unwrap()
}

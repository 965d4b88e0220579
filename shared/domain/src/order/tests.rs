//! The order's rules as sentences.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{PaymentMethod, ReturnId, ShipmentId};

mod checkout;
mod examples;
mod parcels;
mod paths;
mod state;
mod stored;

use examples::{
    cancel, cancelled, confirm, confirm_stock, created, created_to_pay, decline, declined, declined_as,
    delivered, gbp, kept, line, missing, much_later, now, on_its_way, packed, paid, pay, placed, refund_paid,
    refund_requested, request_return, reserved, retried, return_id, ship, shipment, shipped, started,
    started_as, stray, tomorrow, track, tracked, visa,
};

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
fn an_order_has_a_line_and_at_most_as_many_as_it_may() {
    assert_eq!(check_count(0, Limits::default()), Err(Refusal::NoLines));
    assert_eq!(check_count(100, Limits::default()), Ok(()));
    assert!(check_count(101, Limits::default()).is_err());
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

fn create_with(lines: Vec<Line>, limits: Limits) -> Result<Vec<Event>, Refusal> {
    let customer_id = Uuid::from_u128(1).into();
    let (currency, payment, contact) = (gbp(0).currency(), None, None);
    create(now(), Creation { customer_id, currency, lines, limits, payment, contact, draft: false })
}

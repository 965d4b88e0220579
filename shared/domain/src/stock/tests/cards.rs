//! The card of a product, and its history.

use super::*;

#[test]
fn a_card_is_as_it_was_stored() {
    let mut card = StockCard::default();
    card.record(movement(MovementKind::Received, 5));
    let sheet = card.sheet();
    assert_eq!(StockCard::restore(*card.totals(), card.number(), sheet.movements), card);
}

#[test]
fn a_sheet_is_full_with_more_than_it_takes() {
    let mut card = StockCard::default();
    card.record(movement(MovementKind::Received, 5));
    assert!(!card.is_full_with(SHEET_MAX - 1));
    assert!(card.is_full_with(SHEET_MAX));
}

#[test]
fn each_movement_shows_what_was_there_after_it() {
    let mut card = StockCard::default();
    for (kind, quantity) in [
        (MovementKind::Received, 100),
        (MovementKind::Reserved, 30),
        (MovementKind::Sold, 20),
        (MovementKind::Released, 10),
        (MovementKind::Returned, 5),
        (MovementKind::WrittenOff, 2),
        (MovementKind::Corrected, -3),
    ] {
        card.record(movement(kind, quantity));
    }
    let newest_first: Vec<_> = card
        .sheet()
        .entries()
        .iter()
        .map(|it| (it.after.on_hand, it.after.reserved, it.after.available()))
        .collect();
    let expected =
        [(80, 0, 80), (83, 0, 83), (85, 0, 85), (80, 0, 80), (80, 10, 70), (100, 30, 70), (100, 0, 100)];
    assert_eq!(newest_first, expected);
}

#[test]
fn units_that_are_found_are_received_and_all_else_is_a_correction() {
    let kind = |quantity| {
        let adjustment = Adjustment { quantity, reason: "counted".to_owned(), backorder_threshold: Some(9) };
        let card = adjust(None, jiff::Timestamp::UNIX_EPOCH, &adjustment).unwrap();
        card.sheet().movements[0].kind
    };
    assert_eq!(
        [1, 0, -1].map(kind),
        [MovementKind::Received, MovementKind::Corrected, MovementKind::Corrected]
    );
}

fn movement(kind: MovementKind, quantity: i64) -> Movement {
    Movement { kind, quantity, at: jiff::Timestamp::UNIX_EPOCH, cause: Cause::Order(order(1)) }
}

use penstock_application::ledger::Head;
use penstock_domain::Money;
use penstock_domain::order::{FulfilmentStatus, Status};
use uuid::Uuid;

use super::*;

#[test]
fn commits_that_follow_each_other_are_one_change() {
    let commits = [commit(3, vec![edited(2)]), commit(4, vec![edited(7)]), commit(5, vec![])];
    let change = ViewChange::of(&commits).unwrap();
    assert_eq!((change.before, change.version), (2, 5));
    assert_eq!(change.lines.map(|lines| lines[0].quantity), Some(7), "the newest lines stand");
    assert_eq!(
        change.updated,
        Some(time(7)),
        "a commit without events does not change when the order was updated"
    );
}

#[test]
fn nothing_is_known_where_a_commit_is_missing_or_does_not_say() {
    assert!(ViewChange::of(&[]).is_none());
    assert!(ViewChange::of(&[commit(3, vec![]), commit(5, vec![])]).is_none());
    let old = Commit { head: None, ..commit(3, vec![]) };
    assert!(ViewChange::of(&[old]).is_none());
}

#[test]
fn what_has_a_value_is_set_and_what_has_none_is_taken_away() {
    let commits = [commit(3, vec![edited(2)])];
    let mut attributes = ViewChange::of(&commits).unwrap().attributes().unwrap();
    attributes.retain(|name, _| ["status", "waiting", "archive"].contains(&name.as_str()));
    let (statement, values) = update("views", attributes);
    let assigned = statement.split(" WHERE ").next();
    assert_eq!(assigned, Some(r#"UPDATE "views" SET "status"=? SET "waiting"=? REMOVE "archive""#));
    assert_eq!(values, [text("DRAFT"), text("shop")]);
}

fn commit(number: u32, events: Vec<Event>) -> Commit {
    let summary = Summary {
        status: Status::Draft,
        total: gbp(500),
        fulfilment: FulfilmentStatus::Unfulfilled,
        created_at: time(0),
        archivable_at: None,
    };
    Commit {
        tenant: "shop".parse().unwrap(),
        order: Uuid::from_u128(1).into(),
        number,
        at: time(number.into()),
        actor: "clerk".to_owned(),
        key: Uuid::from_u128(number.into()).into(),
        digest: String::new(),
        request_id: String::new(),
        traceparent: None,
        correlation_id: String::new(),
        events,
        head: Some(Head { first_sequence: number, summary }),
    }
}

fn edited(quantity: u32) -> Event {
    let line = Line {
        product_id: Uuid::from_u128(2).into(),
        sku: "85123A".to_owned(),
        name: "HEART".to_owned(),
        quantity,
        unit_price: gbp(250),
    };
    Event::LinesReplaced { at: time(quantity.into()), lines: vec![line] }
}

fn gbp(pence: i64) -> Money {
    Money::from_minor(pence, "GBP".parse().unwrap()).unwrap()
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_291_191_960 + second).unwrap()
}

//! What comes back, and that a penny or a unit that went astray is named.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use uuid::Uuid;

use super::books::{Account, Booked, Money};
use super::flow::expected;
use super::returns::{Parts, Return, find};
use super::stock::{Shown, Stock};
use super::wire::{Movement, StockNow};
use crate::cancellations::{Match, Unmatched};
use crate::ids;
use crate::money::Pence;
use crate::plan::{Plan, read};
use crate::send::{Sent, Standing};

const ROWS: [&str; 5] = [
    "1,A1,X,6,01/12/2010 08:00,2.00,9",
    "1,A1,X,2,01/12/2010 08:00,1.50,9",
    "1,A2,Y,1,01/12/2010 08:00,0.07,9",
    "2,A1,X,3,01/12/2010 08:00,2.00,8",
    "C3,A1,X,-3,02/12/2010 08:00,2.00,8",
];

#[test]
fn a_part_comes_back_from_the_line_with_its_own_price_first() {
    let (plan, returns) = planned(&["C4,A1,X,-3,02/12/2010 08:00,1.50,9"]);
    assert_eq!(plan.matches, [Match::Whole(1), Match::Part(0)]);
    assert_eq!(parts(&returns), [vec![(0, 1), (1, 2)]]);
    assert_eq!((returns[0].tally(&plan).units, returns[0].tally(&plan).amount), (3, Pence(500)));
}

#[test]
fn all_cancellations_of_an_order_are_one_return() {
    let (_, returns) = planned(&["C4,A1,X,-1,02/12/2010 08:00,2.00,9", "C5,A2,Y,-1,02/12/2010 09:00,0.07,9"]);
    assert_eq!((parts(&returns), returns[0].cancellations.len()), (vec![vec![(0, 1), (2, 1)]], 2));
}

#[test]
fn nothing_comes_back_twice() {
    let (plan, returns) =
        planned(&["C4,A1,X,-8,02/12/2010 08:00,2.00,9", "C5,A1,X,-1,02/12/2010 09:00,2.00,9"]);
    assert_eq!(plan.matches[1..], [Match::Part(0), Match::None(Unmatched::TakenBackBefore)]);
    assert_eq!(parts(&returns), [vec![(0, 6), (1, 2)]]);
}

#[test]
fn the_real_file_takes_back_parts_of_its_orders() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/online-retail.csv");
    let Ok(file) = std::fs::File::open(file) else {
        eprintln!("skipped: the real file is not beside the repository");
        return;
    };
    let mut plan = read(file).unwrap();
    let returns = find(&mut plan);
    let part = plan.matches.iter().filter(|found| matches!(found, Match::Part(_))).count();
    assert_eq!((part, returns.len()), (105, 99));
}

#[test]
fn money_that_is_all_there_has_no_difference() {
    let money = reconciled(&[(0, [1507, 200])], |_| {});
    assert_eq!(money.differences, Vec::<String>::new());
    assert_eq!((money.orders, money.booked.kept()), (2, Pence(1307)));
}

#[test]
fn an_order_called_off_after_it_was_paid_has_got_its_money_back() {
    assert_eq!(reconciled(&[(0, [1507, 200]), (1, [600, 600])], |_| {}).differences, Vec::<String>::new());
    let kept = reconciled(&[(0, [1507, 200]), (1, [600, 0])], |_| {});
    assert!(kept.differences.contains(&"invoice 2, order: refunded: expected 6.00, got 0.00".to_owned()));
}

#[test]
fn a_penny_too_few_or_too_many_is_named() {
    let money = reconciled(&[(0, [1507, 200])], |booked| {
        booked.get_mut(&ids::creation_key("1")).unwrap()[0].refunded = Pence(201);
    });
    assert_eq!(money.differences, ["invoice 1, provider: refunded: expected 2.00, got 2.01"]);
}

#[test]
fn money_that_was_taken_twice_or_for_nothing_is_named() {
    let money = reconciled(&[(0, [1507, 200])], |booked| {
        booked.get_mut(&ids::creation_key("1")).unwrap().push(account([0, 0]));
        booked.insert(Uuid::nil(), vec![account([1, 0])]);
    });
    let stranger =
        "the provider was paid for order 00000000-0000-0000-0000-000000000000, which this file did not send";
    assert_eq!(money.differences, ["invoice 1 was paid 2 times", stranger]);
}

#[test]
fn goods_are_followed_until_they_left_or_came_back() {
    let stock = followed(10, |_| {});
    assert_eq!(stock.differences, Vec::<String>::new());
    assert_eq!((stock.moved.sold, stock.moved.released, stock.moved.on_hand()), (9, 3, 4));
}

#[test]
fn a_unit_that_went_astray_is_named() {
    let sold_twice = followed(10, |movements| movements.push(movement("sold", 1, Some("1"))));
    assert_eq!(
        sold_twice.differences,
        [
            "stock of A1: sold: expected 8, got 9",
            "stock of A1: on hand: expected 3, got 4",
            "stock of A1: kept for orders: expected -1, got 0"
        ]
    );
    let shown_wrong = followed(11, |_| {});
    assert_eq!(shown_wrong.differences, ["stock of A1: on hand: expected 4, got 5"]);
}

/// The money of the two orders and a return, where the orders and the provider say `accounts`: captured and refunded.
fn reconciled(accounts: &[(usize, [i64; 2])], plant: impl FnOnce(&mut Booked)) -> Money {
    let (plan, returns) = planned(&["C4,A1,X,-1,02/12/2010 08:00,2.00,9"]);
    let mut told = vec![Some(Account::default()); plan.orders.len()];
    let mut booked = Booked::new();
    for (place, amounts) in accounts {
        told[*place] = Some(account(*amounts));
        booked.insert(ids::creation_key(&plan.orders[*place].number), vec![account(*amounts)]);
    }
    plant(&mut booked);
    Money::reconcile(&plan, &sent(&plan), &returns, &told, &booked, &HashSet::new())
}

/// The stock of product A1 where everything moved as it should, except for what is planted.
fn followed(received: i64, plant: impl FnOnce(&mut Vec<Movement>)) -> Stock {
    let (plan, returns) = planned(&["C4,A1,X,-1,02/12/2010 08:00,2.00,9"]);
    let mut movements = vec![
        movement("received", 11, None),
        movement("reserved", 8, Some("1")),
        movement("reserved", 3, Some("2")),
        movement("released", 3, Some("2")),
        movement("sold", 8, Some("1")),
        movement("returned", 1, Some("1")),
    ];
    plant(&mut movements);
    let sent = sent(&plan);
    let orders = sent.iter().filter_map(Sent::standing).map(|it| it.order_id).collect();
    let product = plan.orders[0].lines[0].product;
    let mut shown = Shown::new(&StockNow { on_hand: received - 6, reserved: 0 });
    movements.iter().for_each(|it| shown.take(it, &orders, Some("receipt")));
    let other = plan.orders[0].lines[2].product;
    let mut second = Shown::new(&StockNow { on_hand: 0, reserved: 0 });
    for (kind, order) in [("received", None), ("reserved", Some("1")), ("sold", Some("1"))] {
        second.take(&movement(kind, 1, order), &orders, Some("receipt"));
    }
    let shown = HashMap::from([(product, shown), (other, second)]);
    Stock::of(&plan, &expected(&plan, &sent, &returns), &shown)
}

fn movement(kind: &str, quantity: i64, invoice: Option<&str>) -> Movement {
    let reason = invoice.is_none().then(|| "receipt".to_owned());
    Movement { kind: kind.to_owned(), quantity, order_id: invoice.map(ids::creation_key), reason }
}

fn account([captured, refunded]: [i64; 2]) -> Account {
    Account { captured: Pence(captured), refunded: Pence(refunded) }
}

/// Orders whose ids are their keys.
fn sent(plan: &Plan) -> Vec<Sent> {
    let standing = |number: &str| Standing { order_id: ids::creation_key(number), status: String::new() };
    plan.orders.iter().map(|order| Sent::Created(standing(&order.number))).collect()
}

fn parts(returns: &[Return]) -> Vec<Vec<(u32, u32)>> {
    let pairs = |parts: &Parts| parts.iter().map(|(line, units)| (*line, *units)).collect();
    returns.iter().map(|it| pairs(&it.parts)).collect()
}

/// Two orders, of which the second is called off whole, and more cancellations.
fn planned(cancellations: &[&str]) -> (Plan, Vec<Return>) {
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID";
    let rows: Vec<_> = [header].iter().chain(&ROWS).chain(cancellations).copied().collect();
    let mut plan = read(rows.join("\n").as_bytes()).unwrap();
    let returns = find(&mut plan);
    (plan, returns)
}

//! What files ask for: small ones written for a case each, and the real one.

use std::path::Path;

use crate::cancellations::{Match, Unmatched};
use crate::classify::Reason;
use crate::money::Pence;
use crate::plan::{Plan, Tally, read};

#[test]
fn an_invoice_becomes_an_order_of_its_lines_in_file_order() {
    let plan = plan(&[
        "536365,85123A,HEART,6,01/12/2010 08:26,2.55,17850",
        "536365,71053,LANTERN,8,01/12/2010 08:26,3.39,17850",
    ]);
    assert_eq!(lines(&plan, 0), [("85123A", 6, 255), ("71053", 8, 339)]);
    assert_eq!(plan.orders[0].customer.as_deref(), Some("17850"));
    assert_eq!(plan.orders[0].tally(), Tally { lines: 2, units: 14, amount: Pence(4242) });
}

#[test]
fn repeated_products_stay_separate_lines() {
    let row = "536381,71270,PHOTO CLIP LINE,1,01/12/2010 09:41,1.25,15311";
    assert_eq!(lines(&plan(&[row, row]), 0), [("71270", 1, 125), ("71270", 1, 125)]);
}

#[test]
fn the_rows_of_an_invoice_need_not_stand_together() {
    let plan = plan(&[
        "536365,85123A,HEART,6,01/12/2010 08:26,2.55,17850",
        "536366,22633,WARMER,6,01/12/2010 08:28,1.85,17850",
        "536365,71053,LANTERN,8,01/12/2010 08:26,3.39,17850",
    ]);
    assert_eq!(plan.orders.len(), 2);
    assert_eq!(lines(&plan, 0), [("85123A", 6, 255), ("71053", 8, 339)]);
}

#[test]
fn every_row_is_accounted_for() {
    let plan = plan(&[
        "536370,22728,ALARM CLOCK,24,01/12/2010 08:45,3.75,12583",
        "536370,POST,POSTAGE,3,01/12/2010 08:45,18,12583",
        "536414,22139,,56,01/12/2010 11:52,0,",
        "537007,21172,,-80,03/12/2010 15:36,0,",
        "C536379,D,Discount,-1,01/12/2010 09:41,27.50,14527",
        "C536383,22728,ALARM CLOCK,-1,01/12/2010 09:49,3.75,15311",
    ]);
    let account = &plan.account;
    let parts = [account.ordered, account.cancelling, account.held_back];
    let sum: Tally = parts.into_iter().chain(account.no_orders.values().copied()).sum();
    assert_eq!(sum, account.read);
    assert_eq!(account.no_orders[&Reason::NotGoods("POST", "postage")].amount, Pence(5400));
    assert_eq!(account.no_orders[&Reason::NotGoods("D", "discount")].amount, Pence(-2750));
    assert_eq!(account.no_orders[&Reason::StockAdjustment].units, 56);
    assert_eq!(account.no_orders[&Reason::WriteOff].units, -80);
    assert_eq!((plan.documents, plan.orders.len(), plan.cancellation_documents), (5, 1, 2));
}

#[test]
fn an_invoice_with_a_malformed_row_is_held_back_whole() {
    let plan = plan(&[
        "536365,85123A,HEART,6,01/12/2010 08:26,2.55,17850",
        "536365,71053,LANTERN,eight,01/12/2010 08:26,3.39,17850",
        "536366,22633,WARMER,6,01/12/2010 08:28,1.85,17850",
    ]);
    assert_eq!(plan.held_back, ["536365"]);
    assert_eq!((plan.malformed[0].line, plan.orders.len()), (3, 1));
    assert_eq!(plan.account.held_back.amount, Pence(1530));
}

#[test]
fn an_invoice_of_two_customers_is_malformed() {
    let plan = plan(&[
        "536365,85123A,HEART,6,01/12/2010 08:26,2.55,17850",
        "536365,71053,LANTERN,8,01/12/2010 08:26,3.39,17851",
    ]);
    assert_eq!(plan.malformed[0].problem, "its invoice names another customer in an earlier row");
    assert!(plan.orders.is_empty());
}

#[test]
fn a_cancellation_of_the_very_same_goods_cancels_the_order() {
    assert_eq!(
        matched(
            &["1,A1,X,6,01/12/2010 08:00,1,9", "1,A2,X,1,01/12/2010 08:00,1,9"],
            &["C2,A2,X,-1,9", "C2,A1,X,-6,9"]
        ),
        Match::Whole(0)
    );
}

#[test]
fn lines_that_repeat_a_product_are_cancelled_by_their_sum() {
    let order = "1,A1,X,3,01/12/2010 08:00,1,9";
    assert_eq!(matched(&[order, order], &["C2,A1,X,-6,9"]), Match::Whole(0));
}

#[test]
fn the_latest_of_equal_orders_is_cancelled_and_each_only_once() {
    let plan = plan(&[
        "1,A1,X,6,01/12/2010 08:00,1,9",
        "2,A1,X,6,01/12/2010 09:00,1,9",
        "C3,A1,X,-6,01/12/2010 10:00,1,9",
        "C4,A1,X,-6,01/12/2010 10:00,1,9",
        "C5,A1,X,-6,01/12/2010 10:00,1,9",
    ]);
    let nothing_left = Match::None(Unmatched::NoEarlierOrder);
    assert_eq!(plan.matches, [Match::Whole(1), Match::Whole(0), nothing_left]);
}

#[test]
fn what_cancels_no_whole_order_says_why() {
    let order = ["1,A1,X,6,01/12/2010 08:00,1,9", "1,A2,X,1,01/12/2010 08:00,1,9"];
    for (cancellation, why) in [
        ("C2,A1,X,-6,9", Unmatched::PartOfAnOrder),
        ("C2,A1,X,-7,9", Unmatched::PartlyOrdered),
        ("C2,A3,X,-1,9", Unmatched::OtherGoods),
        ("C2,A1,X,-6,8", Unmatched::NoEarlierOrder),
        ("C2,A1,X,-6,", Unmatched::NoCustomer),
        ("C2,D,X,-6,9", Unmatched::NoGoods),
    ] {
        assert_eq!(matched(&order, &[cancellation]), Match::None(why), "{cancellation}");
    }
}

#[test]
fn an_order_after_a_cancellation_is_not_what_it_cancels() {
    let plan = plan(&["C1,A1,X,-6,01/12/2010 08:00,1,9", "2,A1,X,6,01/12/2010 08:00,1,9"]);
    assert_eq!(plan.matches, [Match::None(Unmatched::NoEarlierOrder)]);
}

#[test]
fn the_real_file_is_read_whole() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/online-retail.csv");
    let Ok(file) = std::fs::File::open(file) else {
        eprintln!("skipped: the real file is not beside the repository");
        return;
    };
    let plan = read(file).unwrap();
    assert_eq!((plan.documents, plan.cancellation_documents, plan.orders.len()), (1893, 299, 1449));
    assert_eq!((plan.malformed.len(), plan.held_back.len()), (0, 0));
    assert_eq!(plan.account.read.lines, 39_529);
    assert_eq!((plan.account.ordered.lines, plan.account.ordered.amount), (38_515, Pence(71_578_835)));
    // The largest invoice has 675 rows, one of them postage.
    assert_eq!(plan.orders.iter().map(|order| order.lines.len()).max(), Some(674));
    assert_eq!(plan.matches.iter().filter(|found| matches!(found, Match::Whole(_))).count(), 6);
}

fn plan(rows: &[&str]) -> Plan {
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n";
    read(format!("{header}{}\n", rows.join("\n")).as_bytes()).unwrap()
}

/// The match of one cancellation, whose rows leave out the date and price, which do not matter to it.
fn matched(order: &[&str], cancellation: &[&str]) -> Match {
    let later = cancellation.iter().map(|row| {
        let (goods, customer) = row.rsplit_once(',').unwrap();
        format!("{goods},02/12/2010 08:00,1,{customer}")
    });
    let later: Vec<_> = later.collect();
    let rows: Vec<_> = order.iter().copied().chain(later.iter().map(String::as_str)).collect();
    let plan = plan(&rows);
    assert_eq!(plan.matches.len(), 1);
    plan.matches[0]
}

fn lines(plan: &Plan, order: usize) -> Vec<(&str, u32, i64)> {
    let lines = plan.orders[order].lines.iter();
    lines
        .map(|line| (plan.catalogue.sku(line.product), line.goods.quantity, line.goods.unit_price.0))
        .collect()
}

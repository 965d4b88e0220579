//! What an order says of itself.

use super::*;
use crate::order::payments::Outcome;

#[test]
fn an_order_says_what_may_be_done_to_it() {
    let paid = Order::fold(&[created(), placed(), reserved(), started(), paid()]).unwrap();
    assert_eq!(paid.allowed(), allowed(paid.status));
    assert!(paid.allowed().contains(&CancelOrder));
}

#[test]
fn an_order_waits_until_it_is_called_off_and_not_while_it_is_being_paid() {
    let until = |events: &[Event]| Order::fold(events).unwrap().waits_until;
    let mut events = vec![created_to_pay(), placed(), reserved(), started()];
    assert_eq!(until(&events), None);
    events.push(declined());
    assert_eq!(until(&events), Some(tomorrow()));
    events.extend([retried(), started_as(2)]);
    assert_eq!(until(&events), None);
    let called_off = [created_to_pay(), placed(), reserved(), started(), declined(), cancelled()];
    assert_eq!(until(&called_off), None);
}

#[test]
fn goods_can_be_sent_back_for_thirty_days() {
    assert_eq!(RETURN_WINDOW.as_secs(), 30 * 24 * 60 * 60);
}

#[test]
fn a_declined_attempt_says_why() {
    let events = [created_to_pay(), placed(), reserved(), started(), declined()];
    let attempts = Order::fold(&events).unwrap().payments.attempts;
    let (code, reason) = (Some("generic_decline".to_owned()), Some("no".to_owned()));
    assert_eq!(attempts.last().map(|it| &it.outcome), Some(&Outcome::Declined { code, reason }));
}

#[test]
fn an_order_is_put_away_when_nothing_can_come_of_it_any_more() {
    let archivable = |events: Vec<Event>| Summary::of(&Order::fold(&events).unwrap()).archivable_at;
    assert_eq!(archivable(on_its_way()), None);
    assert_eq!(archivable(delivered()), Some(now().checked_add(RETURN_WINDOW).unwrap()));
    assert_eq!(archivable(vec![created(), cancelled()]), Some(now()));
    let owed =
        [created_to_pay(), placed(), reserved(), started(), paid(), cancelled(), refund_requested(2_500)];
    assert_eq!(archivable(owed.to_vec()), None, "its money is still to go back");
    assert_eq!(archivable([owed.to_vec(), vec![refund_paid(2_500)]].concat()), Some(now()));
}

#[test]
fn what_is_kept_is_what_it_is_paid_with_less_what_went_back_of_that() {
    let kept = |events: &[Event]| {
        let order = Order::fold(events).unwrap();
        order.payments.kept(order.currency)
    };
    let refund = |refund, amount, reference: &str| Event::RefundRequested {
        at: now(),
        refund,
        amount,
        reference: Some(reference.into()),
    };
    let mut events = vec![created_to_pay(), placed(), reserved(), started()];
    assert_eq!(kept(&events), gbp(0));
    let stray =
        Event::StrayPaymentFound { at: now(), attempt: 1, captured: gbp(2_500), reference: "pi_2".into() };
    events.extend([paid(), stray, refund(1, gbp(2_500), "pi_2")]);
    assert_eq!(kept(&events), gbp(2_500));
    events.push(refund(2, gbp(1_000), "pi_1"));
    assert_eq!(kept(&events), gbp(1_500));
}

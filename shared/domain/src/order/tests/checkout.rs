//! Stock and payment: what is asked of an order while it is being checked out.

use super::*;
use crate::order::decide::ATTEMPTS_MAX;

#[test]
fn goods_that_are_kept_are_paid_for_at_once() {
    order([created_to_pay(), placed()]).when(confirm_stock()).then([reserved(), started()]);
}

#[test]
fn an_order_without_a_payment_method_waits_for_one() {
    let waiting = Event::StockReserved { at: now(), units: kept(), pay_by: Some(tomorrow()) };
    order([created(), placed()]).when(confirm_stock()).then([waiting.clone()]);
    let given = Event::PaymentMethodGiven { at: now(), method: visa() };
    order([created(), placed(), waiting]).when(pay()).then([given, started()]);
}

#[test]
fn a_payment_method_can_be_given_before_the_goods_are_kept() {
    let given = Event::PaymentMethodGiven { at: now(), method: visa() };
    order([created(), placed()]).when(pay()).then([given.clone()]);
    order([created(), placed(), given]).when(confirm_stock()).then([reserved(), started()]);
}

#[test]
fn what_costs_nothing_needs_no_payment() {
    let free = Event::Created {
        at: now(),
        customer_id: Uuid::from_u128(1).into(),
        currency: gbp(0).currency(),
        lines: vec![line(10, 0)],
        payment: None,
        contact: None,
    };
    let placed = Event::Placed { at: now(), total: gbp(0) };
    order([free, placed]).when(confirm_stock()).then([
        reserved(),
        Event::PaymentStarted { at: now(), attempt: 1, amount: Some(gbp(0)), method: None },
        Event::PaymentConfirmed { at: now(), captured: gbp(0), attempt: 1, reference: None },
    ]);
}

#[test]
fn goods_that_are_missing_cancel_the_order() {
    let reason = format!("out of stock: 2 of {} missing", missing()[0].product_id);
    order([created(), placed()]).when(Command::ReportShortage { missing: missing(), wait_until: None }).then(
        [
            Event::StockShort { at: now(), missing: missing(), wait_until: None },
            Event::Cancelled { at: now(), reason: Some(reason), refund: None },
        ],
    );
}

#[test]
fn goods_that_are_missing_are_waited_for_where_the_tenant_says_so() {
    let report = || Command::ReportShortage { missing: missing(), wait_until: Some(tomorrow()) };
    let short = Event::StockShort { at: now(), missing: missing(), wait_until: Some(tomorrow()) };
    order([created_to_pay(), placed()]).when(report()).then([short.clone()]);
    order([created_to_pay(), placed(), short.clone()]).when(report()).then(NOTHING);
    order([created_to_pay(), placed(), short]).when(confirm_stock()).then([reserved(), started()]);
}

#[test]
fn goods_that_are_still_missing_when_the_wait_is_over_cancel_the_order() {
    let report = Command::ReportShortage { missing: missing(), wait_until: Some(tomorrow()) };
    let short = Event::StockShort { at: now(), missing: missing(), wait_until: Some(tomorrow()) };
    let reason = format!("out of stock: 2 of {} missing", missing()[0].product_id);
    order([created_to_pay(), placed(), short]).at(tomorrow()).when(report).then([
        Event::StockShort { at: tomorrow(), missing: missing(), wait_until: None },
        Event::Cancelled { at: tomorrow(), reason: Some(reason), refund: None },
    ]);
}

#[test]
fn an_order_that_waits_too_long_is_cancelled() {
    let waiting = Event::StockReserved { at: now(), units: kept(), pay_by: Some(tomorrow()) };
    let events = [created(), placed(), waiting];
    order(&events).when(Command::Expire).then(NOTHING);
    let reason = Some("not paid in time".to_owned());
    order(&events).at(tomorrow()).when(Command::Expire).then([Event::Cancelled {
        at: tomorrow(),
        reason,
        refund: None,
    }]);
}

#[test]
fn an_order_that_is_being_paid_does_not_expire() {
    let waiting = Event::StockReserved { at: now(), units: kept(), pay_by: Some(tomorrow()) };
    let given = Event::PaymentMethodGiven { at: now(), method: visa() };
    order([created(), placed(), waiting, given, started()])
        .at(much_later())
        .when(Command::Expire)
        .then(NOTHING);
}

#[test]
fn a_capture_confirms_the_order_once() {
    let processing = [created_to_pay(), placed(), reserved(), started()];
    order(&processing).when(confirm()).then([paid()]);
    order([processing.to_vec(), vec![paid()]].concat()).when(confirm()).then(NOTHING);
}

#[test]
fn a_declined_payment_can_be_tried_again() {
    let failed = vec![created_to_pay(), placed(), reserved(), started(), declined()];
    order([created_to_pay(), placed(), reserved(), started()]).when(decline(1)).then([declined()]);
    let given = Event::PaymentMethodGiven { at: now(), method: visa() };
    order(failed).when(pay()).then([given, retried(), started_as(2)]);
}

#[test]
fn a_payment_is_tried_so_often_and_no_more() {
    let mut events = vec![created_to_pay(), placed(), reserved(), started()];
    for attempt in 2..=ATTEMPTS_MAX {
        events.extend([declined_as(attempt - 1), retried(), started_as(attempt)]);
    }
    let before_last = events.len() - 2;
    let given = Event::PaymentMethodGiven { at: now(), method: visa() };
    order(&events[..before_last]).when(pay()).then([given, retried(), started_as(ATTEMPTS_MAX)]);
    events.push(declined_as(ATTEMPTS_MAX));
    order(events).when(pay()).then_refused(Refusal::TooManyAttempts(ATTEMPTS_MAX));
}

#[test]
fn what_an_order_is_being_paid_with_is_not_changed() {
    let processing = [created_to_pay(), placed(), reserved(), started()];
    order(&processing).when(pay()).then(NOTHING);
    let other = Command::GivePaymentMethod { method: "pm_card_mastercard".parse().unwrap() };
    let refusal = Refusal::NotAllowed {
        status: PaymentProcessing,
        action: AuthorizePayment,
        allowed: allowed(PaymentProcessing),
    };
    order(processing).when(other).then_refused(refusal);
}

#[test]
fn a_late_word_about_an_earlier_attempt_does_not_touch_the_later_one() {
    let again = vec![created_to_pay(), placed(), reserved(), started(), declined(), retried(), started_as(2)];
    order(&again).when(decline(1)).then(NOTHING);
    let stray = |reference: &str| Event::StrayPaymentFound {
        at: now(),
        attempt: 1,
        captured: gbp(2_500),
        reference: reference.into(),
    };
    order(again).when(confirm()).then([stray("pi_1"), refund_requested(2_500)]);
}

#[test]
fn money_that_arrives_after_a_cancellation_goes_back_once() {
    let over = vec![created_to_pay(), placed(), reserved(), started(), declined(), cancelled()];
    let stray =
        Event::StrayPaymentFound { at: now(), attempt: 1, captured: gbp(2_500), reference: "pi_1".into() };
    order(&over).when(confirm()).then([stray.clone(), refund_requested(2_500)]);
    order([over, vec![stray, refund_requested(2_500)]].concat()).when(confirm()).then(NOTHING);
}

#[test]
fn a_cancellation_while_paying_is_kept_until_the_payment_is_settled() {
    let wish = Event::CancellationRequested { at: now(), reason: Some("changed my mind".into()) };
    let processing = vec![created_to_pay(), placed(), reserved(), started()];
    let asked = Command::CancelOrder { reason: Some("changed my mind".into()) };
    order(&processing).when(asked.clone()).then([wish.clone()]);
    let wished = [processing, vec![wish]].concat();
    order(&wished).when(asked).then(NOTHING);
    let reason = Some("changed my mind".to_owned());
    order(&wished).when(confirm()).then([
        paid(),
        Event::Cancelled { at: now(), reason: reason.clone(), refund: Some(gbp(2_500)) },
        refund_requested(2_500),
    ]);
    order(&wished).when(decline(1)).then([
        Event::PaymentDeclined {
            at: now(),
            reason: Some("no".into()),
            attempt: 1,
            code: Some("generic_decline".into()),
            pay_by: None,
        },
        Event::Cancelled { at: now(), reason, refund: None },
    ]);
}

#[test]
fn a_refund_is_paid_once() {
    let events = vec![created_to_pay(), placed(), reserved(), started(), paid(), cancelled()];
    let owed = [events, vec![refund_requested(2_500)]].concat();
    let back = || Command::ConfirmRefund { refund: 1, reference: "re_1".into() };
    order(&owed).when(back()).then([refund_paid(2_500)]);
    order([owed.clone(), vec![refund_paid(2_500)]].concat()).when(back()).then(NOTHING);
    let other = Command::ConfirmRefund { refund: 2, reference: "re_2".into() };
    order(owed).when(other).then_refused(Refusal::NoRefund(2));
}

#[test]
fn what_is_owed_is_paid_before_an_order_is_put_away() {
    let owed = [created_to_pay(), placed(), reserved(), started(), paid(), cancelled(), refund_requested(5)];
    order(owed).when(Command::ArchiveOrder).then_refused(Refusal::NotAllowed {
        status: Cancelled,
        action: ArchiveOrder,
        allowed: vec![ArchiveOrder],
    });
}

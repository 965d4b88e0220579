//! The money: what each order says was captured and went back, what the provider's books say, and what the file asks for.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::cancellations::Match;
use crate::client::{Ask, Client, RequestError};
use crate::money::{CURRENCY, Pence};
use crate::plan::Plan;
use crate::send::Sent;

use super::difference::difference;
use super::returns::Return;
use super::wire::{BookedPayment, Books, OrderNow};

/// Payments that one page of the books holds.
const PAGE: usize = 1_000;

/// Money of one or several orders.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) captured: Pence,
    pub(super) refunded: Pence,
}

/// The provider's books by order: an account for each payment that took something.
pub(super) type Booked = HashMap<Uuid, Vec<Account>>;

/// All money three times over, and where the three differ.
#[derive(Debug, Default)]
pub(super) struct Money {
    pub(super) orders: usize,
    /// By the file, at the prices of its orders.
    pub(super) expected: Account,
    /// By the orders themselves.
    pub(super) told: Account,
    /// By the provider.
    pub(super) booked: Account,
    pub(super) differences: Vec<String>,
}

impl Account {
    /// What is left.
    pub(super) fn kept(self) -> Pence {
        self.captured + self.refunded.times(-1)
    }

    /// An order's own. What cannot be read counts as nothing, and then differs from what is expected.
    pub(super) fn of(order: &OrderNow) -> Self {
        let Some(payments) = &order.payments else { return Self::default() };
        let refunds = payments.refunds.iter().filter(|refund| refund.paid);
        let refunded: Pence = refunds.filter_map(|refund| refund.amount.pence().ok()).sum();
        Self { captured: payments.kept.pence().unwrap_or_default() + refunded, refunded }
    }

    fn differences(self, whose: &str, got: Self) -> impl Iterator<Item = String> {
        let captured = difference(whose, "captured", self.captured, got.captured);
        captured.into_iter().chain(difference(whose, "refunded", self.refunded, got.refunded))
    }
}

impl std::ops::AddAssign for Account {
    fn add_assign(&mut self, other: Self) {
        self.captured += other.captured;
        self.refunded += other.refunded;
    }
}

/// Reads the provider's books of the tenant's orders, page by page.
pub(super) async fn read(client: &Client, tenant: &str) -> Result<Booked, RequestError> {
    let (mut booked, mut before) = (Booked::new(), String::new());
    loop {
        let ask = Ask::get(format!("/dev/payments?limit={PAGE}{before}"));
        let page: Books = client.send(&ask).await?.success()?;
        let payments = page.payments.into_iter();
        let ours = payments.filter(|it| it.metadata.tenant.as_deref() == Some(tenant));
        ours.for_each(|payment| enter(&mut booked, &payment));
        match page.next {
            Some(next) => before = format!("&before={next}"),
            None => return Ok(booked),
        }
    }
}

/// Enters a payment that took something. One in another currency counts as pence, and then differs from what is expected.
fn enter(booked: &mut Booked, payment: &BookedPayment) {
    let sign = if payment.currency.eq_ignore_ascii_case(CURRENCY) { 1 } else { -1 };
    let account =
        Account { captured: Pence(sign * payment.captured), refunded: Pence(sign * payment.refunded) };
    if let Some(order) = payment.metadata.order.filter(|_| payment.captured != 0) {
        booked.entry(order).or_default().push(account);
    }
}

impl Money {
    /// Compares order by order. Orders that were there `before` and are none of the file's are left alone.
    pub(super) fn reconcile(
        plan: &Plan,
        sent: &[Sent],
        returns: &[Return],
        told: &[Option<Account>],
        booked: &Booked,
        before: &HashSet<Uuid>,
    ) -> Self {
        let mut money = Self::default();
        let mut ours = HashSet::new();
        for (place, expected) in expected(plan, returns, told).into_iter().enumerate() {
            let Some(standing) = sent[place].standing() else { continue };
            ours.insert(standing.order_id);
            let payments = booked.get(&standing.order_id).map(Vec::as_slice).unwrap_or_default();
            let told = told[place].unwrap_or_default();
            money.compare(&plan.orders[place].number, expected, told, payments);
        }
        let strangers = booked.keys().filter(|order| !ours.contains(order) && !before.contains(order));
        money.differences.extend(
            strangers.map(|it| format!("the provider was paid for order {it}, which this file did not send")),
        );
        money
    }

    fn compare(&mut self, invoice: &str, expected: Account, told: Account, payments: &[Account]) {
        let mut booked = Account::default();
        payments.iter().for_each(|it| booked += *it);
        self.orders += 1;
        self.expected += expected;
        self.told += told;
        self.booked += booked;
        self.differences.extend(expected.differences(&format!("invoice {invoice}, order"), told));
        self.differences.extend(expected.differences(&format!("invoice {invoice}, provider"), booked));
        if payments.len() > 1 {
            self.differences.push(format!("invoice {invoice} was paid {} times", payments.len()));
        }
    }
}

/// What each order's money must be, in the plan's order.
fn expected(plan: &Plan, returns: &[Return], told: &[Option<Account>]) -> Vec<Account> {
    let captured = |captured| Account { captured, refunded: Pence(0) };
    let mut expected: Vec<_> = plan.orders.iter().map(|order| captured(order.tally().amount)).collect();
    for it in returns {
        expected[it.order].refunded = it.tally(plan).amount;
    }
    for order in plan.matches.iter().filter_map(Match::whole) {
        // It was called off before it was paid, and nothing was taken; or after, and all of it went back.
        let untouched = told[order] == Some(Account::default());
        let taken = if untouched { Pence(0) } else { expected[order].captured };
        expected[order] = Account { captured: taken, refunded: taken };
    }
    expected
}

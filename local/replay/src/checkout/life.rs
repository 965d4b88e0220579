//! The life of each order: created with a payment method, called off or delivered, and what came back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use uuid::Uuid;

use crate::cancellations::Match;
use crate::client::{Ask, Client, RequestError};
use crate::ids;
use crate::plan::Plan;
use crate::progress::bar;
use crate::send::{CANCELLED, Cancelled, Sent, cancel, each_place, send_order};

use super::books::Account;
use super::returns::Return;
use super::wire::{NewArrival, NewPart, NewReturn, OrderNow, ReturnAnswer};

/// What invoices are paid with: all goes well.
const METHOD: &str = "pm_card_visa";
/// What orders are paid with that are called off: the provider answers after five seconds.
const METHOD_SLOW: &str = "pm_penstock_slow";
const PAUSE: Duration = Duration::from_millis(100);
/// Cancellations that a return's reason names; more would not fit.
const NAMES_MAX: usize = 40;

/// Where an order stays once its money has come and gone.
const ENDS: [&str; 4] = [CANCELLED, "PAYMENT_FAILED", REFUNDED, ARCHIVED];
const DELIVERED: &str = "DELIVERED";
const REFUNDED: &str = "REFUNDED";
const ARCHIVED: &str = "ARCHIVED";

/// Sees when something last moved.
pub(super) struct Watch {
    patience: Duration,
    moved: Mutex<Instant>,
}

impl Watch {
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, moved: Mutex::new(Instant::now()) }
    }

    /// Something is where it should be.
    pub(super) fn moved(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Whether nothing has moved for too long.
    pub(super) fn is_over(&self) -> bool {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= self.patience
    }
}

/// What all steps need.
pub(super) struct Lives<'a> {
    pub(super) client: &'a Client,
    pub(super) tenant: &'a str,
    pub(super) plan: &'a Plan,
    pub(super) watch: &'a Watch,
}

impl Lives<'_> {
    /// Creates every order, those that are called off first and at once called off. Answers are in the plan's order.
    pub(super) async fn begin(&self) -> Result<(Vec<Sent>, Vec<Option<Cancelled>>), RequestError> {
        let bar = bar("orders", self.plan.orders.len());
        let matches = self.plan.matches.iter().enumerate();
        let called_off: Vec<_> = matches.filter_map(|(place, found)| Some((place, found.whole()?))).collect();
        let answers = each_place(called_off.len(), |place| self.call_off(called_off[place], &bar)).await?;
        let (mut sent, mut cancelled) =
            (vec![None; self.plan.orders.len()], vec![None; self.plan.matches.len()]);
        for ((cancellation, order), (created, answer)) in called_off.into_iter().zip(answers) {
            (sent[order], cancelled[cancellation]) = (Some(created), Some(answer));
        }
        let sent = each_place(sent.len(), |place| self.create(place, sent[place].clone(), &bar)).await?;
        bar.finish_and_clear();
        Ok((sent, cancelled))
    }

    async fn create(
        &self,
        place: usize,
        sent: Option<Sent>,
        bar: &ProgressBar,
    ) -> Result<Sent, RequestError> {
        match sent {
            Some(sent) => Ok(sent),
            None => {
                let Self { client, tenant, plan, .. } = self;
                send_order(client, tenant, plan, &plan.orders[place], Some(METHOD), bar).await
            }
        }
    }

    /// Creates an order and calls it off while it is being paid.
    async fn call_off(
        &self,
        (cancellation, order): (usize, usize),
        bar: &ProgressBar,
    ) -> Result<(Sent, Cancelled), RequestError> {
        let Self { client, tenant, plan, .. } = self;
        let sent = send_order(client, tenant, plan, &plan.orders[order], Some(METHOD_SLOW), bar).await?;
        if let Some(standing) = sent.standing() {
            self.until(standing.order_id, |order| order.status != "PENDING").await?;
        }
        let cancelled = cancel(client, &plan.cancellations[cancellation], &sent).await?;
        Ok((sent, cancelled))
    }

    /// Waits until every order was delivered, or will not be.
    pub(super) async fn wait_for_delivery(&self, sent: &[Sent]) -> Result<(), RequestError> {
        let bar = bar("deliveries", sent.len());
        each_place(sent.len(), |place| self.delivered(&sent[place], &bar)).await?;
        bar.finish_and_clear();
        Ok(())
    }

    async fn delivered(&self, sent: &Sent, bar: &ProgressBar) -> Result<(), RequestError> {
        if let Some(standing) = sent.standing() {
            self.until(standing.order_id, OrderNow::arrived).await?;
        }
        bar.inc(1);
        Ok(())
    }

    /// Sends back what the file takes back. Answers with the refusals.
    pub(super) async fn send_back(
        &self,
        returns: &[Return],
        sent: &[Sent],
    ) -> Result<Vec<String>, RequestError> {
        let bar = bar("returns", returns.len());
        let send = |place: usize| self.send_one_back(&returns[place], &sent[returns[place].order], &bar);
        let refused = each_place(returns.len(), send).await?;
        bar.finish_and_clear();
        Ok(refused.into_iter().flatten().collect())
    }

    async fn send_one_back(
        &self,
        what: &Return,
        sent: &Sent,
        bar: &ProgressBar,
    ) -> Result<Option<String>, RequestError> {
        bar.inc(1);
        let Some(standing) = sent.standing() else { return Ok(None) };
        let invoice = &self.plan.orders[what.order].number;
        let part = |(line, quantity): (&u32, &u32)| NewPart { line: *line, quantity: *quantity };
        let body = NewReturn { reason: self.reason(what), parts: what.parts.iter().map(part).collect() };
        let path = format!("/v1/orders/{}/returns", standing.order_id);
        let asked = self.client.send(&Ask::post(path.clone(), ids::return_key(invoice), &body)).await?;
        if !asked.status.is_success() {
            return Ok(Some(format!("invoice {invoice}: its return was refused: {}", asked.refusal())));
        }
        let id = asked.parse::<ReturnAnswer>()?.returned.return_id;
        let arrival = Ask::post(
            format!("{path}/{id}/receipt"),
            ids::arrival_key(invoice),
            &NewArrival { restock: true },
        );
        let came = self.client.send(&arrival).await?;
        let refused = || format!("invoice {invoice}: what came back was refused: {}", came.refusal());
        Ok((!came.status.is_success()).then(refused))
    }

    fn reason(&self, what: &Return) -> String {
        let numbers = what.cancellations.iter().take(NAMES_MAX);
        let numbers: Vec<_> = numbers.map(|place| self.plan.cancellations[*place].number.as_str()).collect();
        format!("invoices {}", numbers.join(", "))
    }

    /// Waits until each order's money has come and gone, and says in `sent` where the plan has it end. Answers with each order's
    /// own account of its money.
    pub(super) async fn end(
        &self,
        returns: &[Return],
        sent: &mut [Sent],
    ) -> Result<Vec<Option<Account>>, RequestError> {
        let mut ends = vec![DELIVERED; sent.len()];
        returns.iter().for_each(|it| ends[it.order] = REFUNDED);
        self.plan.matches.iter().filter_map(Match::whole).for_each(|order| ends[order] = CANCELLED);
        let ended = each_place(sent.len(), |place| self.end_of_one(&sent[place], ends[place])).await?;
        let mut accounts = Vec::with_capacity(sent.len());
        for ((sent, end), order) in sent.iter_mut().zip(ends).zip(ended) {
            if let (Some(standing), Some(order)) = (sent.standing_mut(), &order) {
                // What ended long ago has been put away since.
                let end = if order.status == ARCHIVED { ARCHIVED } else { end };
                end.clone_into(&mut standing.status);
            }
            accounts.push(order.map(|order| Account::of(&order)));
        }
        Ok(accounts)
    }

    async fn end_of_one(&self, sent: &Sent, end: &str) -> Result<Option<OrderNow>, RequestError> {
        let Some(standing) = sent.standing() else { return Ok(None) };
        let there = |order: &OrderNow| order.status == end && order.is_settled();
        self.until(standing.order_id, there).await.map(Some)
    }

    /// The order once it is `there`, or where it will stay, or where it is when nothing has moved for too long.
    async fn until(&self, id: Uuid, there: impl Fn(&OrderNow) -> bool) -> Result<OrderNow, RequestError> {
        loop {
            let order: OrderNow = self.client.send(&Ask::get(format!("/v1/orders/{id}"))).await?.success()?;
            if there(&order) || order.is_over() {
                self.watch.moved();
                return Ok(order);
            }
            if self.watch.is_over() {
                return Ok(order);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl OrderNow {
    fn arrived(&self) -> bool {
        [DELIVERED, "RETURN_REQUESTED", "RETURNED"].contains(&self.status.as_str())
    }

    fn is_over(&self) -> bool {
        ENDS.contains(&self.status.as_str()) && self.is_settled()
    }

    /// Whether all that was to go back has gone.
    fn is_settled(&self) -> bool {
        self.payments.iter().flat_map(|it| &it.refunds).all(|refund| refund.paid)
    }
}

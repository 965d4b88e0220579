//! What a command means for an order: the events it causes, or why not.

use jiff::Timestamp;

use crate::planted::{self, Bug};
use crate::{Money, PaymentMethod};

use super::{
    Action, Command, Event, Order, Refusal, Status, Units, allowed, check_history, check_lines, returns,
    shipping,
};

/// How often payment of one order is tried.
pub(super) const ATTEMPTS_MAX: u32 = 50;

/// Decides what a command means for an order. A command said before decides nothing new.
///
/// # Errors
/// When the order's state, its lines, its parcels or the time forbid it.
pub fn decide(order: &Order, at: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
    let mut decision = Decision { order: order.clone(), at, events: vec![] };
    decision.take(command)?;
    Ok(decision.events)
}

/// The order as the events decided so far leave it.
pub(super) struct Decision {
    pub(super) order: Order,
    pub(super) at: Timestamp,
    events: Vec<Event>,
}

impl Decision {
    pub(super) fn push(&mut self, event: Event) {
        self.order.apply(&event);
        self.events.push(event);
    }

    fn take(&mut self, command: Command) -> Result<(), Refusal> {
        let action = command.action();
        match command {
            Command::EditDraft { lines, .. } if lines == self.order.lines && self.may(action) => {}
            Command::EditDraft { lines, limits } => {
                self.require(action)?;
                check_lines(&lines, self.order.currency, limits)?;
                check_history(&self.order, &lines)?;
                self.push(Event::LinesReplaced { at: self.at, lines });
            }
            Command::PlaceOrder if self.said(action) => {}
            Command::PlaceOrder => {
                self.require(action)?;
                self.push(Event::Placed { at: self.at, total: self.order.total });
            }
            Command::GivePaymentMethod { method } => self.give_method(method)?,
            Command::ConfirmStock { units, pay_by } => self.confirm_stock(units, pay_by)?,
            Command::ReportShortage { missing, wait_until } => self.report_shortage(missing, wait_until)?,
            Command::ConfirmPayment { attempt, captured, reference } => {
                self.confirm_payment(attempt, captured, reference);
            }
            Command::DeclinePayment { attempt, code, reason, pay_by } => {
                self.decline_payment(attempt, code, reason, pay_by);
            }
            Command::Expire => self.expire(),
            Command::CancelOrder { reason } => self.cancel(reason)?,
            Command::CreateShipment { id, parts, consignment } => {
                shipping::create(self, id, parts, consignment)?;
            }
            Command::NoteStrayParcel { id, consignment } => shipping::note_stray(self, id, consignment)?,
            Command::TrackShipment { id, status } => shipping::track(self, id, status)?,
            Command::RequestReturn { id, reason, parts } => returns::request(self, id, reason, parts)?,
            Command::ReceiveReturn { id, restock } => returns::receive(self, id, restock)?,
            Command::ConfirmRefund { refund, reference } => self.confirm_refund(refund, reference)?,
            Command::ArchiveOrder => self.archive()?,
        }
        Ok(())
    }

    /// Whether the order's state allows it.
    pub(super) fn may(&self, action: Action) -> bool {
        allowed(self.order.status).contains(&action)
    }

    /// Whether it was the last thing done.
    pub(super) fn said(&self, action: Action) -> bool {
        self.order.last == action
    }

    pub(super) fn require(&self, action: Action) -> Result<(), Refusal> {
        if self.may(action) { Ok(()) } else { Err(self.refuse(action)) }
    }

    pub(super) fn refuse(&self, action: Action) -> Refusal {
        let status = self.order.status;
        Refusal::NotAllowed { status, action, allowed: allowed(status) }
    }

    fn give_method(&mut self, method: PaymentMethod) -> Result<(), Refusal> {
        let at = self.at;
        match self.order.status {
            Status::Draft | Status::Pending => {
                if self.order.payments.method.as_ref() != Some(&method) {
                    self.push(Event::PaymentMethodGiven { at, method });
                }
            }
            Status::PaymentFailed if self.order.payments.next_attempt() > ATTEMPTS_MAX => {
                return Err(Refusal::TooManyAttempts(ATTEMPTS_MAX));
            }
            Status::PaymentFailed => {
                self.push(Event::PaymentMethodGiven { at, method });
                self.push(Event::PaymentRetried { at });
            }
            // Said before: that is what it is being paid with.
            Status::PaymentProcessing if self.order.payments.method.as_ref() == Some(&method) => {}
            _ => return Err(self.refuse(Action::AuthorizePayment)),
        }
        self.start_payment();
        Ok(())
    }

    /// Asks for the money as soon as the goods are there and it is known what to pay with.
    fn start_payment(&mut self) {
        let ready = self.order.status == Status::Pending && self.order.reserved.is_some();
        let method = self.order.payments.method.clone();
        let free = self.order.total.minor() == 0;
        if !ready || (method.is_none() && !free) {
            return;
        }
        let (at, attempt, amount) = (self.at, self.order.payments.next_attempt(), self.order.total);
        let method = method.filter(|_| !free);
        self.push(Event::PaymentStarted { at, attempt, amount: Some(amount), method });
        if free {
            self.push(Event::PaymentConfirmed { at, captured: amount, attempt, reference: None });
        }
    }

    fn confirm_stock(&mut self, units: Vec<Units>, pay_by: Timestamp) -> Result<(), Refusal> {
        if self.order.reserved.is_some() {
            return Ok(());
        }
        self.require(Action::AuthorizePayment)?;
        let waits = self.order.payments.method.is_none() && self.order.total.minor() != 0;
        self.push(Event::StockReserved { at: self.at, units, pay_by: waits.then_some(pay_by) });
        self.start_payment();
        Ok(())
    }

    fn report_shortage(&mut self, missing: Vec<Units>, wait_until: Option<Timestamp>) -> Result<(), Refusal> {
        if self.order.reserved.is_some() {
            return Ok(());
        }
        self.require(Action::AuthorizePayment)?;
        let at = self.at;
        // It waits from the first time that something was missing; that it still is, is nothing new.
        let waits = self.order.waits_until.or(wait_until).filter(|until| at < *until);
        if waits.is_some() && self.order.waits_until == waits {
            return Ok(());
        }
        let reason = shortage(&missing);
        self.push(Event::StockShort { at, missing, wait_until: waits });
        if waits.is_none() {
            self.push(Event::Cancelled { at, reason: Some(reason), refund: None });
        }
        Ok(())
    }

    /// The provider's word is taken whatever the state: money that the order has no use for goes back.
    fn confirm_payment(&mut self, attempt: u32, captured: Money, reference: String) {
        if self.order.payments.knows(&reference) && !planted::is(Bug::WebhookTwice) {
            return;
        }
        let at = self.at;
        let under_way = self.order.payments.under_way().map(|asked| asked.number);
        if self.order.status == Status::PaymentProcessing && under_way == Some(attempt) {
            let reference = Some(reference);
            self.push(Event::PaymentConfirmed { at, captured, attempt, reference });
            self.cancel_as_requested();
        } else {
            self.push(Event::StrayPaymentFound { at, attempt, captured, reference: reference.clone() });
            self.refund(captured, Some(reference));
        }
    }

    fn decline_payment(
        &mut self,
        attempt: u32,
        code: Option<String>,
        reason: Option<String>,
        pay_by: Timestamp,
    ) {
        let under_way = self.order.payments.under_way().map(|asked| asked.number);
        if self.order.status != Status::PaymentProcessing || under_way != Some(attempt) {
            return;
        }
        let pay_by = self.order.cancellation.is_none().then_some(pay_by);
        self.push(Event::PaymentDeclined { at: self.at, reason, attempt, code, pay_by });
        self.cancel_as_requested();
    }

    fn cancel_as_requested(&mut self) {
        if let Some(reason) = self.order.cancellation.clone() {
            self.call_off(reason);
        }
    }

    fn expire(&mut self) {
        let overdue = self.order.waits_until.is_some_and(|until| until <= self.at);
        if overdue && self.may(Action::CancelOrder) && !planted::is(Bug::NeverExpires) {
            let why = if self.order.reserved.is_some() { "not paid in time" } else { "out of stock" };
            self.call_off(Some(why.to_owned()));
        }
    }

    /// While the provider is being asked, nobody knows whether there is money to give back: the wish is kept until then.
    fn cancel(&mut self, reason: Option<String>) -> Result<(), Refusal> {
        match self.order.status {
            _ if self.said(Action::CancelOrder) => Ok(()),
            Status::PaymentProcessing if self.order.cancellation.is_some() => Ok(()),
            Status::PaymentProcessing => {
                self.push(Event::CancellationRequested { at: self.at, reason });
                Ok(())
            }
            _ => {
                self.require(Action::CancelOrder)?;
                self.call_off(reason);
                Ok(())
            }
        }
    }

    fn call_off(&mut self, reason: Option<String>) {
        let kept = Some(self.order.payments.kept(self.order.currency)).filter(|kept| kept.minor() > 0);
        self.push(Event::Cancelled { at: self.at, reason, refund: kept });
        if let Some(kept) = kept.filter(|_| !planted::is(Bug::MoneyKept)) {
            self.refund_kept(kept);
        }
    }

    /// Gives back a part of what the order is paid with, never more than is left of it.
    pub(super) fn refund_kept(&mut self, amount: Money) {
        let kept = self.order.payments.kept(self.order.currency);
        let amount = std::cmp::min_by_key(amount, kept, |it| it.minor());
        let reference = self.order.payments.capture().and_then(|(_, reference)| reference).map(str::to_owned);
        if amount.minor() > 0 {
            self.refund(amount, reference);
        }
    }

    fn refund(&mut self, amount: Money, reference: Option<String>) {
        let refund = self.order.payments.next_refund();
        self.push(Event::RefundRequested { at: self.at, refund, amount, reference });
    }

    fn confirm_refund(&mut self, number: u32, reference: String) -> Result<(), Refusal> {
        let known = self.order.payments.refunds.iter().find(|refund| refund.number == number);
        let Some(refund) = known.cloned() else { return Err(Refusal::NoRefund(number)) };
        if !refund.paid {
            let (at, amount) = (self.at, refund.amount);
            self.push(Event::RefundPaid { at, refund: number, amount, reference: Some(reference) });
            self.close_refunded();
        }
        Ok(())
    }

    /// A lost or returned order is refunded once all that was to go back has gone.
    pub(super) fn close_refunded(&mut self) {
        if self.may(Action::IssueRefund) && self.order.payments.settled() {
            let amount = self.order.payments.refunded(self.order.currency);
            self.push(Event::Refunded { at: self.at, amount });
        }
    }

    fn archive(&mut self) -> Result<(), Refusal> {
        if self.said(Action::ArchiveOrder) {
            return Ok(());
        }
        self.require(Action::ArchiveOrder)?;
        match self.order.returnable_until() {
            Some(until) if self.order.status == Status::Delivered && self.at <= until => {
                Err(Refusal::ReturnWindowOpen(until))
            }
            // What is owed is paid before it is put away.
            _ if !self.order.payments.settled() => Err(self.refuse(Action::ArchiveOrder)),
            _ => {
                self.push(Event::Archived { at: self.at });
                Ok(())
            }
        }
    }
}

fn shortage(missing: &[Units]) -> String {
    let each = missing.iter().map(|it| format!("{} of {}", it.quantity, it.product_id));
    format!("out of stock: {} missing", each.collect::<Vec<_>>().join(", "))
}

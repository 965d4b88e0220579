//! Commands to an order that exists: one read, one conditional write, and one more write for each lost race.

use jiff::Timestamp;
use penstock_domain::OrderId;
use penstock_domain::order::{self, Command, Event, WantedLine};

use super::{ATTEMPTS_MAX, COMMITS_MAX, OrderError, Orders};
use crate::caller::{Caller, Request};
use crate::catalogue::Catalogue;
use crate::history::{History, OrderRecord};
use crate::ledger::{AppendError, Commit, Head, Ledger};
use crate::tenants::Tenants;

/// What is said to an order, by whom, and on what condition.
pub struct ToOrder<'a> {
    /// Which order.
    pub id: OrderId,
    /// The request.
    pub request: &'a Request,
    /// Whether the caller's decision holds for a version (`If-Match`).
    pub expected: &'a (dyn Fn(u32) -> bool + Sync),
}

impl<L: Ledger, C: Catalogue, T: Tenants> Orders<L, C, T> {
    /// Orders what the draft says.
    ///
    /// # Errors
    /// Any [`OrderError`].
    pub async fn place(&self, caller: &Caller, to: ToOrder<'_>) -> Result<OrderRecord, OrderError> {
        self.tell(caller, to, Command::PlaceOrder).await
    }

    /// Calls the order off.
    ///
    /// # Errors
    /// Any [`OrderError`].
    pub async fn cancel(
        &self,
        caller: &Caller,
        to: ToOrder<'_>,
        reason: Option<String>,
    ) -> Result<OrderRecord, OrderError> {
        self.tell(caller, to, Command::CancelOrder { reason }).await
    }

    /// Replaces a draft's lines, at today's prices.
    ///
    /// # Errors
    /// Any [`OrderError`].
    pub async fn edit_draft(
        &self,
        caller: &Caller,
        to: ToOrder<'_>,
        items: &[WantedLine],
    ) -> Result<OrderRecord, OrderError> {
        let history = self.history(caller, to.id).await?;
        // Before prices are asked for: a repeat is answered, and a mistake refused, without them.
        if let Some(answer) = history.answered(to.request)? {
            return Ok(answer);
        }
        let now = history.now()?;
        expect(&now, to.expected)?;
        let limits = self.tenants.limits(&caller.tenant).await?;
        let probe = Command::EditDraft { lines: now.order.lines.clone(), limits };
        order::decide(&now.order, self.now(), probe)?;
        let (_, lines) = self.price(caller, items, Some(now.order.currency), limits).await?;
        self.commit(caller, &to, history, Command::EditDraft { lines, limits }).await
    }

    /// Says something to the order.
    ///
    /// # Errors
    /// Any [`OrderError`].
    pub async fn tell(
        &self,
        caller: &Caller,
        to: ToOrder<'_>,
        command: Command,
    ) -> Result<OrderRecord, OrderError> {
        let history = self.history(caller, to.id).await?;
        self.commit(caller, &to, history, command).await
    }

    /// Says something to the order on the platform's own behalf. What changes nothing is not written: a step is done again
    /// as often as its message comes, and its repeat is told from the order's state. So the commit's key is made of the
    /// version it was decided on: the same step may have something else to say another time.
    ///
    /// # Errors
    /// Any [`OrderError`].
    pub async fn step(
        &self,
        caller: &Caller,
        request: &Request,
        history: History,
        command: Command,
    ) -> Result<OrderRecord, OrderError> {
        let now = history.now()?;
        let at = self.now().max(history.newest_at());
        if order::decide(&now.order, at, command.clone())?.is_empty() {
            return Ok(now);
        }
        let id = history.id();
        let key = id.within(&caller.tenant, &format!("{}/{}", request.key, now.version)).into();
        let request = Request { key, ..request.clone() };
        let to = ToOrder { id, request: &request, expected: &|_| true };
        self.commit(caller, &to, history, command).await
    }

    async fn commit(
        &self,
        caller: &Caller,
        to: &ToOrder<'_>,
        mut history: History,
        command: Command,
    ) -> Result<OrderRecord, OrderError> {
        for _ in 0..ATTEMPTS_MAX {
            if let Some(answer) = history.answered(to.request)? {
                return Ok(answer);
            }
            let commit = self.decide(caller, to, &history, command.clone())?;
            match self.ledger.append(&commit).await {
                Ok(()) => {
                    commit.count_transitions();
                    history.push(commit);
                    return history.now();
                }
                Err(AppendError::Conflict(other)) => lost_to(&mut history, *other, to.request),
                Err(error) => return Err(error.into()),
            }
        }
        // The last conflict may have been our own write.
        history.answered(to.request)?.ok_or(OrderError::Contended)
    }

    /// The commit that comes next.
    fn decide(
        &self,
        caller: &Caller,
        to: &ToOrder<'_>,
        history: &History,
        command: Command,
    ) -> Result<Commit, OrderError> {
        let now = history.now()?;
        expect(&now, to.expected)?;
        let at = self.now().max(history.newest_at());
        // A command said before decides nothing, and is committed all the same: its key must be remembered, or
        // its repeat would be taken for a new command once the order has moved on.
        let events = order::decide(&now.order, at, command)?;
        if history.commits().len() >= COMMITS_MAX {
            return Err(OrderError::TooLong);
        }
        let head = history.head(&now, &events);
        Ok(Commit::of(caller, to.request, to.id, now.version + 1, at, events, head))
    }
}

/// Another commit came first: theirs, or ours whose answer was lost. Either way it is what comes next.
fn lost_to(history: &mut History, other: Commit, request: &Request) {
    if other.request_id == request.id {
        other.count_transitions();
    } else {
        metrics::counter!("LostRaces").increment(1);
    }
    history.push(other);
}

fn expect(now: &OrderRecord, expected: &(dyn Fn(u32) -> bool + Sync)) -> Result<(), OrderError> {
    if expected(now.version) { Ok(()) } else { Err(OrderError::VersionMoved(now.version)) }
}

impl Commit {
    /// The commit of what a request decided at a time.
    pub(super) fn of(
        caller: &Caller,
        request: &Request,
        order: OrderId,
        number: u32,
        at: Timestamp,
        events: Vec<Event>,
        head: Head,
    ) -> Self {
        Self {
            tenant: caller.tenant.clone(),
            order,
            number,
            at,
            actor: caller.subject.clone(),
            key: request.key,
            digest: request.digest.clone(),
            request_id: request.id.clone(),
            traceparent: request.traceparent.clone(),
            correlation_id: request.correlation_id.clone(),
            events,
            head: Some(head),
        }
    }

    /// Counts what happened, by transition.
    pub(super) fn count_transitions(&self) {
        for action in self.events.iter().filter_map(Event::action) {
            metrics::counter!("OrderTransitions", "Transition" => action.to_string()).increment(1);
        }
    }
}

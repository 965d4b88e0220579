//! Creating an order: no read, one conditional write.

use penstock_domain::order::{self, Contact, Creation, Event, Order, Summary, WantedLine};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{Currency, CustomerId, OrderId, PaymentMethod};

use super::{OrderError, Orders};
use crate::caller::{Caller, Request};
use crate::catalogue::Catalogue;
use crate::history::{History, OrderRecord};
use crate::ledger::{AppendError, Commit, Head, Ledger};
use crate::tenants::Tenants;

/// An order as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedOrder {
    /// Who buys.
    pub customer_id: CustomerId,
    /// What.
    pub items: Vec<WantedLine>,
    /// Stay a draft.
    pub draft: bool,
    /// What all its money is in; the first line's when not said.
    pub currency: Option<Currency>,
    /// What it is to be paid with, when that is known.
    pub payment: Option<PaymentMethod>,
    /// Who is told, and where it goes.
    pub contact: Option<Contact>,
}

/// What became of a creation.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    /// The order is new.
    New(OrderRecord),
    /// It was created by this very request before; as it was then.
    Before(OrderRecord),
}

impl<L: Ledger, C: Catalogue, T: Tenants> Orders<L, C, T> {
    /// Creates an order, and places it unless it shall stay a draft.
    ///
    /// One write; one read per hundred products that are not in memory. A repeat that would be refused today
    /// (a price changed, a product is gone) still meets its order: that costs one more read.
    ///
    /// # Errors
    /// [`OrderError::Refused`], [`OrderError::KeyReused`], [`OrderError::TooLarge`], [`OrderError::Unavailable`].
    pub async fn create(
        &self,
        caller: &Caller,
        request: &Request,
        wanted: WantedOrder,
    ) -> Result<Created, OrderError> {
        let mut id = OrderId::derive(&caller.tenant, request.key);
        if planted::is(Bug::OrderNamedByChance) {
            id = id.within(&caller.tenant, &request.id).into();
        }
        let appended = match self.decide_creation(caller, wanted).await {
            Ok(events) => self.append_first(caller, request, id, events).await,
            Err(error) => Err(error),
        };
        match appended {
            Err(no @ (OrderError::Refused(_) | OrderError::TooLarge { .. })) => {
                let first = self.ledger.first(&caller.tenant, id).await?;
                first.map_or(Err(no), |first| before(id, first, request))
            }
            other => other,
        }
    }

    async fn decide_creation(&self, caller: &Caller, wanted: WantedOrder) -> Result<Vec<Event>, OrderError> {
        let limits = self.tenants.limits(&caller.tenant).await?;
        let (currency, lines) = self.price(caller, &wanted.items, wanted.currency, limits).await?;
        let WantedOrder { customer_id, draft, payment, contact, .. } = wanted;
        let creation = Creation { customer_id, currency, lines, limits, payment, contact, draft };
        Ok(order::create(self.now(), creation)?)
    }

    async fn append_first(
        &self,
        caller: &Caller,
        request: &Request,
        id: OrderId,
        events: Vec<Event>,
    ) -> Result<Created, OrderError> {
        let order = Order::fold(&events).ok_or(OrderError::Corrupt(id))?;
        let at = events[0].at();
        let head = Head { first_sequence: 1, summary: Summary::of(&order) };
        let commit = Commit::of(caller, request, id, 1, at, events, head);
        match self.ledger.append(&commit).await {
            Ok(()) => {
                commit.count_transitions();
                Ok(Created::New(History::new(id, vec![commit])?.now()?))
            }
            Err(AppendError::Conflict(first)) => before(id, *first, request),
            Err(error) => Err(error.into()),
        }
    }
}

/// What the first commit under this id says to the request.
fn before(id: OrderId, first: Commit, request: &Request) -> Result<Created, OrderError> {
    let ours = first.request_id == request.id;
    let history = History::new(id, vec![first])?;
    let record = history.answered(request)?.ok_or(OrderError::KeyReused)?;
    // Written by this very attempt, whose answer was lost on the way: to the caller it is new.
    if ours {
        history.commits().iter().for_each(Commit::count_transitions);
        return Ok(Created::New(record));
    }
    Ok(Created::Before(record))
}

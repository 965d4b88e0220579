//! A view as stored: at most a little larger than the commits it is made from, so that what fits the ledger fits here.
//!
//! What can be computed (line totals) is not kept. The attributes that an index is keyed by change as seldom as can be: each
//! change is a write of the index too (docs/decisions/what-the-views-index.md).

use jiff::Timestamp;
use penstock_api::orders::Shown;
use penstock_application::{OrderRecord, Unavailable, archiving};
use penstock_domain::order::{FulfilmentStatus, Line, Status, Summary};
use penstock_domain::{CustomerId, Money, OrderId, TenantId};
use serde::{Deserialize, Serialize};

use super::position::{Position, millis};
use super::{ArchiveShard, VIEWS};
use crate::store::{Item, from_item, to_item, unavailable};

/// An order as the read model keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its place in the list.
    pub position: Position,
    customer_id: CustomerId,
    lines: Vec<Line>,
    updated: Timestamp,
    state: State,
    bytes: usize,
}

/// What seldom changes, or never.
#[derive(Serialize, Deserialize)]
struct Basis {
    pk: TenantId,
    sk: String,
    /// The partition of `by-customer`.
    customer: String,
    updated: Timestamp,
    /// JSON, as events have them.
    lines: String,
}

/// What a commit may change. An attribute that has no value is not there, and its index does not hold the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    version: u32,
    status: Status,
    total: Money,
    fulfilment: FulfilmentStatus,
    /// The partition of `waiting`: the tenant, while the order waits for somebody.
    waiting: Option<TenantId>,
    /// The partition of `to-archive`, once the order has ended.
    archive: Option<ArchiveShard>,
    /// When it is to be archived.
    archive_at: Option<String>,
}

impl State {
    pub(super) fn new(tenant: &TenantId, order: OrderId, version: u32, summary: &Summary) -> Self {
        let archive_at = archiving::due(summary);
        Self {
            version,
            status: summary.status,
            total: summary.total,
            fulfilment: summary.fulfilment,
            waiting: waits(summary.status).then(|| tenant.clone()),
            archive: archive_at.map(|_| ArchiveShard::of(order)),
            archive_at: archive_at.map(millis),
        }
    }

    /// Its attributes, those without a value as null.
    pub(super) fn item(&self) -> Result<Item, Unavailable> {
        to_item(VIEWS, self)
    }
}

/// Whether an order in this state waits for its customer, its shop or its provider. Those that do are few at any time and have
/// an index; the others are found among all orders.
pub(super) fn waits(status: Status) -> bool {
    match status {
        Status::Draft
        | Status::Pending
        | Status::PaymentProcessing
        | Status::PaymentFailed
        | Status::Confirmed
        | Status::Lost
        | Status::ReturnRequested
        | Status::Returned => true,
        Status::Shipped
        | Status::InTransit
        | Status::Delivered
        | Status::Refunded
        | Status::Cancelled
        | Status::Archived => false,
    }
}

/// The view of an order, whole.
pub(super) fn whole(tenant: &TenantId, record: &OrderRecord) -> Result<Item, Unavailable> {
    let OrderRecord { id, version, order } = record;
    let basis = Basis {
        pk: tenant.clone(),
        sk: Position { created_at: order.created_at, id: *id }.key(),
        customer: customer(tenant, order.customer_id),
        updated: order.updated_at,
        lines: lines(&order.lines)?,
    };
    let mut item = to_item(VIEWS, &basis)?;
    let state = State::new(tenant, *id, *version, &Summary::of(order)).item()?;
    item.extend(state.into_iter().filter(|(_, value)| !value.is_null()));
    Ok(item)
}

/// A customer's partition of `by-customer`.
pub(super) fn customer(tenant: &TenantId, id: CustomerId) -> String {
    format!("{tenant}#{id}")
}

/// Lines as they are stored.
pub(super) fn lines(lines: &[Line]) -> Result<String, Unavailable> {
    serde_json::to_string(lines).map_err(|error| unavailable(VIEWS)(error.into()))
}

impl Listed {
    pub(super) fn of(item: Item) -> Result<Self, Unavailable> {
        let state: State = from_item(VIEWS, item.clone())?;
        let basis: Basis = from_item(VIEWS, item)?;
        let damaged = || unavailable(VIEWS)(format!("view {} names no customer", basis.sk).into());
        let (_, customer) = basis.customer.split_once('#').ok_or_else(damaged)?;
        Ok(Self {
            position: Position::of_key(&basis.sk)?,
            customer_id: customer.parse().map_err(|_| damaged())?,
            lines: serde_json::from_str(&basis.lines).map_err(|error| unavailable(VIEWS)(error.into()))?,
            updated: basis.updated,
            state,
            bytes: basis.lines.len(),
        })
    }

    /// Where it is in its life.
    pub(super) fn status(&self) -> Status {
        self.state.status
    }

    /// How large it is, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The order as callers see it.
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            id: self.position.id,
            version: self.state.version,
            customer_id: self.customer_id,
            status: self.state.status,
            lines: &self.lines,
            total: self.state.total,
            created_at: self.position.created_at,
            updated_at: self.updated,
            fulfilment: self.state.fulfilment,
        }
    }
}

//! The read model: orders as callers see them, by time, customer and status.
//!
//! A view is written whole, unless a newer one is there: redelivery, reordering and rebuilding are harmless. What can
//! be computed (line totals) is not kept.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, TimestampRound, Unit};
use penstock_api::cursor::{Cursor, bad_cursor};
use penstock_api::orders::Shown;
use penstock_api::problem::Problem;
use penstock_application::{OrderRecord, Unavailable};
use penstock_domain::order::{Line, Status};
use penstock_domain::{CustomerId, Money, OrderId, TenantId};
use serde::{Deserialize, Serialize};

use crate::pages::{Page, cut};
use crate::store::{Item, from_item, sdk, text, to_item, unavailable};

const VIEWS: &str = "the read model";

/// Orders' views in DynamoDB.
#[derive(Clone)]
pub struct OrderViews {
    client: Client,
    table: String,
}

/// Which orders, and how many.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Of this customer only.
    pub customer_id: Option<CustomerId>,
    /// In this state only.
    pub status: Option<Status>,
    /// Created then or later.
    pub from: Option<Timestamp>,
    /// Created earlier than that.
    pub to: Option<Timestamp>,
    /// At most so many.
    pub limit: u32,
    /// Older than the one at this position.
    pub after: Option<Position>,
}

/// An order's place in every list: newest first, then by id.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// When it was created.
    pub created_at: Timestamp,
    /// Which it is.
    pub id: OrderId,
}

/// An order as the read model keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its place in the list.
    pub position: Position,
    item: ViewItem,
    lines: Vec<Line>,
}

/// A view as stored: at most a little larger than the commits it is made from, so that what fits the ledger fits here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewItem {
    pk: String,
    tenant: TenantId,
    customer: String,
    status: String,
    customer_status: String,
    created: String,
    version: u32,
    customer_id: CustomerId,
    order_status: Status,
    total: Money,
    updated: Timestamp,
    /// JSON, as events have them.
    lines: String,
}

impl OrderViews {
    /// The views in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Keeps the view of an order, unless a newer one is there. One conditional `PutItem`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, tenant: &TenantId, record: &OrderRecord) -> Result<(), Unavailable> {
        let item = to_item(VIEWS, &ViewItem::new(tenant, record)?)?;
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR version <= :version")
            .expression_attribute_values(":version", AttributeValue::N(record.version.to_string()))
            .send()
            .await;
        match put {
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(sdk(VIEWS)(error)),
            Ok(_) => Ok(()),
        }
    }

    /// A page of orders, newest first. One `Query` of the index that holds just what is wanted: what a list costs
    /// depends on what it shows, never on what it does not.
    ///
    /// # Errors
    /// When the read model cannot be read.
    pub async fn page(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Page<Listed>, Unavailable> {
        let (index, name, partition) = wanted.partition(tenant);
        let start = wanted.after.as_ref().map(|position| {
            Item::from([
                ("pk".to_owned(), text(format!("{tenant}#{}", position.id))),
                (name.to_owned(), text(&partition)),
                ("created".to_owned(), text(position.key())),
            ])
        });
        let (condition, bounds) = wanted.condition();
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index)
            .key_condition_expression(condition)
            .expression_attribute_names("#partition", name)
            .expression_attribute_values(":partition", text(&partition));
        for (name, bound) in bounds {
            query = query.expression_attribute_values(name, text(bound));
        }
        let page = query
            .scan_index_forward(false)
            .set_exclusive_start_key(start)
            .limit(wanted.limit.saturating_add(1).try_into().unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(sdk(VIEWS))?;
        let more = page.last_evaluated_key.is_some();
        let listed = page.items.unwrap_or_default().into_iter().map(listed);
        Ok(cut(listed.collect::<Result<_, _>>()?, wanted.limit, more))
    }
}

impl ViewItem {
    fn new(tenant: &TenantId, record: &OrderRecord) -> Result<Self, Unavailable> {
        let OrderRecord { id, version, order } = record;
        let lines = serde_json::to_string(&order.lines).map_err(|error| unavailable(VIEWS)(error.into()))?;
        Ok(Self {
            pk: format!("{tenant}#{id}"),
            tenant: tenant.clone(),
            customer: format!("{tenant}#{}", order.customer_id),
            status: format!("{tenant}#{}", order.status),
            customer_status: format!("{tenant}#{}#{}", order.customer_id, order.status),
            created: Position { created_at: order.created_at, id: *id }.key(),
            version: *version,
            customer_id: order.customer_id,
            order_status: order.status,
            total: order.total,
            updated: order.updated_at,
            lines,
        })
    }
}

impl Listed {
    /// The order as callers see it.
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            id: self.position.id,
            version: self.item.version,
            customer_id: self.item.customer_id,
            status: self.item.order_status,
            lines: &self.lines,
            total: self.item.total,
            created_at: self.position.created_at,
            updated_at: self.item.updated,
        }
    }
}

impl Wanted {
    /// The index that holds just these orders, its partition key, and the partition.
    fn partition(&self, tenant: &TenantId) -> (&'static str, &'static str, String) {
        match (self.customer_id, self.status) {
            (None, None) => ("by-time", "tenant", tenant.to_string()),
            (Some(customer), None) => ("by-customer", "customer", format!("{tenant}#{customer}")),
            (None, Some(status)) => ("by-status", "status", format!("{tenant}#{status}")),
            (Some(customer), Some(status)) => {
                ("by-customer-status", "customerStatus", format!("{tenant}#{customer}#{status}"))
            }
        }
    }

    /// The condition on the index's keys, and its values. A key goes on after its time, so that it is never equal
    /// to a bound: `BETWEEN`, which includes both its ends, leaves out what was created at `to`.
    fn condition(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let from = self.from.map(|from| (":from", millis(from)));
        let to = self.to.map(|to| (":to", millis(to)));
        let condition = match (&from, &to) {
            (None, None) => "#partition = :partition",
            (Some(_), None) => "#partition = :partition AND created >= :from",
            (None, Some(_)) => "#partition = :partition AND created < :to",
            (Some(_), Some(_)) => "#partition = :partition AND created BETWEEN :from AND :to",
        };
        (condition, from.into_iter().chain(to).collect())
    }
}

impl Position {
    /// Reads the position of a cursor.
    ///
    /// # Errors
    /// 400 when it is none of a list with these filters.
    pub fn from_cursor(cursor: &str, filters: &str) -> Result<Self, Problem> {
        let parts = Cursor::decode(cursor, filters, 2)?;
        match (parts[0].parse(), parts[1].parse()) {
            (Ok(created_at), Ok(id)) => Ok(Self { created_at, id }),
            _ => Err(bad_cursor()),
        }
    }

    /// The cursor of the page that comes after this position.
    pub fn to_cursor(&self, filters: &str) -> String {
        Cursor::encode(filters, &[&millis(self.created_at), &self.id.to_string()])
    }

    fn key(&self) -> String {
        format!("{}#{}", millis(self.created_at), self.id)
    }
}

/// A time as all stored times are: sortable, to the millisecond. A finer bound is rounded up to the next one.
fn millis(time: Timestamp) -> String {
    let up = TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Ceil);
    format!("{:.3}", time.round(up).unwrap_or(time))
}

fn listed(item: Item) -> Result<Listed, Unavailable> {
    let item: ViewItem = from_item(VIEWS, item)?;
    let damaged = || unavailable(VIEWS)(format!("view {} has no place in a list", item.pk).into());
    let (created, id) = item.created.split_once('#').ok_or_else(damaged)?;
    let position = Position {
        created_at: created.parse().map_err(|_| damaged())?,
        id: id.parse().map_err(|_| damaged())?,
    };
    let lines = serde_json::from_str(&item.lines).map_err(|error| unavailable(VIEWS)(error.into()))?;
    Ok(Listed { position, item, lines })
}

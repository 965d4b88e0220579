//! Lists of orders: which index they are read from, and what is looked at for what is shown.
//!
//! | asked for | read from | shown |
//! | --- | --- | --- |
//! | all of a tenant, or of a time | the table | what is read |
//! | a customer's | `by-customer` | what is read |
//! | a customer's in a state | `by-customer` | what is in that state |
//! | in a state in which orders wait | `waiting` | what is in that state |
//! | in another state | the table | what is in that state |
//!
//! An index may be behind: what it names is read from the table, and shown as it is there.

use std::collections::HashMap;

use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_domain::order::Status;
use penstock_domain::{CustomerId, TenantId};

use super::item::{Listed, customer, waits};
use super::position::{Position, millis};
use super::{OrderViews, VIEWS};
use crate::store::{BATCH_KEYS_MAX, Item, batch_get, sdk, text};

/// How many orders one request looks at for those that it shows; the next one goes on from there.
pub const LOOKED_AT_MAX: usize = 1_000;
/// How many are read at once when it is not known how many of them are shown.
const STEP: usize = 100;
/// How much one page shows, as stored. Lambda's reply may have six times as much.
const BYTES_MAX: usize = 1024 * 1024;

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

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// What is shown: fewer than were wanted, or none, when too many had to be looked at.
    pub items: Vec<Listed>,
    /// What the next page comes after; nothing on the last page.
    pub next: Option<Position>,
}

/// A partition that holds all that is wanted, and may hold more.
struct Source {
    index: Option<&'static str>,
    /// The name of its partition key.
    key: &'static str,
    partition: String,
}

impl OrderViews {
    /// A page of orders, newest first.
    ///
    /// One `Query`, and for an index a `BatchGetItem` of what it names, when all that is read is shown. Else as many of both as
    /// it takes, a hundred orders each, until [`LOOKED_AT_MAX`] were looked at.
    ///
    /// # Errors
    /// When the read model cannot be read.
    pub async fn page(&self, tenant: &TenantId, wanted: &Wanted) -> Result<Listing, Unavailable> {
        let source = wanted.source(tenant);
        let count = if wanted.shows_all() { wanted.limit as usize + 1 } else { STEP };
        let mut page = Gathered::new(wanted.limit as usize);
        let (mut after, mut looked_at) = (wanted.after.clone(), 0);
        loop {
            let (read, rest) = self.read(tenant, &source, wanted, after, count).await?;
            looked_at += count;
            for order in read.into_iter().filter(|order| wanted.shows(order)) {
                if let Some(beyond) = page.add(order) {
                    return Ok(page.until(beyond));
                }
            }
            match rest {
                Some(rest) if looked_at < LOOKED_AT_MAX => after = Some(rest),
                next => return Ok(Listing { items: page.items, next }),
            }
        }
    }

    /// Up to `count` orders of the source as they are in the table, and after which the rest comes, if there may be any.
    async fn read(
        &self,
        tenant: &TenantId,
        source: &Source,
        wanted: &Wanted,
        after: Option<Position>,
        count: usize,
    ) -> Result<(Vec<Listed>, Option<Position>), Unavailable> {
        let (condition, bounds) = wanted.condition();
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(source.index.map(str::to_owned))
            .key_condition_expression(condition)
            .expression_attribute_names("#partition", source.key)
            .expression_attribute_values(":partition", text(&source.partition))
            .set_exclusive_start_key(after.map(|position| source.start(tenant, &position)))
            .scan_index_forward(false)
            .limit(count.try_into().unwrap_or(i32::MAX));
        for (name, bound) in bounds {
            query = query.expression_attribute_values(name, text(bound));
        }
        let page = query.send().await.map_err(sdk(VIEWS))?;
        let rest = page.last_evaluated_key.map(|key| Position::of_key(sort_key(&key))).transpose()?;
        let items = page.items.unwrap_or_default();
        let items = if source.index.is_some() { self.fetch(items).await? } else { items };
        Ok((items.into_iter().map(Listed::of).collect::<Result<_, _>>()?, rest))
    }

    /// The views that an index names, in its order; those that are gone are left out.
    async fn fetch(&self, named: Vec<Item>) -> Result<Vec<Item>, Unavailable> {
        let mut found = HashMap::new();
        for names in named.chunks(BATCH_KEYS_MAX) {
            let keys = names.iter().map(table_key).collect();
            let items = batch_get(VIEWS, &self.client, &self.table, keys).await?;
            found.extend(items.into_iter().map(|item| (sort_key(&item).to_owned(), item)));
        }
        Ok(named.iter().filter_map(|name| found.remove(sort_key(name))).collect())
    }
}

/// The orders of a page as it fills.
struct Gathered {
    items: Vec<Listed>,
    bytes: usize,
    limit: usize,
}

impl Gathered {
    fn new(limit: usize) -> Self {
        Self { items: Vec::new(), bytes: 0, limit }
    }

    /// Adds an order; when the page is full, the position after which the next page comes.
    fn add(&mut self, order: Listed) -> Option<Position> {
        self.bytes += order.bytes();
        let fits = self.items.len() < self.limit && self.bytes <= BYTES_MAX;
        let last = self.items.last().map(|last| last.position.clone()).filter(|_| !fits);
        if last.is_none() {
            self.items.push(order);
        }
        last
    }

    fn until(self, last: Position) -> Listing {
        Listing { items: self.items, next: Some(last) }
    }
}

impl Wanted {
    fn source(&self, tenant: &TenantId) -> Source {
        let source = |index, key, partition| Source { index, key, partition };
        match (self.customer_id, self.status) {
            (Some(id), _) => source(Some("by-customer"), "customer", customer(tenant, id)),
            (None, Some(status)) if waits(status) => source(Some("waiting"), "waiting", tenant.to_string()),
            (None, _) => source(None, "pk", tenant.to_string()),
        }
    }

    /// Whether nothing is read that is not shown.
    fn shows_all(&self) -> bool {
        self.status.is_none()
    }

    fn shows(&self, order: &Listed) -> bool {
        self.status.is_none_or(|status| status == order.status())
    }

    /// The condition on the source's keys, and its values. A key goes on after its time, so that it is never equal
    /// to a bound: `BETWEEN`, which includes both its ends, leaves out what was created at `to`.
    fn condition(&self) -> (&'static str, Vec<(&'static str, String)>) {
        let from = self.from.map(|from| (":from", millis(from)));
        let to = self.to.map(|to| (":to", millis(to)));
        let condition = match (&from, &to) {
            (None, None) => "#partition = :partition",
            (Some(_), None) => "#partition = :partition AND sk >= :from",
            (None, Some(_)) => "#partition = :partition AND sk < :to",
            (Some(_), Some(_)) => "#partition = :partition AND sk BETWEEN :from AND :to",
        };
        (condition, from.into_iter().chain(to).collect())
    }
}

impl Source {
    /// Where reading goes on after an order.
    fn start(&self, tenant: &TenantId, position: &Position) -> Item {
        Item::from([
            ("pk".to_owned(), text(tenant.as_str())),
            ("sk".to_owned(), text(position.key())),
            (self.key.to_owned(), text(&self.partition)),
        ])
    }
}

/// A view's own key, of an entry of an index.
fn table_key(entry: &Item) -> Item {
    entry
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "pk" | "sk"))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}

/// What distinguishes a view from others of its tenant.
fn sort_key(item: &Item) -> &str {
    item.get("sk").and_then(|key| key.as_s().ok()).map_or("", String::as_str)
}

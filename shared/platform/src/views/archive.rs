//! Which orders are to be archived: those that ended, in an index that holds no others, by when it is time.
//!
//! No tenant's name stands before its keys, as no request reads it: one schedule works for all tenants. It is spread over
//! sixteen shards so that the deliveries of all tenants do not meet in one partition.

use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_domain::{OrderId, TenantId};
use serde::{Deserialize, Serialize};

use super::position::{Position, millis};
use super::{OrderViews, VIEWS};
use crate::store::{Item, from_item, sdk, text};

const INDEX: &str = "to-archive";
/// How many orders are read at once.
const PAGE_ORDERS: i32 = 100;

/// A part of the orders that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArchiveShard(char);

/// Some of the orders that are to be archived.
pub struct ToArchive {
    /// Whose, and which.
    pub orders: Vec<(TenantId, OrderId)>,
    /// Where the rest begins, if there may be more.
    pub next: Option<ToArchiveKey>,
}

/// A place among the orders of a shard.
pub struct ToArchiveKey(Item);

#[derive(Deserialize)]
struct Entry {
    pk: TenantId,
    sk: String,
}

impl ArchiveShard {
    /// All of them: some 8,000 orders a second may end, and as many be archived, before one takes more writes than a partition.
    pub fn all() -> impl Iterator<Item = Self> {
        "0123456789abcdef".chars().map(Self)
    }

    /// The shard of an order. Ids are digests, so that their last digit spreads evenly.
    pub(super) fn of(order: OrderId) -> Self {
        Self(order.to_string().pop().expect("a UUID has digits"))
    }
}

impl OrderViews {
    /// A page of a shard's orders that were to be archived before `time`, oldest first. One `Query`.
    ///
    /// An order stays among them until the read model has seen that it was archived.
    ///
    /// # Errors
    /// When the read model cannot be read.
    pub async fn to_archive(
        &self,
        shard: ArchiveShard,
        time: Timestamp,
        after: Option<ToArchiveKey>,
    ) -> Result<ToArchive, Unavailable> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("#archive = :shard AND archiveAt < :time")
            .expression_attribute_names("#archive", "archive")
            .expression_attribute_values(":shard", text(shard.0))
            .expression_attribute_values(":time", text(millis(time)))
            .set_exclusive_start_key(after.map(|key| key.0))
            .limit(PAGE_ORDERS)
            .send()
            .await
            .map_err(sdk(VIEWS))?;
        let orders = page.items.unwrap_or_default().into_iter().map(order);
        Ok(ToArchive {
            orders: orders.collect::<Result<_, _>>()?,
            next: page.last_evaluated_key.map(ToArchiveKey),
        })
    }
}

fn order(item: Item) -> Result<(TenantId, OrderId), Unavailable> {
    let Entry { pk, sk } = from_item(VIEWS, item)?;
    Ok((pk, Position::of_key(&sk)?.id))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_order_is_in_one_of_the_shards() {
        let last_digits: Vec<_> =
            (0..16).map(|number| ArchiveShard::of(Uuid::from_u128(0xabcd_0000 + number).into())).collect();
        assert_eq!(last_digits, ArchiveShard::all().collect::<Vec<_>>());
    }
}

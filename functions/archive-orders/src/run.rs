//! One run of the schedule: so many orders at most, of every shard alike.

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use penstock_application::{OrderError, Unavailable};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{OrderId, TenantId};
use penstock_platform::app::App;
use penstock_platform::failure::chain;
use penstock_platform::views::ArchiveShard;
use serde::Serialize;

/// How many shards are worked on at once, and how many orders of each.
const SHARDS_AT_ONCE: usize = 4;
const ORDERS_AT_ONCE: usize = 8;
/// How many pages of 100 orders one run takes from a shard: some 24,000 orders an hour from all sixteen.
const PAGES_MAX: usize = 15;

/// One run.
#[derive(Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) app: &'a App,
    /// What caused it.
    pub(crate) id: &'a str,
    /// Orders are archived that were to be before that.
    pub(crate) time: Timestamp,
}

/// What a run did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Done {
    archived: usize,
    /// Those that must not be archived yet: money is owed, or something happened to them meanwhile.
    #[serde(rename = "notYet")]
    not_yet: usize,
    #[serde(skip)]
    pub(crate) failed: usize,
    /// Whether more are left to the next run.
    more: bool,
}

/// What became of one order.
enum Fate {
    Archived,
    NotYet,
    Failed,
}

impl Run<'_> {
    /// Works on every shard.
    pub(crate) async fn all(self) -> Result<Done, Unavailable> {
        let shards = stream::iter(ArchiveShard::all()).map(|shard| self.shard(shard));
        let done = shards
            .buffer_unordered(SHARDS_AT_ONCE)
            .try_fold(Done::default(), |sum, of| async { Ok(sum.and(of)) });
        done.await
    }

    async fn shard(self, shard: ArchiveShard) -> Result<Done, Unavailable> {
        let (mut done, mut after) = (Done::default(), None);
        for _ in 0..PAGES_MAX {
            let page = self.app.views.to_archive(shard, self.time, after).await?;
            let fates = stream::iter(page.orders).map(|(tenant, order)| self.archive(tenant, order));
            done = fates
                .buffer_unordered(ORDERS_AT_ONCE)
                .fold(done, |done, fate| async { done.with(fate) })
                .await;
            after = page.next;
            if after.is_none() {
                return Ok(done);
            }
        }
        Ok(Done { more: true, ..done })
    }

    async fn archive(self, tenant: TenantId, order: OrderId) -> Fate {
        if planted::is(Bug::NeverArchived) {
            return Fate::NotYet;
        }
        match self.app.orders.archive(&tenant, order, self.id).await {
            Ok(()) => Fate::Archived,
            Err(OrderError::Refused(refusal)) => {
                tracing::debug!(%tenant, %order, %refusal, "an order is not archived yet");
                Fate::NotYet
            }
            Err(error) => {
                tracing::error!(%tenant, %order, error = chain(&error), "an order was not archived");
                Fate::Failed
            }
        }
    }
}

impl Done {
    fn with(mut self, fate: Fate) -> Self {
        match fate {
            Fate::Archived => self.archived += 1,
            Fate::NotYet => self.not_yet += 1,
            Fate::Failed => self.failed += 1,
        }
        self
    }

    fn and(self, other: Self) -> Self {
        Self {
            archived: self.archived + other.archived,
            not_yet: self.not_yet + other.not_yet,
            failed: self.failed + other.failed,
            more: self.more || other.more,
        }
    }
}

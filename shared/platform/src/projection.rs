//! From the ledger to the read model: what the stream brings, and everything anew.
//!
//! All commits of an order in a batch are one write of its view, and the writes of 25 orders one call.

use std::collections::BTreeMap;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use aws_sdk_dynamodb::types::AttributeValue;
use futures::StreamExt;
use futures::stream;
use penstock_application::ledger::{Commit, Ledger};
use penstock_application::{History, Unavailable};
use penstock_domain::{OrderId, TenantId};

use crate::app::App;
use crate::failure::chain;
use crate::ledger::commit;
use crate::store::{Item, sdk, text};
use crate::views::{ViewChange, ViewWrite};

/// How many orders are projected at once.
const CONCURRENCY_MAX: usize = 16;
/// How many orders one invocation rebuilds: a few minutes' work.
const REBUILD_ORDERS_MAX: usize = 20_000;
const REBUILD_PAGE_ITEMS: i32 = 500;

/// The commits of one order in a batch, each once and in order, and where in the stream the first of them stands.
struct Change {
    tenant: TenantId,
    order: OrderId,
    first: usize,
    commits: Vec<Commit>,
}

impl Change {
    /// The order's history, when it begins with these commits and they leave none out.
    fn whole(&self) -> Option<History> {
        let complete = self.commits.iter().zip(1..).all(|(commit, number)| commit.number == number);
        History::new(self.order, self.commits.clone()).ok().filter(|_| complete)
    }

    /// What can be written of it without reading anything.
    fn write(&self) -> Option<ViewWrite<'_>> {
        match self.whole() {
            Some(history) => Some(ViewWrite::New(&self.tenant, Box::new(history.now().ok()?))),
            None => ViewChange::of(&self.commits).map(ViewWrite::Change),
        }
    }

    /// Adds a commit, unless it is there: a stream may show it twice.
    fn add(&mut self, commit: Commit) {
        if let Err(place) = self.commits.binary_search_by_key(&commit.number, |it| it.number) {
            self.commits.insert(place, commit);
        }
    }

    /// Says in the log that it was not projected; its place.
    fn report(&self, error: &ProjectionError) -> usize {
        let newest = self.commits.last();
        let correlation_id = newest.map(|commit| commit.correlation_id.as_str());
        let traceparent = newest.and_then(|commit| commit.traceparent.as_deref());
        let trace_id = traceparent.and_then(|parent| parent.split('-').nth(1));
        let (tenant, order, error) = (&self.tenant, self.order, chain(error));
        tracing::error!(%tenant, %order, correlation_id, trace_id, error, "an order was not projected");
        self.first
    }
}

impl App {
    /// Brings the read model up to date with a batch of the ledger's stream.
    ///
    /// Answers the place of the first record that failed: Lambda delivers from there again, and what was projected
    /// after it is projected once more, without harm.
    pub async fn project(&self, batch: &Event) -> DynamoDbEventResponse {
        let (changes, malformed) = changes(&batch.records);
        let failed = self.project_together(changes).await;
        let mut response = DynamoDbEventResponse::default();
        if let Some(first) = failed.into_iter().chain(malformed).min() {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = batch.records[first].change.sequence_number.clone();
            response.batch_item_failures.push(failure);
        }
        response
    }

    /// Projects what can be written unread in as few calls as there can be, and then what could not; the places of what failed.
    async fn project_together(&self, changes: Vec<Change>) -> Vec<usize> {
        let (unread, writes): (Vec<usize>, Vec<ViewWrite<'_>>) =
            changes.iter().enumerate().filter_map(|(at, change)| Some((at, change.write()?))).unzip();
        let mut written: BTreeMap<usize, _> =
            unread.into_iter().zip(self.views.write(&writes).await).collect();
        let left = changes.iter().enumerate().map(|(at, change)| (change, written.remove(&at)));
        let left: Vec<_> = left.map(|(change, written)| self.conclude(change, written)).collect();
        let failed = stream::iter(left).buffer_unordered(CONCURRENCY_MAX);
        failed.filter_map(|failed| async move { failed }).collect().await
    }

    /// Writes whole what was not written unread; the change's place when that fails.
    async fn conclude(&self, change: &Change, written: Option<Result<bool, Unavailable>>) -> Option<usize> {
        let done = match written {
            Some(Ok(true)) => return None,
            Some(Err(error)) => Err(error.into()),
            Some(Ok(false)) | None => self.project_whole(change).await,
        };
        done.err().map(|error| change.report(&error))
    }

    /// Writes an order's view whole. The ledger is asked when the change's commits are not all that there are.
    async fn project_whole(&self, change: &Change) -> Result<(), ProjectionError> {
        let history = match change.whole() {
            Some(history) => history,
            None => History::new(change.order, self.ledger.read(&change.tenant, change.order).await?)?,
        };
        Ok(self.views.put(&change.tenant, &history.now()?).await?)
    }

    /// Projects every order anew, from the whole ledger: for a read model that was lost, or that gained a field.
    ///
    /// Stops after 20,000 orders and says where to go on. An order that cannot be projected is logged and named, and
    /// does not hold up the others.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn rebuild(&self, after: Option<LedgerKey>) -> Result<Rebuilt, ProjectionError> {
        let mut rebuilt = Rebuilt { orders: 0, failed: vec![], next: after };
        while rebuilt.orders + rebuilt.failed.len() < REBUILD_ORDERS_MAX {
            let (orders, next) = self.orders_after(rebuilt.next.take()).await?;
            let count = orders.len();
            let failed: Vec<_> = stream::iter(orders)
                .map(|(tenant, order)| self.rebuild_order(tenant, order))
                .buffer_unordered(CONCURRENCY_MAX)
                .filter_map(|failed| async move { failed })
                .collect()
                .await;
            rebuilt.orders += count - failed.len();
            rebuilt.failed.extend(failed);
            rebuilt.next = next;
            if rebuilt.next.is_none() {
                break;
            }
        }
        Ok(rebuilt)
    }

    async fn rebuild_order(&self, tenant: TenantId, order: OrderId) -> Option<OrderId> {
        let change = Change { tenant, order, first: 0, commits: vec![] };
        self.conclude(&change, None).await.map(|_| order)
    }

    /// The orders whose creation stands in the next page of the ledger. One `Scan`.
    async fn orders_after(
        &self,
        after: Option<LedgerKey>,
    ) -> Result<(Vec<(TenantId, OrderId)>, Option<LedgerKey>), Unavailable> {
        let page = self
            .ledger
            .client()
            .scan()
            .table_name(self.ledger.table())
            .filter_expression("sk = :first")
            .expression_attribute_values(":first", AttributeValue::N("1".to_owned()))
            .limit(REBUILD_PAGE_ITEMS)
            .set_exclusive_start_key(after.map(LedgerKey::item))
            .send()
            .await
            .map_err(sdk("the ledger"))?;
        let orders = page.items.unwrap_or_default().into_iter().map(commit);
        let orders = orders.map(|first| first.map(|first| (first.tenant, first.order)));
        Ok((orders.collect::<Result<_, _>>()?, page.last_evaluated_key.and_then(LedgerKey::of)))
    }
}

/// Where a rebuild goes on.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LedgerKey {
    pk: String,
    sk: String,
}

/// What a rebuild did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many orders were projected.
    pub orders: usize,
    /// Those that could not be.
    pub failed: Vec<OrderId>,
    /// Where to go on; nothing when all is done.
    pub next: Option<LedgerKey>,
}

/// Why an order was not projected.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    /// A table could not be reached.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The order's commits make no order.
    #[error(transparent)]
    Order(#[from] penstock_application::OrderError),
}

impl LedgerKey {
    fn item(self) -> Item {
        Item::from([("pk".to_owned(), text(self.pk)), ("sk".to_owned(), AttributeValue::N(self.sk))])
    }

    fn of(item: Item) -> Option<Self> {
        let pk = item.get("pk")?.as_s().ok()?.clone();
        let sk = item.get("sk")?.as_n().ok()?.clone();
        Some(Self { pk, sk })
    }
}

/// The batch's commits by order, and the place of the first record that is no commit.
fn changes(records: &[EventRecord]) -> (Vec<Change>, Option<usize>) {
    let mut changes: BTreeMap<(TenantId, OrderId), Change> = BTreeMap::new();
    let mut malformed = None;
    for (place, record) in records.iter().enumerate() {
        if record.change.new_image.inner().is_empty() {
            continue; // A deletion: the ledger makes none.
        }
        match commit(record.change.new_image.clone()) {
            Ok(commit) => {
                let of_order = changes.entry((commit.tenant.clone(), commit.order));
                let change = of_order.or_insert_with(|| Change {
                    tenant: commit.tenant.clone(),
                    order: commit.order,
                    first: place,
                    commits: vec![],
                });
                change.add(commit);
            }
            Err(error) => {
                tracing::error!(error = chain(&error), "a stream record is no commit");
                malformed = malformed.or(Some(place));
            }
        }
    }
    (changes.into_values().collect(), malformed)
}

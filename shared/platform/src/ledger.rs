//! The ledger: orders' commits in one DynamoDB table, one item a commit.
//!
//! `pk` = `{tenant}#{order}`, `sk` = commit number. The table's stream is the outbox: nothing else publishes events.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_application::ledger::{AppendError, Commit, Head, Ledger};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{IdempotencyKey, OrderId, TenantId};
use serde::{Deserialize, Serialize};

use crate::store::{item_bytes, sdk, text, to_item, unavailable};

const LEDGER: &str = "the ledger";
/// The largest commit. DynamoDB's limit for an item is 400 KB; the rest is left to attributes of later versions.
pub const COMMIT_BYTES_MAX: usize = 380 * 1024;
/// A Query page holds up to 1 MB; an order that needs more pages than this is damaged.
const PAGES_MAX: usize = 100;

/// Orders' commits in DynamoDB.
#[derive(Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
}

impl DynamoLedger {
    /// The ledger in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }
}

impl Ledger for DynamoLedger {
    /// One consistent `Query` a page of 1 MB: 1 read unit per started 4 KB.
    async fn read(&self, tenant: &TenantId, order: OrderId) -> Result<Vec<Commit>, Unavailable> {
        let mut commits = Vec::new();
        let mut start = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(!planted::is(Bug::HistoryAsItWas))
                .key_condition_expression("pk = :pk")
                .expression_attribute_values(":pk", text(partition(tenant, order)))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(sdk(LEDGER))?;
            for item in page.items.unwrap_or_default() {
                commits.push(commit(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(commits);
            }
        }
        Err(unavailable(LEDGER)(format!("order {order} has more than {PAGES_MAX} pages").into()))
    }

    /// One consistent `GetItem`.
    async fn first(&self, tenant: &TenantId, order: OrderId) -> Result<Option<Commit>, Unavailable> {
        let found = self
            .client
            .get_item()
            .table_name(&self.table)
            .consistent_read(true)
            .key("pk", text(partition(tenant, order)))
            .key("sk", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .map_err(sdk(LEDGER))?;
        found.item.map(commit).transpose()
    }

    /// One conditional `PutItem`: 1 write unit per started KB, twice that in a replicated region.
    async fn append(&self, new: &Commit) -> Result<(), AppendError> {
        let item = to_item(LEDGER, &CommitItem::new(new)?)?;
        let bytes = item_bytes(&item);
        if bytes > COMMIT_BYTES_MAX {
            return Err(AppendError::TooLarge { bytes, max: COMMIT_BYTES_MAX });
        }
        let free = match planted::is(Bug::LedgerWithoutCondition) {
            true => "attribute_not_exists(planted)",
            false => "attribute_not_exists(pk)",
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(free)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(()) };
        let taken = error.as_service_error().and_then(|error| match error {
            aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(taken) => {
                taken.item.clone()
            }
            _ => None,
        });
        match taken {
            Some(item) => Err(AppendError::Conflict(Box::new(commit(item)?))),
            None => Err(sdk(LEDGER)(error).into()),
        }
    }
}

/// A commit as stored. Attributes are added, never renamed.
#[derive(Serialize, Deserialize)]
struct CommitItem {
    pk: String,
    sk: u32,
    at: Timestamp,
    actor: String,
    key: IdempotencyKey,
    digest: String,
    request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<String>,
    correlation: String,
    /// JSON, in the domain's frozen form.
    events: String,
    /// The number of the first event among the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<u32>,
    /// The order after it, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
}

impl CommitItem {
    fn new(commit: &Commit) -> Result<Self, Unavailable> {
        let broken = |error: serde_json::Error| unavailable(LEDGER)(error.into());
        let events = serde_json::to_string(&commit.events).map_err(broken)?;
        // A first commit is the whole order: it is kept below 1 KB, for a write unit less.
        let head = commit.head.as_ref().filter(|_| commit.number > 1);
        let summary = head.map(|head| serde_json::to_string(&head.summary)).transpose();
        Ok(Self {
            pk: partition(&commit.tenant, commit.order),
            sk: commit.number,
            at: commit.at,
            actor: commit.actor.clone(),
            key: commit.key,
            digest: commit.digest.clone(),
            request: commit.request_id.clone(),
            traceparent: commit.traceparent.clone(),
            correlation: commit.correlation_id.clone(),
            events,
            sequence: head.map(|head| head.first_sequence),
            summary: summary.map_err(broken)?,
        })
    }
}

/// The commit that an item, read or streamed, stands for.
///
/// # Errors
/// When the item is none of the ledger's.
pub(crate) fn commit(item: impl Into<serde_dynamo::Item>) -> Result<Commit, Unavailable> {
    let stored: CommitItem =
        serde_dynamo::from_item(item.into()).map_err(|error| unavailable(LEDGER)(error.into()))?;
    let (tenant, order) = stored.pk.split_once('#').unwrap_or_default();
    let damaged = |error: Box<dyn std::error::Error + Send + Sync>| unavailable(LEDGER)(error);
    Ok(Commit {
        tenant: tenant.parse().map_err(|error: penstock_domain::InvalidTenantId| damaged(error.into()))?,
        order: order.parse().map_err(|error: uuid::Error| damaged(error.into()))?,
        number: stored.sk,
        at: stored.at,
        actor: stored.actor,
        key: stored.key,
        digest: stored.digest,
        request_id: stored.request,
        traceparent: stored.traceparent,
        correlation_id: stored.correlation,
        events: serde_json::from_str(&stored.events).map_err(|error| damaged(error.into()))?,
        head: head(stored.sequence, stored.summary.as_deref()).map_err(|error| damaged(error.into()))?,
    })
}

fn head(sequence: Option<u32>, summary: Option<&str>) -> Result<Option<Head>, serde_json::Error> {
    let (Some(first_sequence), Some(summary)) = (sequence, summary) else { return Ok(None) };
    Ok(Some(Head { first_sequence, summary: serde_json::from_str(summary)? }))
}

fn partition(tenant: &TenantId, order: OrderId) -> String {
    format!("{tenant}#{order}")
}

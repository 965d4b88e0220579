//! Adjustments that were done, as stored. Attributes are added, never renamed.

use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_application::stock::ledger::AdjustmentRecord;
use penstock_domain::stock::Totals;
use penstock_domain::{IdempotencyKey, ProductId, TenantId};
use serde::{Deserialize, Serialize};

use super::items::adjustment_partition;
use super::{Condition, STOCK, Write};
use crate::store::to_item;

/// An adjustment that was done.
#[derive(Serialize, Deserialize)]
pub(super) struct AdjustmentItem {
    pk: String,
    sk: u64,
    key: IdempotencyKey,
    product: ProductId,
    digest: String,
    request: String,
    actor: String,
    at: Timestamp,
    after: Totals,
}

impl AdjustmentItem {
    pub(super) fn write(tenant: &TenantId, record: &AdjustmentRecord) -> Result<Write, Unavailable> {
        let record = record.clone();
        let item = Self {
            pk: adjustment_partition(tenant, record.key),
            sk: 0,
            key: record.key,
            product: record.product,
            digest: record.digest,
            request: record.request_id,
            actor: record.actor,
            at: record.at,
            after: record.after,
        };
        Ok(Write { item: to_item(STOCK, &item)?, condition: Condition::Missing })
    }
}

impl From<AdjustmentItem> for AdjustmentRecord {
    fn from(item: AdjustmentItem) -> Self {
        let AdjustmentItem { key, product, digest, request: request_id, actor, at, after, .. } = item;
        Self { key, product, digest, request_id, actor, at, after }
    }
}

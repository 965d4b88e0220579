//! A webhook's deliveries: noted, and listed newest first.

use aws_sdk_dynamodb::types::AttributeValue;
use penstock_api::webhooks::{AttemptView, DeliveryStatusView, DeliveryView};
use penstock_application::Unavailable;
use penstock_application::webhooks::{Delivery, DeliveryStatus};
use penstock_domain::{DeliveryId, TenantId, WebhookId};

use super::items::{self, DeliveryItem};
use super::{DynamoWebhooks, WEBHOOKS, is_conflict};
use crate::pages::{Page, cut};
use crate::store::{sdk, text, to_item};

impl DynamoWebhooks {
    /// A page of a webhook's deliveries, newest first, after `after`. One `Query`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn deliveries(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Page<Delivery>, Unavailable> {
        let query = self.client.query().table_name(&self.table).scan_index_forward(false);
        let query = query
            .expression_attribute_values(":pk", text(items::deliveries(tenant, webhook)))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX));
        let query = match after {
            None => query.key_condition_expression("pk = :pk"),
            Some(after) => query
                .key_condition_expression("pk = :pk AND sk < :after")
                .expression_attribute_values(":after", text(after.to_string())),
        };
        let found = query.send().await.map_err(sdk(WEBHOOKS))?;
        let more = found.last_evaluated_key.is_some();
        let deliveries = found.items.unwrap_or_default().into_iter().map(items::delivery);
        Ok(cut(deliveries.collect::<Result<_, _>>()?, limit, more))
    }

    pub(super) async fn put_delivery(
        &self,
        tenant: &TenantId,
        delivery: &Delivery,
    ) -> Result<(), Unavailable> {
        let item = to_item(WEBHOOKS, &DeliveryItem::new(tenant, delivery))?;
        let attempts = AttributeValue::N(delivery.attempts.to_string());
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression("attribute_not_exists(pk) OR attempts < :attempts")
            .expression_attribute_values(":attempts", attempts);
        match put.send().await {
            Err(error) if !is_conflict(&error) => Err(sdk(WEBHOOKS)(error)),
            _ => Ok(()),
        }
    }
}

/// A delivery as the API shows it.
pub fn shown(delivery: &Delivery) -> DeliveryView {
    let last = delivery.last.clone();
    DeliveryView {
        delivery_id: delivery.id,
        event_id: delivery.event_id.clone(),
        event_type: delivery.event_type.clone(),
        status: match delivery.status {
            DeliveryStatus::Pending => DeliveryStatusView::Pending,
            DeliveryStatus::Delivered => DeliveryStatusView::Delivered,
            DeliveryStatus::Failed => DeliveryStatusView::Failed,
        },
        attempts: delivery.attempts,
        began_at: delivery.began_at,
        last_attempt: AttemptView {
            at: last.at,
            duration_ms: last.duration_ms,
            status: last.status,
            answer: last.answer,
            error: last.error,
        },
        next_attempt_at: delivery.next_at,
    }
}

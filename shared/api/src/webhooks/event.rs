//! What webhooks are told of.

use penstock_domain::{DeliveryId, TenantId, WebhookId};
use serde_json::json;

/// Every type of event that an order has, by the name that envelopes give it.
pub const EVENT_TYPES: [&str; 25] = [
    "penstock.order.created",
    "penstock.order.linesReplaced",
    "penstock.order.placed",
    "penstock.order.paymentMethodGiven",
    "penstock.order.stockReserved",
    "penstock.order.stockShort",
    "penstock.order.paymentStarted",
    "penstock.order.paymentConfirmed",
    "penstock.order.paymentDeclined",
    "penstock.order.paymentRetried",
    "penstock.order.strayPaymentFound",
    "penstock.order.cancellationRequested",
    "penstock.order.refundRequested",
    "penstock.order.refundPaid",
    "penstock.order.shipmentCreated",
    "penstock.order.shipmentTracked",
    "penstock.order.shipped",
    "penstock.order.trackingUpdated",
    "penstock.order.delivered",
    "penstock.order.reportedLost",
    "penstock.order.returnRequested",
    "penstock.order.returned",
    "penstock.order.refunded",
    "penstock.order.cancelled",
    "penstock.order.archived",
];

/// The type of what is sent to try a webhook out.
pub const TEST_TYPE: &str = "penstock.webhook.test";

/// What is sent to try a webhook out: its id, and its CloudEvents envelope in JSON.
pub fn test_event(tenant: &TenantId, webhook: WebhookId, delivery: DeliveryId) -> (String, String) {
    let id = format!("{tenant}/{webhook}/{delivery}");
    let envelope = json!({
        "specversion": "1.0",
        "id": id,
        "source": "urn:penstock:webhooks",
        "type": TEST_TYPE,
        "subject": webhook,
        "time": delivery.began_at(),
        "datacontenttype": "application/json",
        "tenant": tenant,
        "data": { "webhookId": webhook },
    });
    (id, envelope.to_string())
}

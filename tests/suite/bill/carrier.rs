//! The carrier's news, signed with its secret, and told when the test says so: what is to be together stays together.

use aws_sdk_secretsmanager::Client;
use jiff::Timestamp;
use penstock_application::ledger::Ledger as _;
use penstock_domain::order::Event;
use penstock_domain::{OrderId, ShipmentId};
use penstock_tests::life;
use penstock_tests::shop::{Shop, send};
use serde_json::{Value, json};
use standardwebhooks::Webhook;

/// Who is told.
pub(super) const RECEIVER: &str = "receive-carrier-webhook";

/// A carrier that knows the shop's secret.
pub(super) struct Carrier {
    signer: Webhook,
}

impl Carrier {
    pub(super) async fn of(shop: &Shop) -> Self {
        let secrets = Client::new(&shop.platform.sdk_config(super::life::TEST));
        let secret = secrets.get_secret_value().secret_id("penstock-carrier").send().await.unwrap();
        let secret: Value = serde_json::from_str(secret.secret_string().unwrap()).unwrap();
        Self { signer: Webhook::new(secret["webhookSecret"].as_str().unwrap()).unwrap() }
    }

    /// Tells where the parcel of an order is.
    pub(super) async fn tell(&self, shop: &Shop, order: OrderId, status: &str) {
        let (id, now) = (format!("{order}-{status}"), Timestamp::now());
        let parcel = parcel(shop, order).await;
        let shipment = json!({"id": id, "reference": format!("shop/{order}/{parcel}"), "status": status});
        let body = json!({"id": id, "createdAt": now, "shipment": shipment}).to_string();
        let request = shop.bare("POST", "/v1/webhooks/carrier").header("webhook-id", &id);
        let request = request.header("webhook-timestamp", now.as_second().to_string());
        let signature = self.signer.sign(&id, now.as_second(), body.as_bytes()).unwrap();
        let answer = send(request.header("webhook-signature", signature).body(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

/// The order's own name for its parcel.
async fn parcel(shop: &Shop, order: OrderId) -> ShipmentId {
    let commits = life::ledger(shop).read(&life::tenant(), order).await.unwrap();
    let mut events = commits.iter().flat_map(|commit| &commit.events);
    let created = events.find_map(|event| match event {
        Event::ShipmentCreated { shipment, .. } => Some(*shipment),
        _ => None,
    });
    created.expect("it was sent")
}

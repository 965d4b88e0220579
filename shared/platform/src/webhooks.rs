//! Webhooks and their deliveries in one DynamoDB table, remembered for a while.
//!
//! | `pk` | `sk` | what |
//! | --- | --- | --- |
//! | `{tenant}` | `{webhook}` | a webhook |
//! | `{tenant}#{webhook}` | `{delivery}` | a delivery; ids sort by time, and it expires after 30 days |
//!
//! A delivery holds no copy of its event: the ledger has it for good.

mod deliveries;
mod items;
mod letters;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use penstock_application::Unavailable;
use penstock_application::webhooks::{Delivery, WebhookStore, Webhooks, WriteError};
use penstock_domain::planted::{self, Bug};
use penstock_domain::webhook::{Reach, Secret, Webhook};
use penstock_domain::{DeliveryId, TenantId, WebhookId};
use uuid::Uuid;

use crate::app::StartError;
use crate::caches::Caches;
use crate::errands::clock;
use crate::function::Environment;
use crate::store::{Item, sdk, text, to_item};
use crate::telemetry::{CountRetries, count_cache_read};
use items::WebhookItem;

pub use deliveries::shown;
pub use letters::{Carried, Errands, event_again, letter, test_again};

const WEBHOOKS: &str = "the webhooks";

/// Webhooks in DynamoDB.
#[derive(Clone)]
pub struct DynamoWebhooks {
    client: Client,
    table: String,
    caches: Arc<Caches>,
}

impl DynamoWebhooks {
    /// The webhooks in `table`.
    pub fn new(client: Client, table: String, caches: Arc<Caches>) -> Self {
        Self { client, table, caches }
    }

    /// The webhooks of the function's variables.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn of(environment: &Environment) -> Result<Self, StartError> {
        let config =
            aws_sdk_dynamodb::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
        let table = environment.required("WEBHOOKS_TABLE")?;
        Ok(Self::new(Client::from_conf(config), table, Arc::clone(&environment.caches)))
    }

    fn forget(&self, tenant: &TenantId) {
        self.caches.written();
        self.caches.webhooks.invalidate(tenant);
    }

    async fn item(&self, pk: String, sk: String) -> Result<Option<Item>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).consistent_read(true);
        let got = get.key("pk", text(pk)).key("sk", text(sk)).send().await.map_err(sdk(WEBHOOKS))?;
        Ok(got.item)
    }
}

impl WebhookStore for DynamoWebhooks {
    /// One consistent `Query`.
    async fn all(&self, tenant: &TenantId) -> Result<Vec<Webhook>, Unavailable> {
        let query = self.client.query().table_name(&self.table).consistent_read(true);
        let query = query.key_condition_expression("pk = :pk");
        let query = query.expression_attribute_values(":pk", text(tenant.as_str()));
        let found = query.send().await.map_err(sdk(WEBHOOKS))?;
        found.items.unwrap_or_default().into_iter().map(items::webhook).collect()
    }

    /// The same when not remembered. That there are none is remembered as long.
    async fn remembered(&self, tenant: &TenantId) -> Result<Arc<[Webhook]>, Unavailable> {
        let mut remembered = self.caches.webhooks.get(tenant);
        if planted::is(Bug::WebhooksAcrossTenants) {
            remembered = self.caches.webhooks.iter().next().map(|(_, webhooks)| webhooks);
        }
        count_cache_read("webhooks", usize::from(remembered.is_some()), 1);
        if let Some(webhooks) = remembered {
            return Ok(webhooks);
        }
        let mark = self.caches.mark();
        let webhooks: Arc<[Webhook]> = self.all(tenant).await?.into();
        let insert = || self.caches.webhooks.insert(tenant.clone(), Arc::clone(&webhooks));
        self.caches.remember(mark, insert, || self.caches.webhooks.invalidate(tenant));
        Ok(webhooks)
    }

    /// One consistent `GetItem`.
    async fn get(&self, tenant: &TenantId, id: WebhookId) -> Result<Option<Webhook>, Unavailable> {
        self.item(tenant.to_string(), id.to_string()).await?.map(items::webhook).transpose()
    }

    /// One conditional `PutItem`.
    async fn write(
        &self,
        tenant: &TenantId,
        webhook: &Webhook,
        expected: Option<u64>,
    ) -> Result<(), WriteError> {
        let item = to_item(WEBHOOKS, &WebhookItem::new(tenant, webhook))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match expected {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(version) => put
                .condition_expression("version = :version")
                .expression_attribute_values(":version", AttributeValue::N(version.to_string())),
        };
        let written = put.send().await;
        self.forget(tenant);
        match written {
            Ok(_) => Ok(()),
            Err(error) if is_conflict(&error) => Err(WriteError::Conflict),
            Err(error) => Err(sdk(WEBHOOKS)(error).into()),
        }
    }

    /// One `DeleteItem`.
    async fn delete(&self, tenant: &TenantId, id: WebhookId) -> Result<(), Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.key("pk", text(tenant.as_str())).key("sk", text(id.to_string()));
        let deleted = delete.send().await;
        self.forget(tenant);
        deleted.map(drop).map_err(sdk(WEBHOOKS))
    }

    /// One consistent `GetItem`.
    async fn delivery(
        &self,
        tenant: &TenantId,
        webhook: WebhookId,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, Unavailable> {
        let partition = items::deliveries(tenant, webhook);
        self.item(partition, id.to_string()).await?.map(items::delivery).transpose()
    }

    /// One conditional `PutItem`, of 1 write unit.
    async fn record(&self, tenant: &TenantId, delivery: &Delivery) -> Result<(), Unavailable> {
        self.put_delivery(tenant, delivery).await
    }
}

/// What tenants do with their webhooks, over AWS.
pub type LiveWebhooks = Webhooks<DynamoWebhooks>;

/// The use cases on webhooks, from a function's variables.
///
/// # Errors
/// When a variable is missing.
pub fn webhooks(environment: &Environment) -> Result<LiveWebhooks, StartError> {
    Ok(Webhooks::new(DynamoWebhooks::of(environment)?, clock()))
}

/// A new secret: 244 random bits, from the system, in the form that Standard Webhooks has.
pub fn new_secret() -> Secret {
    let bytes = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    Secret::new(format!("whsec_{}", STANDARD.encode(bytes)))
}

/// How far webhooks reach: to the internet, and on a laptop (`WEBHOOKS_TO_LOOPBACK` is `true`) to itself.
///
/// # Errors
/// When the variable is missing, or neither `true` nor `false`.
pub fn reach(environment: &Environment) -> Result<Reach, StartError> {
    let name = "WEBHOOKS_TO_LOOPBACK";
    match environment.required(name)?.as_str() {
        "true" => Ok(Reach::InternetAndLoopback),
        "false" => Ok(Reach::Internet),
        other => Err(StartError::malformed(name, format!("{other:?} is neither true nor false"))),
    }
}

fn is_conflict(
    error: &aws_sdk_dynamodb::error::SdkError<aws_sdk_dynamodb::operation::put_item::PutItemError>,
) -> bool {
    error.as_service_error().is_some_and(|it| it.is_conditional_check_failed_exception())
}

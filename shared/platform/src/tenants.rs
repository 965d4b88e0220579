//! What each tenant has settled for itself, in one DynamoDB table, remembered for a while.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use penstock_application::Unavailable;
use penstock_application::tenants::{Settings, Tenants};
use penstock_domain::planted::{self, Bug};
use penstock_domain::{Limits, TenantId, Terms};
use serde::{Deserialize, Serialize};

use crate::caches::Caches;
use crate::store::{from_item, sdk, text, to_item};
use crate::telemetry::count_cache_read;

const SETTINGS: &str = "the tenants' settings";

/// Tenants' settings in DynamoDB.
#[derive(Clone)]
pub struct DynamoTenants {
    client: Client,
    table: String,
    caches: Arc<Caches>,
}

#[derive(Serialize, Deserialize)]
struct SettingsItem {
    pk: TenantId,
    limits: Limits,
    #[serde(default)]
    terms: Terms,
}

impl DynamoTenants {
    /// The settings in `table`.
    pub fn new(client: Client, table: String, caches: Arc<Caches>) -> Self {
        Self { client, table, caches }
    }

    /// Settles a tenant's settings. One `PutItem`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub async fn put(&self, tenant: &TenantId, settings: Settings) -> Result<(), Unavailable> {
        let Settings { limits, terms } = settings;
        let item = to_item(SETTINGS, &SettingsItem { pk: tenant.clone(), limits, terms })?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await;
        self.caches.written();
        self.caches.settings.invalidate(tenant);
        put.map(|_| ()).map_err(sdk(SETTINGS))
    }
}

impl Tenants for DynamoTenants {
    /// One `GetItem` when not remembered.
    async fn settings(&self, tenant: &TenantId) -> Result<Settings, Unavailable> {
        let mut remembered = self.caches.settings.get(tenant);
        if planted::is(Bug::SettingsAcrossTenants) {
            remembered = self.caches.settings.iter().next().map(|(_, settings)| settings);
        }
        count_cache_read("tenants", usize::from(remembered.is_some()), 1);
        if let Some(settings) = remembered {
            return Ok(settings);
        }
        let mark = self.caches.mark();
        let get = self.client.get_item().table_name(&self.table).key("pk", text(tenant.as_str()));
        let found = get.consistent_read(true).send().await.map_err(sdk(SETTINGS))?;
        let settings = match found.item {
            Some(item) => {
                let SettingsItem { limits, terms, .. } = from_item(SETTINGS, item)?;
                Settings { limits, terms }
            }
            None => Settings::default(),
        };
        let insert = || self.caches.settings.insert(tenant.clone(), settings);
        self.caches.remember(mark, insert, || self.caches.settings.invalidate(tenant));
        Ok(settings)
    }
}

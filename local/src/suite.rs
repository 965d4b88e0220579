//! Which functions there are, and a tenant's settings: all that the laptop form knows of what it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_types::SdkConfig;
use penstock_application::tenants::Tenants;
use penstock_domain::{Limits, TenantId};
use penstock_platform::caches::Caches;
use penstock_platform::function::Function;
use penstock_platform::tenants::DynamoTenants;
use serde::{Deserialize, Serialize};

/// Every function of the suite.
pub const FUNCTIONS: &[Function] = &[
    penstock_archive_events::FUNCTION,
    penstock_cancel_order::FUNCTION,
    penstock_create_order::FUNCTION,
    penstock_delete_product::FUNCTION,
    penstock_edit_draft::FUNCTION,
    penstock_get_health::FUNCTION,
    penstock_get_openapi::FUNCTION,
    penstock_get_order::FUNCTION,
    penstock_get_order_history::FUNCTION,
    penstock_get_product::FUNCTION,
    penstock_list_orders::FUNCTION,
    penstock_list_products::FUNCTION,
    penstock_place_order::FUNCTION,
    penstock_project_orders::FUNCTION,
    penstock_put_product::FUNCTION,
    penstock_rebuild_views::FUNCTION,
    penstock_refuse_route::FUNCTION,
    penstock_relay_events::FUNCTION,
];

/// The variable that names the table of tenants' settings.
const TENANTS_TABLE: &str = "TENANTS_TABLE";

/// A tenant's settings on the wire. What is left out is as it was.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// Units of a line, at most.
    pub max_units_per_line: Option<u32>,
    /// Lines of an order, at most.
    pub max_lines_per_order: Option<u32>,
}

/// Why settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The caller's fault, in words.
    #[error("{0}")]
    Refused(String),
    /// Not the caller's.
    #[error("the settings cannot be read or written")]
    Unavailable(#[from] penstock_application::Unavailable),
}

/// Tenants' settings, until tenants have endpoints of their own.
pub struct TenantSettings {
    tenants: DynamoTenants,
}

impl TenantSettings {
    /// Settings in the table that the functions' variables name; `None` when they name none.
    #[must_use]
    pub fn new(aws: &SdkConfig, variables: &BTreeMap<String, String>, caches: &Arc<Caches>) -> Option<Self> {
        let client = aws_sdk_dynamodb::Client::new(aws);
        let table = variables.get(TENANTS_TABLE)?.clone();
        Some(Self { tenants: DynamoTenants::new(client, table, Arc::clone(caches)) })
    }

    /// The settings in force.
    ///
    /// # Errors
    /// When there can be no such tenant, or the table fails.
    pub async fn get(&self, tenant: &str) -> Result<Settings, SettingsError> {
        let limits = self.tenants.limits(&named(tenant)?).await?;
        Ok(Settings {
            max_units_per_line: Some(limits.units_per_line_max()),
            max_lines_per_order: Some(limits.lines_per_order_max()),
        })
    }

    /// Changes the settings, and answers those then in force.
    ///
    /// # Errors
    /// When there can be no such tenant or no such settings, or the table fails.
    pub async fn put(&self, tenant: &str, settings: Settings) -> Result<Settings, SettingsError> {
        let tenant_id = named(tenant)?;
        let before = self.tenants.limits(&tenant_id).await?;
        let units = settings.max_units_per_line.unwrap_or(before.units_per_line_max());
        let lines = settings.max_lines_per_order.unwrap_or(before.lines_per_order_max());
        let limits = Limits::new(units, lines).map_err(|it| SettingsError::Refused(it.to_string()))?;
        self.tenants.put_limits(&tenant_id, limits).await?;
        self.get(tenant).await
    }
}

fn named(tenant: &str) -> Result<TenantId, SettingsError> {
    tenant.parse().map_err(|it: penstock_domain::InvalidTenantId| SettingsError::Refused(it.to_string()))
}

//! Which functions there are, and a tenant's settings: all that the laptop form knows of what it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_types::SdkConfig;
use penstock_application::tenants::{self, Tenants};
use penstock_domain::{Limits, TenantId, Terms};
use penstock_platform::caches::Caches;
use penstock_platform::function::Function;
use penstock_platform::tenants::DynamoTenants;
use serde::{Deserialize, Serialize};

/// Every function of the suite.
pub const FUNCTIONS: &[Function] = &[
    penstock_adjust_stock::FUNCTION,
    penstock_archive_events::FUNCTION,
    penstock_archive_orders::FUNCTION,
    penstock_cancel_order::FUNCTION,
    penstock_create_order::FUNCTION,
    penstock_create_payment::FUNCTION,
    penstock_create_shipment::FUNCTION,
    penstock_delete_product::FUNCTION,
    penstock_delete_webhook::FUNCTION,
    penstock_deliver_webhooks::FUNCTION,
    penstock_edit_draft::FUNCTION,
    penstock_get_health::FUNCTION,
    penstock_get_openapi::FUNCTION,
    penstock_get_order::FUNCTION,
    penstock_get_order_history::FUNCTION,
    penstock_get_product::FUNCTION,
    penstock_get_stock::FUNCTION,
    penstock_get_webhook::FUNCTION,
    penstock_handle_payments::FUNCTION,
    penstock_handle_shipping::FUNCTION,
    penstock_handle_stock::FUNCTION,
    penstock_list_dead_letters::FUNCTION,
    penstock_list_orders::FUNCTION,
    penstock_list_products::FUNCTION,
    penstock_list_stock_movements::FUNCTION,
    penstock_list_webhook_deliveries::FUNCTION,
    penstock_list_webhooks::FUNCTION,
    penstock_place_order::FUNCTION,
    penstock_project_orders::FUNCTION,
    penstock_put_product::FUNCTION,
    penstock_put_webhook::FUNCTION,
    penstock_rebuild_views::FUNCTION,
    penstock_receive_carrier_webhook::FUNCTION,
    penstock_receive_payment_webhook::FUNCTION,
    penstock_receive_return::FUNCTION,
    penstock_redeliver_webhook::FUNCTION,
    penstock_redrive_dead_letters::FUNCTION,
    penstock_refuse_route::FUNCTION,
    penstock_relay_events::FUNCTION,
    penstock_request_return::FUNCTION,
    penstock_rotate_webhook_secret::FUNCTION,
    penstock_run_checkout::FUNCTION,
    penstock_send_notifications::FUNCTION,
    penstock_test_webhook::FUNCTION,
    penstock_update_tracking::FUNCTION,
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
    /// How long an order waits for a payment.
    pub payment_minutes: Option<u32>,
    /// How long an order waits for goods that are out of stock; 0: not at all.
    pub stock_minutes: Option<u32>,
    /// Whether the shop sends its parcels itself.
    pub ships_itself: Option<bool>,
    /// Units of a parcel, at most; 0: all in one.
    pub parcel_units: Option<u32>,
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
        let in_force = self.tenants.settings(&named(tenant)?).await?;
        Ok(Settings {
            max_units_per_line: Some(in_force.limits.units_per_line_max()),
            max_lines_per_order: Some(in_force.limits.lines_per_order_max()),
            payment_minutes: Some(in_force.terms.payment_minutes),
            stock_minutes: Some(in_force.terms.stock_minutes),
            ships_itself: Some(in_force.terms.ships_itself),
            parcel_units: Some(in_force.terms.parcel_units),
        })
    }

    /// Changes the settings, and answers those then in force.
    ///
    /// # Errors
    /// When there can be no such tenant or no such settings, or the table fails.
    pub async fn put(&self, tenant: &str, wanted: Settings) -> Result<Settings, SettingsError> {
        let tenant_id = named(tenant)?;
        let before = self.tenants.settings(&tenant_id).await?;
        let units = wanted.max_units_per_line.unwrap_or(before.limits.units_per_line_max());
        let lines = wanted.max_lines_per_order.unwrap_or(before.limits.lines_per_order_max());
        let limits = Limits::new(units, lines).map_err(|it| SettingsError::Refused(it.to_string()))?;
        let terms = Terms {
            payment_minutes: wanted.payment_minutes.unwrap_or(before.terms.payment_minutes),
            stock_minutes: wanted.stock_minutes.unwrap_or(before.terms.stock_minutes),
            ships_itself: wanted.ships_itself.unwrap_or(before.terms.ships_itself),
            parcel_units: wanted.parcel_units.unwrap_or(before.terms.parcel_units),
        };
        let terms = terms.checked().map_err(|it| SettingsError::Refused(it.to_string()))?;
        self.tenants.put(&tenant_id, tenants::Settings { limits, terms }).await?;
        self.get(tenant).await
    }
}

fn named(tenant: &str) -> Result<TenantId, SettingsError> {
    tenant.parse().map_err(|it: penstock_domain::InvalidTenantId| SettingsError::Refused(it.to_string()))
}

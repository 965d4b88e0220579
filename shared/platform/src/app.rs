//! What a started function works with.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use penstock_application::Orders;
use penstock_application::stock::Stock;

use crate::caches::Caches;
use crate::catalogue::{CachedCatalogue, DynamoCatalogue};
use crate::function::Environment;
use crate::health::Health;
use crate::ledger::DynamoLedger;
use crate::stock::DynamoStock;
use crate::telemetry::CountRetries;
use crate::tenants::DynamoTenants;
use crate::views::OrderViews;

/// The parts of the platform, built once per function. Building them does no I/O.
pub struct App {
    /// What callers do with orders.
    pub orders: Orders<DynamoLedger, CachedCatalogue<DynamoCatalogue>, DynamoTenants>,
    /// Orders' commits.
    pub ledger: DynamoLedger,
    /// The read model.
    pub views: OrderViews,
    /// What can be ordered, with memory.
    pub catalogue: CachedCatalogue<DynamoCatalogue>,
    /// What can be ordered, as stored.
    pub products: DynamoCatalogue,
    /// What callers do with stock.
    pub stock: Stock<DynamoStock>,
    /// Stock, as stored.
    pub stock_ledger: DynamoStock,
    /// Whether all the above can be reached.
    pub health: Health,
}

/// Why a function could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is not set.
    #[error("environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable's value is of no use.
    #[error("environment variable {name} is malformed: {reason}")]
    Malformed {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl StartError {
    pub(crate) const fn missing(name: &'static str) -> Self {
        Self::Missing(name)
    }

    pub(crate) fn malformed(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Malformed { name, reason: reason.into() }
    }
}

impl App {
    /// Builds all parts.
    ///
    /// # Errors
    /// When a variable is missing or malformed.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        let config =
            aws_sdk_dynamodb::config::Builder::from(&environment.aws).interceptor(CountRetries).build();
        let client = Client::from_conf(config);
        let caches = &environment.caches;
        let products = DynamoCatalogue::new(client.clone(), environment.required("PRODUCTS_TABLE")?);
        let catalogue = CachedCatalogue::new(products.clone(), Arc::clone(caches));
        let ledger = DynamoLedger::new(client.clone(), environment.required("ORDERS_TABLE")?);
        let tenants =
            DynamoTenants::new(client.clone(), environment.required("TENANTS_TABLE")?, Arc::clone(caches));
        let views = OrderViews::new(client.clone(), environment.required("ORDER_VIEWS_TABLE")?);
        let stock_ledger = DynamoStock::new(client.clone(), environment.required("STOCK_TABLE")?);
        let health = Health::new(client, environment)?;
        let clock = Arc::clone(&environment.clock);
        let stock = Stock::new(stock_ledger.clone(), Arc::clone(&clock));
        let orders = Orders::new(ledger.clone(), catalogue.clone(), tenants, clock);
        Ok(Self { orders, ledger, views, catalogue, products, stock, stock_ledger, health })
    }
}

impl Environment {
    /// A variable that must be there.
    ///
    /// # Errors
    /// [`StartError::Missing`].
    pub fn required(&self, name: &'static str) -> Result<String, StartError> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned().ok_or(StartError::missing(name))
    }
}

impl Caches {
    /// Caches that keep things for `CACHE_TTL_SECONDS` (30 when not set).
    ///
    /// # Errors
    /// When that is not a number of seconds.
    pub fn from_variable(seconds: Option<&str>) -> Result<Self, StartError> {
        let Some(text) = seconds else { return Ok(Self::default()) };
        let seconds =
            text.parse().map_err(|_| StartError::malformed("CACHE_TTL_SECONDS", "not whole seconds"))?;
        Ok(Self::new(Duration::from_secs(seconds)))
    }
}

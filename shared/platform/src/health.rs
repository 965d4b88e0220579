//! Whether what a function depends on can be reached, in a second at most.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;

use crate::app::StartError;
use crate::function::Environment;
use crate::store::text;

const TIMEOUT: Duration = Duration::from_millis(1_000);
/// A tenant that no token names: its keys are asked for and never there.
const PROBE: &str = "penstock-health";

/// The dependencies, and how to ask them.
pub struct Health {
    client: Client,
    tables: Vec<Table>,
}

struct Table {
    name: &'static str,
    table: String,
    sort_key: Option<AttributeValue>,
}

/// What a dependency answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// Its name.
    pub name: &'static str,
    /// Whether it answered in time.
    pub ready: bool,
}

impl Health {
    pub(crate) fn new(client: Client, environment: &Environment) -> Result<Self, StartError> {
        let table = |name, variable, sort_key| {
            environment.required(variable).map(|table| Table { name, table, sort_key })
        };
        let tables = vec![
            table("orders", "ORDERS_TABLE", Some(AttributeValue::N("0".to_owned())))?,
            table("order-views", "ORDER_VIEWS_TABLE", Some(text(PROBE)))?,
            table("products", "PRODUCTS_TABLE", Some(text(PROBE)))?,
            table("stock", "STOCK_TABLE", Some(AttributeValue::N("0".to_owned())))?,
            table("tenants", "TENANTS_TABLE", None)?,
        ];
        // Not every function knows it; whoever is to ask it does.
        let webhooks = environment.variables.get("WEBHOOKS_TABLE").cloned();
        let webhooks = webhooks.map(|table| Table { name: "webhooks", table, sort_key: Some(text(PROBE)) });
        let tables = tables.into_iter().chain(webhooks).collect();
        Ok(Self { client, tables })
    }

    /// Asks each dependency, all at once: one `GetItem` each, for an item that is not there.
    pub async fn ask(&self) -> Vec<Dependency> {
        join_all(self.tables.iter().map(|table| self.ask_table(table))).await
    }

    /// Opens a connection. The answer, which may be that this function is not allowed to ask, does not matter.
    pub(crate) async fn knock(&self) {
        self.ask_table(&self.tables[0]).await;
    }

    async fn ask_table(&self, table: &Table) -> Dependency {
        let key = text(format!("{PROBE}#"));
        let get = self.client.get_item().table_name(&table.table).key("pk", key);
        let get = match &table.sort_key {
            Some(key) => get.key("sk", key.clone()),
            None => get,
        };
        let ready = matches!(tokio::time::timeout(TIMEOUT, get.send()).await, Ok(Ok(_)));
        Dependency { name: table.name, ready }
    }
}

//! The read model: orders as callers see them, by time, customer and state.
//!
//! `pk` = tenant, `sk` = `{created}#{order}`: the table itself is the list of all orders, so that it needs no index for it. A view
//! is written whole from all commits of its order, or changed by what the next ones say; either never replaces what is newer,
//! so that redelivery, reordering and rebuilding are harmless.

mod archive;
mod change;
mod item;
mod list;
mod position;
mod together;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use penstock_application::{OrderRecord, Unavailable};
use penstock_domain::TenantId;

use crate::store::sdk;

pub use archive::{ArchiveShard, ToArchive, ToArchiveKey};
pub use change::ViewChange;
pub use item::Listed;
pub use list::{LOOKED_AT_MAX, Listing, Wanted};
pub use position::Position;
pub use together::ViewWrite;

const VIEWS: &str = "the read model";

/// Orders' views in DynamoDB.
#[derive(Clone)]
pub struct OrderViews {
    client: Client,
    table: String,
}

impl OrderViews {
    /// The views in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Writes the view of an order whole, unless a newer one is there. One conditional `PutItem`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, tenant: &TenantId, record: &OrderRecord) -> Result<(), Unavailable> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::whole(tenant, record)?))
            .condition_expression("attribute_not_exists(pk) OR version <= :version")
            .expression_attribute_values(":version", AttributeValue::N(record.version.to_string()))
            .send()
            .await;
        match put {
            Err(error)
                if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(())
            }
            Err(error) => Err(sdk(VIEWS)(error)),
            Ok(_) => Ok(()),
        }
    }
}

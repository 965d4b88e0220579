//! Products in one DynamoDB table: `pk` = tenant, `sk` = product, and an index by category.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::ReturnValue;
use futures::future::try_join_all;
use penstock_application::Unavailable;
use penstock_application::catalogue::{Catalogue, Found};
use penstock_domain::{Product, ProductDetails, ProductId, TenantId};
use serde::{Deserialize, Serialize};

use crate::pages::{Page, cut};
use crate::store::{BATCH_KEYS_MAX, Item, batch_get, from_item, sdk, text, to_item};

const CATALOGUE: &str = "the catalogue";

/// The catalogue as stored.
#[derive(Clone)]
pub struct DynamoCatalogue {
    client: Client,
    table: String,
}

#[derive(Serialize, Deserialize)]
struct ProductItem {
    pk: TenantId,
    sk: ProductId,
    category: String,
    details: ProductDetails,
}

impl DynamoCatalogue {
    /// The catalogue in `table`.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// One product. One consistent `GetItem`.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn get(&self, tenant: &TenantId, id: ProductId) -> Result<Option<Product>, Unavailable> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key(tenant, id)));
        let found = get.consistent_read(true).send().await.map_err(sdk(CATALOGUE))?;
        found.item.map(product).transpose()
    }

    /// A page of at most `limit` products, by id, after one; of one category when asked. One `Query`.
    ///
    /// # Errors
    /// When the catalogue cannot be read.
    pub async fn page(
        &self,
        tenant: &TenantId,
        category: Option<&str>,
        limit: u32,
        after: Option<ProductId>,
    ) -> Result<Page<Product>, Unavailable> {
        let (index, name, partition) = match category {
            Some(category) => (Some("by-category".to_owned()), "category", format!("{tenant}#{category}")),
            None => (None, "pk", tenant.to_string()),
        };
        let start = after.map(|id| {
            let mut start = key(tenant, id);
            start.insert(name.to_owned(), text(&partition));
            start
        });
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(index)
            .key_condition_expression("#partition = :partition")
            .expression_attribute_names("#partition", name)
            .expression_attribute_values(":partition", text(&partition))
            .set_exclusive_start_key(start)
            .limit(limit.saturating_add(1).try_into().unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(sdk(CATALOGUE))?;
        let more = page.last_evaluated_key.is_some();
        let products = page.items.unwrap_or_default().into_iter().map(product);
        Ok(cut(products.collect::<Result<_, _>>()?, limit, more))
    }

    async fn batch(&self, tenant: &TenantId, ids: &[ProductId]) -> Result<Vec<Product>, Unavailable> {
        let keys = ids.iter().map(|id| key(tenant, *id)).collect();
        let items = batch_get(CATALOGUE, &self.client, &self.table, keys).await?;
        items.into_iter().map(product).collect()
    }
}

impl Catalogue for DynamoCatalogue {
    /// One `BatchGetItem` per hundred ids, all at once; a read unit per product of up to 4 KB.
    async fn find(&self, tenant: &TenantId, ids: &BTreeSet<ProductId>) -> Result<Found, Unavailable> {
        let ids: Vec<_> = ids.iter().copied().collect();
        let batches = try_join_all(ids.chunks(BATCH_KEYS_MAX).map(|ids| self.batch(tenant, ids))).await?;
        let products = batches.into_iter().flatten().map(|product| (product.id, product)).collect();
        Ok(Found { products, remembered: BTreeSet::new() })
    }

    fn forget(&self, _: &TenantId, _: &BTreeSet<ProductId>) {}

    /// One `PutItem`, which tells whether there was one before.
    async fn put(&self, tenant: &TenantId, product: &Product) -> Result<bool, Unavailable> {
        let details = product.details.clone();
        let category = format!("{tenant}#{}", details.category);
        let item =
            to_item(CATALOGUE, &ProductItem { pk: tenant.clone(), sk: product.id, category, details })?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put.return_values(ReturnValue::AllOld).send().await.map_err(sdk(CATALOGUE))?;
        Ok(put.attributes.is_none_or(|old| old.is_empty()))
    }

    /// One `DeleteItem`.
    async fn delete(&self, tenant: &TenantId, id: ProductId) -> Result<(), Unavailable> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key(tenant, id)));
        delete.send().await.map(|_| ()).map_err(sdk(CATALOGUE))
    }
}

fn key(tenant: &TenantId, id: ProductId) -> Item {
    HashMap::from([("pk".to_owned(), text(tenant.as_str())), ("sk".to_owned(), text(id.to_string()))])
}

fn product(item: Item) -> Result<Product, Unavailable> {
    let stored: ProductItem = from_item(CATALOGUE, item)?;
    Ok(Product { id: stored.sk, details: stored.details })
}

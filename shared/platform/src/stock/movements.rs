//! A product's movements, newest first.

use aws_sdk_dynamodb::types::AttributeValue;
use penstock_application::Unavailable;
use penstock_application::stock::ledger::{Keys, StockLedger as _};
use penstock_domain::stock::{Entry, SHEET_MAX, Sheet};
use penstock_domain::{ProductId, TenantId};

use super::{DynamoStock, STOCK, cards, items};
use crate::pages::{Page, cut};
use crate::store::{sdk, text};

impl DynamoStock {
    /// A page of a product's movements, newest first, before the one with a number; none when it is not tracked.
    ///
    /// One read of the card, and one `Query` where the page goes beyond it.
    ///
    /// # Errors
    /// When the stock cannot be read.
    pub async fn movements(
        &self,
        tenant: &TenantId,
        product: ProductId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<Entry>, Unavailable> {
        let before = before.unwrap_or(u64::MAX);
        let keys = Keys { products: [product].into(), ..Keys::default() };
        let Some(card) = self.read(tenant, &keys).await?.cards.remove(&product) else {
            return Ok(cut(Vec::new(), limit, false));
        };
        let sheet = card.sheet();
        let filed_before = sheet.first.min(before);
        let mut entries: Vec<Entry> = older(sheet, before).collect();
        if filed_before == 1 || entries.len() > limit as usize {
            return Ok(cut(entries, limit, false));
        }
        let (filed, more) = self.filed(tenant, product, filed_before, limit).await?;
        entries.extend(filed.into_iter().flat_map(|sheet| older(sheet, filed_before)));
        Ok(cut(entries, limit, more))
    }

    /// As many sheets as hold the `limit` movements before one, and one more; and whether there are others.
    async fn filed(
        &self,
        tenant: &TenantId,
        product: ProductId,
        before: u64,
        limit: u32,
    ) -> Result<(Vec<Sheet>, bool), Unavailable> {
        // The newest of them may hold a single movement before it, each of the others has a sheet's at least.
        let sheets = 1 + (limit + 1).div_ceil(SHEET_MAX as u32 + 1);
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .expression_attribute_values(":pk", text(items::card_partition(tenant, product)))
            .expression_attribute_values(":first", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":last", AttributeValue::N((before - 1).to_string()))
            .scan_index_forward(false)
            .limit(sheets.try_into().unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(sdk(STOCK))?;
        let more = page.last_evaluated_key.is_some();
        let sheets = page.items.unwrap_or_default().into_iter().map(cards::sheet);
        Ok((sheets.collect::<Result<_, _>>()?, more))
    }
}

fn older(sheet: Sheet, before: u64) -> impl Iterator<Item = Entry> {
    sheet.entries().into_iter().filter(move |entry| entry.number < before)
}

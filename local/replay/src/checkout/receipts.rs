//! Goods that come in: as many of each product as the file sells.

use std::collections::BTreeMap;

use crate::catalogue::ProductIndex;
use crate::client::{Ask, Client, RequestError};
use crate::ids;
use crate::plan::Plan;
use crate::progress::bar;
use crate::send::each_place;

use super::wire::NewReceipt;

/// Receives what the file sells, once. Answers with what was refused.
pub(super) async fn receive(client: &Client, tenant: &str, plan: &Plan) -> Result<Vec<String>, RequestError> {
    let receipts: Vec<_> = receipts(plan).into_iter().collect();
    let bar = bar("stock", receipts.len());
    let receive = |place: usize| {
        bar.inc(1);
        let (product, receipt) = &receipts[place];
        receive_one(client, tenant, plan.catalogue.sku(*product), receipt)
    };
    let refused = each_place(receipts.len(), receive).await?;
    bar.finish_and_clear();
    Ok(refused.into_iter().flatten().collect())
}

async fn receive_one(
    client: &Client,
    tenant: &str,
    sku: &str,
    receipt: &Receipt<'_>,
) -> Result<Option<String>, RequestError> {
    let path = format!("/v1/stock/{}/adjustments", ids::product(tenant, sku));
    let key = ids::receipt_key(sku, receipt.first, receipt.units);
    let body = NewReceipt { quantity: receipt.units, reason: receipt.reason() };
    let answer = client.send(&Ask::post(path, key, &body)).await?;
    let refused = || format!("product {sku}: its receipt was refused: {}", answer.refusal());
    Ok((!answer.status.is_success()).then(refused))
}

/// How much of a product comes in.
pub(super) struct Receipt<'a> {
    /// The first invoice that sells it. Another file begins with another one, and receives its own.
    first: &'a str,
    pub(super) units: i64,
}

impl Receipt<'_> {
    /// Why, as its movement tells.
    pub(super) fn reason(&self) -> String {
        format!("replay of invoice {} and later ones", self.first)
    }
}

/// What comes in of each product.
pub(super) fn receipts(plan: &Plan) -> BTreeMap<ProductIndex, Receipt<'_>> {
    let mut receipts = BTreeMap::new();
    for order in &plan.orders {
        for line in &order.lines {
            let first = || Receipt { first: &order.number, units: 0 };
            receipts.entry(line.product).or_insert_with(first).units += i64::from(line.goods.quantity);
        }
    }
    receipts
}

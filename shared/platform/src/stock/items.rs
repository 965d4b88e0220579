//! The keys of all that is stored, and what an item of each kind stands for.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use penstock_application::Unavailable;
use penstock_application::stock::ledger::{AdjustmentRecord, Append, Keys};
use penstock_domain::stock::{Reservation, StockCard};
use penstock_domain::{IdempotencyKey, OrderId, ProductId, TenantId};

use super::adjustments::AdjustmentItem;
use super::cards::CardItem;
use super::reservations::ReservationItem;
use super::{STOCK, Write, cards};
use crate::store::{Item, from_item, text, unavailable};

/// A thing as it was stored.
pub(super) enum Stored {
    Card(ProductId, StockCard),
    Reservation(OrderId, Reservation),
    Adjustment(AdjustmentRecord),
}

pub(super) fn card_partition(tenant: &TenantId, product: ProductId) -> String {
    format!("{tenant}#{product}")
}

pub(super) fn reservation_partition(tenant: &TenantId, order: OrderId) -> String {
    format!("{tenant}#order#{order}")
}

pub(super) fn adjustment_partition(tenant: &TenantId, key: IdempotencyKey) -> String {
    format!("{tenant}#adjustment#{key}")
}

/// The keys of what is asked for.
pub(super) fn keys(tenant: &TenantId, asked: &Keys) -> Vec<Item> {
    let cards = asked.products.iter().map(|product| card_partition(tenant, *product));
    let reservations = asked.orders.iter().map(|order| reservation_partition(tenant, *order));
    let adjustments = asked.adjustment.iter().map(|key| adjustment_partition(tenant, *key));
    let first = || AttributeValue::N("0".to_owned());
    let key = |pk| HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), first())]);
    cards.chain(reservations).chain(adjustments).map(key).collect()
}

/// What an item stands for. Sheets are read as such.
pub(super) fn stored(item: Item) -> Result<Stored, Unavailable> {
    let pk = item.get("pk").and_then(|pk| pk.as_s().ok()).cloned().unwrap_or_default();
    let mut parts = pk.split('#').skip(1);
    let damaged = |error: uuid::Error| unavailable(STOCK)(error.into());
    match (parts.next().unwrap_or_default(), parts.next()) {
        ("order", Some(order)) => {
            let reservation = from_item::<ReservationItem>(STOCK, item)?.reservation()?;
            Ok(Stored::Reservation(order.parse().map_err(damaged)?, reservation))
        }
        ("adjustment", Some(_)) => Ok(Stored::Adjustment(from_item::<AdjustmentItem>(STOCK, item)?.into())),
        (product, _) => {
            let card = from_item::<CardItem>(STOCK, item)?.card()?;
            Ok(Stored::Card(product.parse().map_err(damaged)?, card))
        }
    }
}

/// All that a transaction writes.
pub(super) fn writes(tenant: &TenantId, append: &Append) -> Result<Vec<Write>, Unavailable> {
    let mut writes = Vec::new();
    for (product, card) in &append.cards {
        writes.extend(cards::writes(tenant, *product, card)?);
    }
    for (order, reservation) in &append.reservations {
        writes.push(ReservationItem::write(tenant, *order, reservation)?);
    }
    if let Some(record) = &append.adjustment {
        writes.push(AdjustmentItem::write(tenant, record)?);
    }
    Ok(writes)
}

//! Cards and sheets as stored. Attributes are added, never renamed.

use jiff::Timestamp;
use penstock_application::Unavailable;
use penstock_application::stock::ledger::CardWrite;
use penstock_domain::planted::{self, Bug};
use penstock_domain::stock::{Balance, Cause, Movement, MovementKind, Sheet, StockCard, Totals};
use penstock_domain::{ProductId, TenantId};
use serde::{Deserialize, Serialize};

use super::items::card_partition;
use super::{Condition, STOCK, Write};
use crate::store::{Item, from_item, to_item, unavailable};

/// A product's card.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CardItem {
    pk: String,
    sk: u64,
    /// The number of its newest movement.
    version: u64,
    received: i64,
    sold: i64,
    returned: i64,
    written_off: i64,
    reserved: i64,
    backorder_threshold: u32,
    /// JSON.
    sheet: String,
}

/// A filed sheet. Its sort key is the number of its first movement.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SheetItem {
    pk: String,
    sk: u64,
    on_hand: i64,
    reserved: i64,
    /// JSON.
    sheet: String,
}

/// Kind, units, milliseconds since 1970, and the order or, of an adjustment, the reason. An array, as most of a card is this.
#[derive(Serialize, Deserialize)]
struct StoredMovement(MovementKind, i64, i64, String);

impl CardItem {
    fn new(tenant: &TenantId, product: ProductId, card: &StockCard) -> Result<Self, Unavailable> {
        let Totals { received, sold, returned, written_off, reserved, backorder_threshold } = *card.totals();
        Ok(Self {
            pk: card_partition(tenant, product),
            sk: 0,
            version: card.number(),
            received,
            sold,
            returned,
            written_off,
            reserved,
            backorder_threshold,
            sheet: written(&card.sheet())?,
        })
    }

    pub(super) fn card(self) -> Result<StockCard, Unavailable> {
        let Self { received, sold, returned, written_off, reserved, backorder_threshold, .. } = self;
        let totals = Totals { received, sold, returned, written_off, reserved, backorder_threshold };
        Ok(StockCard::restore(totals, self.version, read(&self.sheet)?))
    }
}

/// The write of a card, and of the sheet that was taken out of it. The sheet goes with the card: whoever writes it has the only
/// right to that number.
pub(super) fn writes(
    tenant: &TenantId,
    product: ProductId,
    write: &CardWrite,
) -> Result<Vec<Write>, Unavailable> {
    let condition = match write.before {
        0 => Condition::Missing,
        _ if planted::is(Bug::StockWithoutCondition) => Condition::None,
        version => Condition::Version(version),
    };
    let item = to_item(STOCK, &CardItem::new(tenant, product, &write.card)?)?;
    let mut writes = vec![Write { item, condition }];
    if let Some(sheet) = &write.filed {
        let item = SheetItem {
            pk: card_partition(tenant, product),
            sk: sheet.first,
            on_hand: sheet.after.on_hand,
            reserved: sheet.after.reserved,
            sheet: written(sheet)?,
        };
        writes.push(Write { item: to_item(STOCK, &item)?, condition: Condition::None });
    }
    Ok(writes)
}

/// The sheet that an item stands for.
pub(super) fn sheet(item: Item) -> Result<Sheet, Unavailable> {
    let stored: SheetItem = from_item(STOCK, item)?;
    let after = Balance { on_hand: stored.on_hand, reserved: stored.reserved };
    Ok(Sheet { first: stored.sk, movements: read(&stored.sheet)?, after })
}

fn written(sheet: &Sheet) -> Result<String, Unavailable> {
    let stored: Vec<_> = sheet.movements.iter().map(StoredMovement::new).collect();
    serde_json::to_string(&stored).map_err(|error| unavailable(STOCK)(error.into()))
}

fn read(sheet: &str) -> Result<Vec<Movement>, Unavailable> {
    let stored: Vec<StoredMovement> =
        serde_json::from_str(sheet).map_err(|error| unavailable(STOCK)(error.into()))?;
    stored.into_iter().map(StoredMovement::movement).collect()
}

impl StoredMovement {
    fn new(movement: &Movement) -> Self {
        let cause = match &movement.cause {
            Cause::Order(order) => order.to_string(),
            Cause::Adjustment(reason) => reason.clone(),
        };
        Self(movement.kind, movement.quantity, movement.at.as_millisecond(), cause)
    }

    fn movement(self) -> Result<Movement, Unavailable> {
        let Self(kind, quantity, milliseconds, cause) = self;
        let at = Timestamp::from_millisecond(milliseconds).map_err(|it| unavailable(STOCK)(it.into()))?;
        let cause = match kind {
            MovementKind::Received | MovementKind::Corrected => Cause::Adjustment(cause),
            _ => Cause::Order(cause.parse().map_err(|it: uuid::Error| unavailable(STOCK)(it.into()))?),
        };
        Ok(Movement { kind, quantity, at, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use penstock_domain::OrderId;
    use uuid::Uuid;

    #[test]
    fn a_card_stays_what_it_was_because_it_is_stored() {
        let item = CardItem::new(&tenant(), product(), &card(2)).unwrap();
        assert_eq!(
            serde_json::to_string(&item).unwrap(),
            concat!(
                r#"{"pk":"acme#00000000-0000-0000-0000-000000000007","sk":0,"version":3,"received":100,"sold":0,"#,
                r#""returned":0,"writtenOff":0,"reserved":2,"backorderThreshold":0,"sheet":"#,
                r#""[[\"received\",100,1777629600123,\"delivery 7\"],"#,
                r#"[\"reserved\",1,1777629600123,\"00000000-0000-0000-0000-000000000001\"],"#,
                r#"[\"reserved\",1,1777629600123,\"00000000-0000-0000-0000-000000000001\"]]"}"#,
            )
        );
        assert_eq!(item.card().unwrap(), card(2));
    }

    #[test]
    fn a_card_and_a_sheet_that_was_filled_one_by_one_take_one_unit() {
        let tenant: TenantId = "a".repeat(64).parse().unwrap();
        for reservations in 0..40 {
            let mut filled = CardWrite { before: 1, card: card(0), filed: None };
            for _ in 0..reservations {
                let mut card = filled.card.clone();
                card.record(reserved());
                filled = CardWrite::new(card.number() - 1, card);
            }
            for write in writes(&tenant, product(), &filled).unwrap() {
                let bytes = crate::store::item_bytes(&write.item);
                assert!(bytes <= 1024, "{bytes} bytes after {reservations} reservations");
            }
        }
    }

    fn card(reservations: usize) -> StockCard {
        let mut card = StockCard::default();
        let cause = Cause::Adjustment("delivery 7".to_owned());
        card.record(Movement { kind: MovementKind::Received, quantity: 100, at: at(), cause });
        (0..reservations).for_each(|_| card.record(reserved()));
        card
    }

    fn reserved() -> Movement {
        let order: OrderId = Uuid::from_u128(1).into();
        Movement { kind: MovementKind::Reserved, quantity: 1, at: at(), cause: Cause::Order(order) }
    }

    fn at() -> Timestamp {
        Timestamp::from_millisecond(1_777_629_600_123).unwrap()
    }

    fn tenant() -> TenantId {
        "acme".parse().unwrap()
    }

    fn product() -> ProductId {
        Uuid::from_u128(7).into()
    }
}

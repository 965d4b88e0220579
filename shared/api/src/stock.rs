//! Stock on the wire.

use penstock_domain::stock::{Adjustment, Cause, Entry, MovementKind, NotEnough, Totals};
use penstock_domain::{DecimalNumber, OrderId, ProductId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{self, Problems, Value};
use crate::problem::{Code, Detail, Problem};
use crate::time;

/// What `POST /v1/stock/{productId}/adjustments` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdjustStock {
    /// Units more; negative when there are fewer. 0 where only the threshold changes, or to begin with nothing.
    #[schema(minimum = -1_000_000_000, maximum = 1_000_000_000, example = 144)]
    quantity: i64,
    /// Why, for whoever reads the movements.
    #[schema(min_length = 1, max_length = 200, example = "delivery note 4711")]
    reason: String,
    /// How many units may be promised that are not there, from now on; as before when not said, at first none.
    #[schema(nullable = false, minimum = 0, maximum = 1_000_000_000)]
    backorder_threshold: Option<u32>,
}

impl AdjustStock {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let quantity = fields.required("quantity", problems, whole);
            let reason = fields.required("reason", problems, Value::string);
            let backorder_threshold = fields.optional("backorderThreshold", problems, |value, problems| {
                value.whole_number(0..=Adjustment::BACKORDER_THRESHOLD_MAX, problems)
            });
            fields.end(problems);
            refuse_invalid(quantity, reason.as_deref(), problems);
            Some(Self { quantity: quantity?, reason: reason?, backorder_threshold: backorder_threshold? })
        })
    }

    /// What came in, or what a count found.
    pub fn adjustment(self) -> Adjustment {
        let Self { quantity, reason, backorder_threshold } = self;
        Adjustment { quantity, reason, backorder_threshold }
    }
}

/// A whole number of either sign, in any notation. One beyond counting stands for one beyond what is allowed.
fn whole(value: &Value<'_>, problems: &mut Problems) -> Option<i64> {
    let number = value.number(problems)?.parse::<DecimalNumber>().ok();
    let number = number.and_then(|number| number.in_units(0).ok());
    if number.is_none() {
        let most = Adjustment::QUANTITY_MAX;
        value.refuse(format!("must be a whole number from -{most} to {most}"), problems);
    }
    number
}

/// Adds what the domain says of the fields that could be read; the others are refused already, and something that is allowed stands
/// in for them.
fn refuse_invalid(quantity: Option<i64>, reason: Option<&str>, problems: &mut Problems) {
    let (quantity, reason) = (quantity.unwrap_or_default(), reason.unwrap_or("-").to_owned());
    let adjustment = Adjustment { quantity, reason, backorder_threshold: None };
    let invalid = adjustment.problems().into_iter();
    problems.extend(invalid.map(|problem| Detail::new(format!("/{}", problem.field), problem.must)));
}

/// A product's stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Stock)]
#[serde(rename_all = "camelCase")]
pub struct StockView {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// Whether it was ever adjusted. If not, it is always available, and there are no numbers.
    tracked: bool,
    /// Units in the house: received − sold + returned − written off.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    on_hand: Option<i64>,
    /// Units that are kept for orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reserved: Option<i64>,
    /// Units that are kept for nobody: on hand − reserved. Negative as far as the threshold allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    available: Option<i64>,
    /// How many units may be promised that are not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backorder_threshold: Option<u32>,
}

impl StockView {
    /// A product's stock; without totals it is not tracked.
    pub fn new(product_id: ProductId, totals: Option<&Totals>) -> Self {
        Self {
            product_id,
            tracked: totals.is_some(),
            on_hand: totals.map(Totals::on_hand),
            reserved: totals.map(|totals| totals.reserved),
            available: totals.map(Totals::available),
            backorder_threshold: totals.map(|totals| totals.backorder_threshold),
        }
    }

    /// The stock as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("stock is numbers")
    }
}

/// A page of a product's movements, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovementList {
    movements: Vec<MovementView>,
    /// What asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

/// A movement, and what was there after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StockMovement)]
#[serde(rename_all = "camelCase")]
pub struct MovementView {
    /// Counts the product's movements from 1.
    #[schema(minimum = 1)]
    number: u64,
    #[schema(format = DateTime)]
    at: String,
    kind: KindView,
    /// Units; negative only when `corrected`.
    quantity: i64,
    /// For which order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Uuid>)]
    order_id: Option<OrderId>,
    /// Why, of an adjustment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<String>,
    on_hand: i64,
    reserved: i64,
    available: i64,
}

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StockMovementKind)]
#[serde(rename_all = "camelCase")]
enum KindView {
    Received,
    Corrected,
    Reserved,
    Released,
    Sold,
    Returned,
    WrittenOff,
}

impl From<MovementKind> for KindView {
    fn from(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Received => Self::Received,
            MovementKind::Corrected => Self::Corrected,
            MovementKind::Reserved => Self::Reserved,
            MovementKind::Released => Self::Released,
            MovementKind::Sold => Self::Sold,
            MovementKind::Returned => Self::Returned,
            MovementKind::WrittenOff => Self::WrittenOff,
        }
    }
}

impl MovementList {
    /// A page.
    pub fn new(entries: impl IntoIterator<Item = Entry>, next_cursor: Option<String>) -> Self {
        Self { movements: entries.into_iter().map(MovementView::from).collect(), next_cursor }
    }

    /// The page as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a page is text and numbers")
    }
}

impl From<Entry> for MovementView {
    fn from(Entry { number, movement, after }: Entry) -> Self {
        let (order_id, reason) = match movement.cause {
            Cause::Order(order) => (Some(order), None),
            Cause::Adjustment(reason) => (None, Some(reason)),
        };
        Self {
            number,
            at: time::shown(movement.at),
            kind: movement.kind.into(),
            quantity: movement.quantity,
            order_id,
            reason,
            on_hand: after.on_hand,
            reserved: after.reserved,
            available: after.available(),
        }
    }
}

impl Problem {
    /// An adjustment that would take away what is promised.
    pub fn not_enough_stock(refusal: &NotEnough) -> Self {
        let sentence = format!(
            "After this {} units would be available, and no less than {} may be. Let orders release theirs, or allow more with \
             backorderThreshold.",
            refusal.available,
            -i64::from(refusal.threshold),
        );
        Self::new(Code::NotEnoughStock, sentence)
    }

    /// Others won every race for a product's stock.
    pub fn stock_contended() -> Self {
        let sentence = "Others changed the stock each time we tried; nothing was done. Try again.";
        Self { headers: vec![("retry-after", "1".to_owned())], ..Self::new(Code::Contended, sentence) }
    }
}

#[cfg(test)]
mod tests;

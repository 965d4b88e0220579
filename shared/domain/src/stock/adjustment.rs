//! Receipts and corrections: what people say of a product's stock, of no order.

use jiff::Timestamp;

use super::{Cause, Movement, MovementKind, StockCard};

/// What came in, or what a count found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Units more; negative when there are fewer.
    pub quantity: i64,
    /// Why, in the caller's words.
    pub reason: String,
    /// How many units may be promised that are not there, from now on; as before when not said.
    pub backorder_threshold: Option<u32>,
}

/// Why an adjustment is no such thing: the field, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct InvalidAdjustment {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What it must be, as the end of a sentence.
    pub must: String,
}

/// An adjustment that would take away what is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{available} units would be available, and no less than -{threshold} may be")]
pub struct NotEnough {
    /// What would be left for nobody in particular.
    pub available: i64,
    /// How many units might be promised that are not there.
    pub threshold: u32,
}

impl Adjustment {
    /// The most units of one adjustment, in either direction.
    pub const QUANTITY_MAX: i64 = 1_000_000_000;
    /// The most units that may be promised that are not there.
    pub const BACKORDER_THRESHOLD_MAX: u32 = 1_000_000_000;
    /// The longest reason, in characters.
    pub const REASON_LENGTH_MAX: usize = 200;

    /// Everything that is wrong with it, not only the first.
    pub fn problems(&self) -> Vec<InvalidAdjustment> {
        let most = Self::QUANTITY_MAX;
        let quantity = (!(-most..=most).contains(&self.quantity)).then(|| InvalidAdjustment {
            field: "quantity",
            must: format!("must be a whole number from -{most} to {most}"),
        });
        let (length, longest) = (self.reason.chars().count(), Self::REASON_LENGTH_MAX);
        let speakable = (1..=longest).contains(&length) && !self.reason.chars().any(char::is_control);
        let reason = (!speakable).then(|| InvalidAdjustment {
            field: "reason",
            must: format!("must be 1 to {longest} characters, none of them a control character"),
        });
        quantity.into_iter().chain(reason).collect()
    }
}

/// The card after an adjustment. A product that has none gets its first: from then on it is tracked.
///
/// # Errors
/// When less than nothing would be available, beyond what may be promised.
pub fn adjust(
    card: Option<&StockCard>,
    at: Timestamp,
    adjustment: &Adjustment,
) -> Result<StockCard, NotEnough> {
    let Adjustment { quantity, ref reason, backorder_threshold } = *adjustment;
    let kind = if quantity > 0 { MovementKind::Received } else { MovementKind::Corrected };
    let mut card = card.cloned().unwrap_or_default();
    if let Some(threshold) = backorder_threshold {
        card.set_backorder_threshold(threshold);
    }
    card.record(Movement { kind, quantity, at, cause: Cause::Adjustment(reason.clone()) });
    let totals = card.totals();
    if totals.free() < 0 {
        return Err(NotEnough { available: totals.available(), threshold: totals.backorder_threshold });
    }
    Ok(card)
}

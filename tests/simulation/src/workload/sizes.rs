//! How large orders are: quantiles of the real ones in `../shared/data/online-retail.csv` (1,594 invoices, each twentieth).

use crate::dice::Dice;

/// Lines of an invoice.
const LINES: [usize; 20] = [1, 1, 1, 1, 2, 3, 5, 6, 8, 10, 11, 14, 15, 17, 20, 24, 29, 37, 47, 65];
/// Units of a line.
const UNITS: [u64; 20] = [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6, 8, 11, 12, 18, 24];

/// How many lines an order has, of a catalogue of so many products.
///
/// A wholesaler's invoice has eleven lines in the middle. Three of four of ours are a consumer's, with three at most: what goes wrong goes
/// wrong between orders rather than between lines.
pub(super) fn lines(dice: &Dice, products: usize) -> usize {
    let lines = if dice.chance(0.25) { *dice.pick(&LINES) } else { 1 + dice.below(3) };
    lines.min(products)
}

/// How many units a line has.
pub(super) fn units(dice: &Dice) -> u64 {
    *dice.pick(&UNITS)
}

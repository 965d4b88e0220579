//! Pounds as whole pence: read from decimal text and written as decimal text, never through a float.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// The currency of the file: all its prices are in pounds sterling.
pub(crate) const CURRENCY: &str = "GBP";

/// An amount in pence.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pence(pub(crate) i64);

/// Why a text is no amount in pence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MoneyError {
    #[error("is not a number")]
    NotANumber,
    #[error("is finer than a penny")]
    FinerThanPenny,
    #[error("is too large")]
    TooLarge,
}

impl Pence {
    /// Reads pounds: `2.55` is 255, and so are `2.550` and `25.5e-1`.
    pub(crate) fn from_pounds(text: &str) -> Result<Self, MoneyError> {
        let pounds = Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_err(|_| MoneyError::NotANumber)?;
        let pence = pounds.checked_mul(Decimal::ONE_HUNDRED).ok_or(MoneyError::TooLarge)?;
        if !pence.is_integer() {
            return Err(MoneyError::FinerThanPenny);
        }
        pence.to_i64().map(Self).ok_or(MoneyError::TooLarge)
    }

    /// This much for each of `quantity` units.
    pub(crate) fn times(self, quantity: i64) -> Self {
        Self(self.0.saturating_mul(quantity))
    }
}

impl fmt::Display for Pence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let pence = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", pence / 100, pence % 100))
    }
}

impl Add for Pence {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Pence {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Pence {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pounds_become_pence_exactly() {
        for (text, pence) in
            [("2.55", 255), ("0", 0), ("1.1", 110), ("-13541.33", -1_354_133), ("25.5e-1", 255)]
        {
            assert_eq!(Pence::from_pounds(text), Ok(Pence(pence)), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_says_why() {
        assert_eq!(Pence::from_pounds("0.001"), Err(MoneyError::FinerThanPenny));
        assert_eq!(Pence::from_pounds("two"), Err(MoneyError::NotANumber));
        assert_eq!(Pence::from_pounds(""), Err(MoneyError::NotANumber));
        assert_eq!(Pence::from_pounds("9999999999999999999999"), Err(MoneyError::TooLarge));
    }

    #[test]
    fn pence_print_as_pounds_with_two_decimals() {
        assert_eq!(Pence(255).to_string(), "2.55");
        assert_eq!(Pence(-5).to_string(), "-0.05");
        assert_eq!(Pence(1000).to_string(), "10.00");
    }
}

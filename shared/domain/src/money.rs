//! Money: whole minor units of an ISO 4217 currency. Never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::number::{DecimalNumber, NotANumber, Uncountable};

/// A currency that has minor units: pounds, yen, dinars; not gold or "no currency".
///
/// Source: ISO 4217, through the `iso_currency` crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(iso_currency::Currency);

/// Why an amount is not money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a code of ISO 4217, or one without minor units.
    #[error("{0:?} is not an ISO 4217 currency with minor units")]
    UnknownCurrency(String),
    /// Not a decimal number.
    #[error("not a decimal number")]
    NotANumber,
    /// More decimals than the currency has.
    #[error("{currency} has {decimals} decimals")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// How many decimals it has.
        decimals: u32,
    },
    /// Beyond what is counted here.
    #[error("the amount is beyond {} minor units", Money::MINOR_MAX)]
    TooLarge,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
}

impl Currency {
    /// How many decimals an amount has: 2 for GBP, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map(u32::from).expect("only currencies with minor units are constructed")
    }

    /// The three letters.
    pub fn code(self) -> &'static str {
        self.0.code()
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| MoneyError::UnknownCurrency(code.chars().take(8).collect()))
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(code: String) -> Result<Self, MoneyError> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest amount, either way, in minor units: every sum of order lines stays far inside an `i64`.
    pub const MINOR_MAX: i64 = 1_000_000_000_000_000;

    /// So many minor units (pence, yen, fils).
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`] beyond [`Self::MINOR_MAX`].
    pub fn from_minor(minor: i64, currency: Currency) -> Result<Self, MoneyError> {
        if minor.unsigned_abs() > Self::MINOR_MAX.unsigned_abs() {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a decimal number exactly, as JSON writes it: `12.5`, `12.50` and `1.25e1` are the same amount.
    ///
    /// # Errors
    /// When it is no number, has more decimals than the currency (trailing zeros do not count), or is too large.
    pub fn parse(number: &str, currency: Currency) -> Result<Self, MoneyError> {
        let number: DecimalNumber = number.parse().map_err(|NotANumber| MoneyError::NotANumber)?;
        let minor = number.in_units(currency.decimals()).map_err(|why| match why {
            Uncountable::Fraction => MoneyError::TooPrecise { currency, decimals: currency.decimals() },
            Uncountable::TooLarge => MoneyError::TooLarge,
        })?;
        Self::from_minor(minor, currency)
    }

    /// Minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount with exactly the currency's decimals: `12.50`, `1250`, `12.500`.
    pub fn amount(self) -> String {
        Decimal::new(self.minor, self.currency.decimals()).to_string()
    }

    /// `self + other`.
    ///
    /// # Errors
    /// When the currencies differ or the sum is too large.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooLarge)?;
        Self::from_minor(minor, self.currency)
    }

    /// `self × quantity`.
    ///
    /// # Errors
    /// When the product is too large.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::TooLarge)?;
        Self::from_minor(minor, self.currency)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn an_amount_has_as_many_decimals_as_its_currency() {
        for (code, minor, shown) in [
            ("GBP", 1250, "12.50"),
            ("JPY", 1250, "1250"),
            ("KWD", 1250, "1.250"),
            ("GBP", 5, "0.05"),
            ("GBP", -5, "-0.05"),
        ] {
            assert_eq!(Money::from_minor(minor, currency(code)).unwrap().amount(), shown);
        }
    }

    #[test]
    fn notation_does_not_matter() {
        for text in ["12.5", "12.50", "12.5000", "1.25e1", "1.25E+1", "1250e-2"] {
            assert_eq!(Money::parse(text, currency("GBP")).unwrap().minor(), 1250, "{text}");
        }
    }

    #[test]
    fn a_fraction_of_a_minor_unit_is_refused_not_rounded() {
        for (text, code) in [("0.001", "GBP"), ("0.5", "JPY"), ("0.0001", "KWD"), ("1e-3", "GBP")] {
            assert!(
                matches!(Money::parse(text, currency(code)), Err(MoneyError::TooPrecise { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn absurd_numbers_are_refused() {
        for text in ["1e400", "1e-400", "99999999999999999999999999999999", "10000000000000.01", "1e30"] {
            assert!(Money::parse(text, currency("GBP")).is_err(), "{text}");
        }
        assert_eq!(Money::parse(&"1".repeat(1_000), currency("GBP")), Err(MoneyError::TooLarge));
        assert_eq!(Money::parse("cheap", currency("GBP")), Err(MoneyError::NotANumber));
    }

    #[test]
    fn gold_and_no_currency_are_not_money() {
        for code in ["XAU", "XXX", "gbp", "GB", "", "EURO"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }

    #[test]
    fn an_amount_is_said_with_its_currency() {
        assert_eq!(Money::from_minor(1250, currency("GBP")).unwrap().to_string(), "12.50 GBP");
    }

    #[test]
    fn two_currencies_are_never_added() {
        let sum = Money::zero(currency("GBP")).plus(Money::zero(currency("EUR")));
        assert_eq!(sum, Err(MoneyError::Mixed(currency("GBP"), currency("EUR"))));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(minor in -Money::MINOR_MAX..=Money::MINOR_MAX, code in prop::sample::select(vec!["GBP", "JPY", "KWD"])) {
            let money = Money::from_minor(minor, currency(code)).unwrap();
            prop_assert_eq!(Money::parse(&money.amount(), money.currency()), Ok(money));
        }
    }
}

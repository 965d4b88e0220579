//! Decimal numbers exactly as they were written, however long: nothing is rounded on the way to minor units.

use std::str::FromStr;

/// A decimal number: `±digits × 10^exponent`, the digits without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecimalNumber {
    negative: bool,
    digits: String,
    exponent: i64,
}

/// Text that is no decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a decimal number")]
pub struct NotANumber;

/// Why a number cannot be counted in whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncountable {
    /// It has a fraction of a unit.
    Fraction,
    /// It is beyond an `i64`.
    TooLarge,
}

/// An `i64` holds any number of so many digits.
const DIGITS_MAX: i64 = 18;

impl DecimalNumber {
    /// The number in units of `10^-decimals`: 12.5 with two decimals is 1250.
    ///
    /// # Errors
    /// When it is no whole number of units, or one beyond 18 digits.
    pub fn in_units(&self, decimals: u32) -> Result<i64, Uncountable> {
        if self.digits.is_empty() {
            return Ok(0);
        }
        let zeros = self.exponent.saturating_add(i64::from(decimals));
        if zeros < 0 {
            return Err(Uncountable::Fraction);
        }
        let digits = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        if digits.saturating_add(zeros) > DIGITS_MAX {
            return Err(Uncountable::TooLarge);
        }
        let units = format!("{}{:0<2$}", self.digits, "", zeros as usize);
        let units: i64 = units.parse().expect("at most 18 digits");
        Ok(if self.negative { -units } else { units })
    }
}

impl FromStr for DecimalNumber {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Self, NotANumber> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !numeric(whole) || !numeric(fraction) || mantissa.ends_with('.') {
            return Err(NotANumber);
        }
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_end_matches('0');
        let dropped = digits.len() - significant.len();
        let shift =
            i64::try_from(dropped).unwrap_or(i64::MAX) - i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let exponent = read_exponent(exponent)?.saturating_add(shift);
        Ok(Self { negative, digits: significant.trim_start_matches('0').to_owned(), exponent })
    }
}

/// An exponent beyond an `i64` is as good as its end.
fn read_exponent(text: &str) -> Result<i64, NotANumber> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotANumber);
    }
    let end = if text.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
    Ok(text.parse().unwrap_or(end).clamp(i64::MIN / 2, i64::MAX / 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str, decimals: u32) -> Result<i64, Uncountable> {
        text.parse::<DecimalNumber>().unwrap().in_units(decimals)
    }

    #[test]
    fn nothing_is_rounded_however_long_the_number() {
        let just_below = format!("12.4{}e0", "9".repeat(40));
        assert_eq!(units(&just_below, 2), Err(Uncountable::Fraction));
        assert_eq!(units(&format!("12.5{}1e0", "0".repeat(40)), 2), Err(Uncountable::Fraction));
        assert_eq!(units(&format!("12.5{}", "0".repeat(400)), 2), Ok(1250));
        assert_eq!(units(&format!("1{}e-400", "0".repeat(400)), 0), Ok(1));
    }

    #[test]
    fn zero_is_zero_in_any_notation() {
        for text in ["0", "-0", "0.000", "0e400", "0e-400", "0e99999999999999999999"] {
            assert_eq!(units(text, 2), Ok(0), "{text}");
        }
    }

    #[test]
    fn the_reason_is_the_right_one() {
        assert_eq!(units("1e400", 2), Err(Uncountable::TooLarge));
        assert_eq!(units("1e-400", 2), Err(Uncountable::Fraction));
        assert_eq!(units("1e99999999999999999999", 2), Err(Uncountable::TooLarge));
        assert_eq!(units("1e-99999999999999999999", 2), Err(Uncountable::Fraction));
        assert_eq!(units("79228162514264337593543950336", 0), Err(Uncountable::TooLarge));
        assert_eq!(units("1e18", 0), Err(Uncountable::TooLarge));
        assert_eq!(units("1e17", 0), Ok(100_000_000_000_000_000));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".5", "5.", "1e", "1e+", "+1", "1 ", "0x1", "NaN", "1.2.3", "1e5.0", "--1", "١"]
        {
            assert_eq!(text.parse::<DecimalNumber>(), Err(NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_notation_of_a_number_is_the_same_number(units_in in -999_999_999_i64..=999_999_999, shift in 0_u32..6, zeros in 0_usize..5) {
            let written = format!("{units_in}{}e-{}", "0".repeat(zeros), zeros + shift as usize);
            prop_assert_eq!(units(&written, shift), Ok(units_in));
        }
    }
}

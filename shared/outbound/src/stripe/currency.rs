//! Amounts as Stripe writes them: whole numbers too, but not always of ISO 4217's minor units.
//!
//! Source: <https://docs.stripe.com/currencies>. What Stripe cannot take exactly is refused, never rounded: what is charged is what
//! the order says.

use penstock_domain::{Currency, Money, MoneyError};

/// "For the following zero-decimal currencies, the charge and the amount are the same". ISO 4217 agrees but for MGA, which it gives
/// two decimals. UGX stands there too: see [`Unpayable::Contradicted`].
const ZERO_DECIMALS: [&str; 15] =
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"];
/// "These API calls require the least-significant (last) digit to be 0."
const THREE_DECIMALS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// "Backward compatibility requires you to represent it as a two-decimal value, where the decimal amount is always 00."
const WHOLE_WITH_TWO_DECIMALS: &str = "ISK";
/// On the list of zero decimals, and in the next table with ISK's rule: an amount could be meant a hundredfold.
const CONTRADICTED: &str = "UGX";

/// Why an amount cannot be paid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unpayable {
    /// Stripe's documentation says two things of the currency.
    #[error("{0} is not used: Stripe's documentation says two things of its amounts")]
    Contradicted(Currency),
    /// Stripe does not say how it counts the currency.
    #[error("Stripe does not take {0}")]
    Unsupported(Currency),
    /// Stripe cannot take so small a part of the currency.
    #[error("Stripe cannot take {0} exactly")]
    Inexact(Money),
    /// No amount of money to begin with.
    #[error(transparent)]
    NotMoney(#[from] MoneyError),
    /// An amount of Stripe's that is no whole number of minor units.
    #[error("Stripe says {0} of {1}, which is no whole number of minor units")]
    Fraction(i64, Currency),
}

/// Stripe's number and name for an amount.
pub(crate) fn to_stripe(money: Money) -> Result<(i64, String), Unpayable> {
    let currency = money.currency();
    let rule = rule(currency)?;
    let amount =
        scaled(money.minor(), currency.decimals(), rule.decimals).ok_or(Unpayable::Inexact(money))?;
    if amount % rule.multiple_of != 0 {
        return Err(Unpayable::Inexact(money));
    }
    Ok((amount, currency.code().to_ascii_lowercase()))
}

/// The amount that Stripe's number and name stand for.
pub(crate) fn from_stripe(amount: i64, currency: &str) -> Result<Money, Unpayable> {
    let currency: Currency = currency.to_ascii_uppercase().parse()?;
    let minor = scaled(amount, rule(currency)?.decimals, currency.decimals());
    Ok(Money::from_minor(minor.ok_or(Unpayable::Fraction(amount, currency))?, currency)?)
}

/// How Stripe writes a currency.
struct Rule {
    decimals: u32,
    multiple_of: i64,
}

fn rule(currency: Currency) -> Result<Rule, Unpayable> {
    let (decimals, multiple_of) = match currency.code() {
        CONTRADICTED => return Err(Unpayable::Contradicted(currency)),
        WHOLE_WITH_TWO_DECIMALS => (2, 100),
        code if ZERO_DECIMALS.contains(&code) => (0, 1),
        code if THREE_DECIMALS.contains(&code) => (3, 10),
        _ if currency.decimals() == 2 => (2, 1),
        _ => return Err(Unpayable::Unsupported(currency)),
    };
    Ok(Rule { decimals, multiple_of })
}

/// A number of `10^-from` as a number of `10^-to`, if that is whole.
fn scaled(number: i64, from: u32, to: u32) -> Option<i64> {
    if to >= from {
        return number.checked_mul(10_i64.pow(to - from));
    }
    let parts = 10_i64.pow(from - to);
    (number % parts == 0).then_some(number / parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_what_stripes_documentation_shows() {
        for (amount, code, stripes) in [
            ("10", "USD", 1000),
            ("10", "JPY", 10),
            ("500", "JPY", 500),
            ("5.12", "KWD", 5120),
            ("5", "ISK", 500),
            ("10.45", "HUF", 1045),
            ("800.45", "TWD", 80045),
            ("7", "MGA", 7),
        ] {
            let money = Money::parse(amount, code.parse().unwrap()).unwrap();
            assert_eq!(to_stripe(money), Ok((stripes, code.to_lowercase())));
            assert_eq!(from_stripe(stripes, &code.to_lowercase()), Ok(money));
        }
    }

    #[test]
    fn what_cannot_be_taken_exactly_is_refused() {
        for (amount, code) in [("5.124", "KWD"), ("7.50", "MGA"), ("0.001", "TND")] {
            let money = Money::parse(amount, code.parse().unwrap()).unwrap();
            assert_eq!(to_stripe(money), Err(Unpayable::Inexact(money)));
        }
        let isk = "ISK".parse().unwrap();
        assert_eq!(from_stripe(450, "isk"), Err(Unpayable::Fraction(450, isk)));
    }

    #[test]
    fn a_currency_that_stripe_does_not_explain_is_refused() {
        for code in ["IQD", "LYD", "CLF", "UYI"] {
            let money = Money::zero(code.parse().unwrap());
            assert_eq!(to_stripe(money), Err(Unpayable::Unsupported(money.currency())));
        }
        let shillings = Money::zero("UGX".parse().unwrap());
        assert_eq!(to_stripe(shillings), Err(Unpayable::Contradicted(shillings.currency())));
    }

    #[test]
    fn iso_and_stripe_differ_only_where_it_is_said() {
        let differ =
            currencies().into_iter().filter(|&it| rule(it).is_ok_and(|rule| rule.decimals != it.decimals()));
        let mut differ: Vec<_> = differ.map(Currency::code).collect();
        differ.sort_unstable();
        assert_eq!(differ, ["ISK", "MGA"]);
    }

    proptest! {
        #[test]
        fn what_stripe_is_told_is_the_amount(
            minor in 0..100_000_000_000_i64,
            currency in prop::sample::select(currencies()),
        ) {
            let money = Money::from_minor(minor, currency).unwrap();
            if let Ok((amount, code)) = to_stripe(money) {
                prop_assert_eq!(from_stripe(amount, &code), Ok(money));
                let decimals = rule(currency).unwrap().decimals;
                let (left, right) = (i128::from(amount), i128::from(minor));
                prop_assert_eq!(left * 10_i128.pow(currency.decimals()), right * 10_i128.pow(decimals));
            }
        }
    }

    /// Every currency there is.
    fn currencies() -> Vec<Currency> {
        let letters = || 'A'..='Z';
        let codes = letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
        codes.filter_map(|code| code.iter().collect::<String>().parse().ok()).collect()
    }
}

//! What a customer pays with: a token of the payment provider's. Card data never enters.

use serde::{Deserialize, Serialize};

/// A payment provider's token for something to pay with, e.g. `pm_card_visa`: 1 to 255 of `A-Z`, `a-z`, `0-9` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentMethod(String);

/// What is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a payment method is the provider's token: 1 to 255 of A-Z, a-z, 0-9 and _")]
pub struct InvalidPaymentMethod;

impl PaymentMethod {
    /// The most characters of a token.
    pub const LENGTH_MAX: usize = 255;

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PaymentMethod {
    type Error = InvalidPaymentMethod;

    fn try_from(token: String) -> Result<Self, InvalidPaymentMethod> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let well_formed = (1..=Self::LENGTH_MAX).contains(&token.len()) && token.chars().all(allowed);
        // Sixteen digits are a card number: it must not be stored, not even by mistake.
        let digits = token.chars().all(|c| c.is_ascii_digit());
        if well_formed && !digits { Ok(Self(token)) } else { Err(InvalidPaymentMethod) }
    }
}

impl std::str::FromStr for PaymentMethod {
    type Err = InvalidPaymentMethod;

    fn from_str(token: &str) -> Result<Self, InvalidPaymentMethod> {
        token.to_owned().try_into()
    }
}

impl From<PaymentMethod> for String {
    fn from(method: PaymentMethod) -> Self {
        method.0
    }
}

impl std::fmt::Display for PaymentMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_no_payment_method() {
        for text in ["4242424242424242", "", "pm card", "pm-card", &"p".repeat(256)] {
            assert_eq!(text.parse::<PaymentMethod>(), Err(InvalidPaymentMethod), "{text}");
        }
        let visa: PaymentMethod = "pm_card_visa".parse().unwrap();
        assert_eq!((visa.as_str(), visa.to_string().as_str()), ("pm_card_visa", "pm_card_visa"));
    }
}

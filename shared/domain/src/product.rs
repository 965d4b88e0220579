//! What can be ordered. The catalogue says what it costs today; an order keeps what it cost then.

use serde::{Deserialize, Serialize};

use crate::{Money, ProductId};

/// What a shop says of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDetails {
    /// The shop's own code, 1 to 64 characters.
    pub sku: String,
    /// What people read, 1 to 200 characters.
    pub name: String,
    /// What lists are filtered by, 1 to 100 characters.
    pub category: String,
    /// For one unit, not negative.
    pub price: Money,
}

/// A product of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Which.
    pub id: ProductId,
    /// What is said of it.
    pub details: ProductDetails,
}

/// Why details are refused: the field, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {must}")]
pub struct InvalidProduct {
    /// The field's name on the wire.
    pub field: &'static str,
    /// What it must be, as the end of a sentence.
    pub must: String,
}

impl ProductDetails {
    /// The longest code, in characters.
    pub const SKU_LENGTH_MAX: usize = 64;
    /// The longest name, in characters.
    pub const NAME_LENGTH_MAX: usize = 200;
    /// The longest category, in characters.
    pub const CATEGORY_LENGTH_MAX: usize = 100;

    /// Everything that is wrong with the details, not only the first.
    pub fn problems(&self) -> Vec<InvalidProduct> {
        let texts = [
            ("sku", &self.sku, Self::SKU_LENGTH_MAX),
            ("name", &self.name, Self::NAME_LENGTH_MAX),
            ("category", &self.category, Self::CATEGORY_LENGTH_MAX),
        ];
        let too_long = texts.into_iter().filter_map(|(field, text, max)| text_problem(field, text, max));
        let negative = (self.price.minor() < 0)
            .then(|| InvalidProduct { field: "price", must: "must not be negative".to_owned() });
        too_long.chain(negative).collect()
    }
}

fn text_problem(field: &'static str, text: &str, max: usize) -> Option<InvalidProduct> {
    let well_formed = (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let must = || format!("must be 1 to {max} characters, none of them a control character");
    (!well_formed).then(|| InvalidProduct { field, must: must() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let price = Money::from_minor(-1, "GBP".parse().unwrap()).unwrap();
        let details =
            ProductDetails { sku: String::new(), name: "n".repeat(201), category: "a\nb".into(), price };
        let fields: Vec<_> = details.problems().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["sku", "name", "category", "price"]);
    }

    #[test]
    fn what_costs_nothing_is_a_product() {
        let price = Money::zero("GBP".parse().unwrap());
        let gift = ProductDetails { sku: "a".into(), name: "A".into(), category: "c".into(), price };
        assert_eq!(gift.problems(), []);
    }
}

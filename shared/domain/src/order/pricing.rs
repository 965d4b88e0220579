//! What a line costs: the catalogue's price, unless the caller may set it.

use std::collections::BTreeMap;

use super::{Line, LineProblem, LineProblemKind, Refusal};
use crate::{Currency, Money, Product, ProductId};

/// A line as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// Of the catalogue.
    pub product_id: ProductId,
    /// Units.
    pub quantity: u32,
    /// What the caller expects one to cost, or sets.
    pub unit_price: Option<Money>,
}

/// Prices lines from the catalogue. `may_set_prices` lets the caller's prices stand.
///
/// The order's currency is the one asked for, or else that of its first line.
///
/// # Errors
/// [`Refusal::Lines`] with every unknown product and every price that is not as expected.
pub fn price_lines(
    wanted: &[WantedLine],
    products: &BTreeMap<ProductId, Product>,
    currency: Option<Currency>,
    may_set_prices: bool,
) -> Result<(Currency, Vec<Line>), Refusal> {
    let priced: Vec<_> = wanted.iter().map(|line| price(line, products, may_set_prices)).collect();
    let problems: Vec<_> = priced
        .iter()
        .enumerate()
        .filter_map(|(line, result)| Some(LineProblem { line, kind: result.as_ref().err()?.clone() }))
        .collect();
    if !problems.is_empty() {
        return Err(Refusal::Lines(problems));
    }
    let lines: Vec<Line> = priced.into_iter().flatten().collect();
    let first = lines.first().map(|line| line.unit_price.currency());
    Ok((currency.or(first).ok_or(Refusal::NoLines)?, lines))
}

fn price(
    wanted: &WantedLine,
    products: &BTreeMap<ProductId, Product>,
    may_set_prices: bool,
) -> Result<Line, LineProblemKind> {
    let product =
        products.get(&wanted.product_id).ok_or(LineProblemKind::UnknownProduct(wanted.product_id))?;
    let current = product.details.price;
    let unit_price = match wanted.unit_price {
        Some(expected) if expected != current && !may_set_prices => {
            return Err(LineProblemKind::PriceChanged(current));
        }
        Some(given) => given,
        None => current,
    };
    Ok(Line {
        product_id: wanted.product_id,
        sku: product.details.sku.clone(),
        name: product.details.name.clone(),
        quantity: wanted.quantity,
        unit_price,
    })
}

//! What a line costs: the catalogue's price, unless the caller may set it.

use std::collections::BTreeMap;

use super::{Line, LineProblem, LineProblemKind, Refusal, check_count, foreign_price, units_problem};
use crate::{Currency, Limits, Money, Product, ProductId};

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

/// What lines are priced by.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The catalogue, as far as it is asked for.
    pub products: &'a BTreeMap<ProductId, Product>,
    /// The order's currency; that of the first line when nothing is said.
    pub currency: Option<Currency>,
    /// The tenant's limits.
    pub limits: Limits,
    /// Whether the caller's prices stand, whatever the catalogue says.
    pub may_set_prices: bool,
}

/// Prices lines.
///
/// # Errors
/// [`Refusal::Lines`] with everything that is wrong with any line, or a refusal of the order as a whole.
pub fn price_lines(wanted: &[WantedLine], terms: &Terms<'_>) -> Result<(Currency, Vec<Line>), Refusal> {
    check_count(wanted.len(), terms.limits)?;
    let priced: Vec<_> = wanted.iter().map(|line| price(line, terms)).collect();
    let first = priced.iter().flatten().map(|line| line.unit_price.currency()).next();
    let currency = terms.currency.or(first);
    let problems: Vec<_> = priced
        .iter()
        .zip(wanted)
        .enumerate()
        .flat_map(|(line, (priced, wanted))| {
            let price = match priced {
                Ok(priced) => currency.and_then(|currency| foreign_price(priced, currency)),
                Err(kind) => Some(kind.clone()),
            };
            let kinds = price.into_iter().chain(units_problem(wanted.quantity, terms.limits));
            kinds.map(move |kind| LineProblem { line, kind })
        })
        .collect();
    match currency {
        Some(currency) if problems.is_empty() => Ok((currency, priced.into_iter().flatten().collect())),
        _ => Err(Refusal::Lines(problems)),
    }
}

fn price(wanted: &WantedLine, terms: &Terms<'_>) -> Result<Line, LineProblemKind> {
    let unknown = LineProblemKind::UnknownProduct(wanted.product_id);
    let details = &terms.products.get(&wanted.product_id).ok_or(unknown)?.details;
    let unit_price = match wanted.unit_price {
        Some(expected) if expected != details.price && !terms.may_set_prices => {
            return Err(LineProblemKind::PriceChanged(details.price));
        }
        Some(given) => given,
        None => details.price,
    };
    Ok(Line {
        product_id: wanted.product_id,
        sku: details.sku.clone(),
        name: details.name.clone(),
        quantity: wanted.quantity,
        unit_price,
    })
}

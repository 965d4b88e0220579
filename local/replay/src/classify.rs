//! What a row of the file is: a line of an order, a line of a cancellation, or no order, and then why.
//!
//! Nothing is guessed from a description: the document, the stock code, the quantity, the price and whether there
//! is a customer decide.

use std::fmt;

use crate::money::Pence;
use crate::source::Row;

/// Stock codes that are not goods, in capitals, and what they are.
const NOT_GOODS: [(&str, &str); 10] = [
    ("AMAZONFEE", "marketplace fee"),
    ("B", "bad debt"),
    ("BANK CHARGES", "bank charges"),
    ("C2", "carriage"),
    ("CRUK", "charity commission"),
    ("D", "discount"),
    ("DOT", "postage of the web shop"),
    ("M", "manual entry"),
    ("POST", "postage"),
    ("S", "samples"),
];

/// A row of goods that were ordered or sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Goods {
    /// Units, always counted upwards.
    pub(crate) quantity: u32,
    pub(crate) unit_price: Pence,
}

/// What a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    OrderLine(Goods),
    CancellationLine(Goods),
    NoOrder(Reason),
}

/// Why a row is no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    /// A charge, a fee or a correction: its stock code and what that means.
    NotGoods(&'static str, &'static str),
    /// Goods leave the stock without a sale: a quantity below one outside a cancellation.
    WriteOff,
    /// Goods appear: no price, no customer and no description.
    StockAdjustment,
    /// No price and no customer, but a description: found, sent to a marketplace, or given to nobody we know.
    Unbilled,
    /// A document of the accounts (`A…`) and not an invoice.
    AccountsDocument,
    /// A price that no amount in pence equals.
    FinerThanPenny,
    /// A price below zero.
    NegativePrice,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGoods(code, meaning) => write!(f, "not goods: {code} ({meaning})"),
            Self::WriteOff => f.write_str("write-off: a quantity below one outside a cancellation"),
            Self::StockAdjustment => f.write_str("stock adjustment: no price, customer or description"),
            Self::Unbilled => f.write_str("unbilled: no price and no customer"),
            Self::AccountsDocument => f.write_str("document of the accounts, not an invoice"),
            Self::FinerThanPenny => f.write_str("price finer than a penny"),
            Self::NegativePrice => f.write_str("price below zero"),
        }
    }
}

/// Says what `row` is.
///
/// # Errors
/// When it contradicts itself; the text says how.
pub(crate) fn classify(row: &Row) -> Result<Kind, String> {
    let cancellation = match row.invoice.as_bytes() {
        [b'0'..=b'9', ..] => false,
        [b'C' | b'c', ..] => true,
        [b'A' | b'a', ..] => return Ok(Kind::NoOrder(Reason::AccountsDocument)),
        _ => return Err(format!("no known document has a number like {:?}", row.invoice)),
    };
    if let Some(reason) = no_goods(row) {
        return Ok(Kind::NoOrder(reason));
    }
    if cancellation { cancellation_line(row) } else { order_line(row) }
}

/// What a stock code sells, as far as the code itself tells.
pub(crate) fn category(stock_code: &str) -> &'static str {
    let digits = stock_code.bytes().take_while(u8::is_ascii_digit).count();
    match stock_code.to_ascii_uppercase() {
        code if code.starts_with("GIFT_") => "gift-vouchers",
        code if code.starts_with("DCGS") => "gift-shop",
        code if digits == code.len() => "single-items",
        _ if digits > 0 => "variants",
        _ => "other",
    }
}

fn no_goods(row: &Row) -> Option<Reason> {
    let code = row.stock_code.to_ascii_uppercase();
    let named = NOT_GOODS.iter().find(|(name, _)| *name == code);
    named.map(|(name, meaning)| Reason::NotGoods(name, meaning)).or(match row.unit_price {
        None => Some(Reason::FinerThanPenny),
        Some(price) if price < Pence(0) => Some(Reason::NegativePrice),
        Some(_) => None,
    })
}

fn cancellation_line(row: &Row) -> Result<Kind, String> {
    if row.quantity >= 0 {
        return Err(format!("a cancellation of {} units", row.quantity));
    }
    goods(row).map(Kind::CancellationLine)
}

fn order_line(row: &Row) -> Result<Kind, String> {
    let free = row.unit_price == Some(Pence(0));
    Ok(match row {
        Row { quantity: ..=0, .. } => Kind::NoOrder(Reason::WriteOff),
        Row { customer: None, description, .. } if free && description.is_empty() => {
            Kind::NoOrder(Reason::StockAdjustment)
        }
        Row { customer: None, .. } if free => Kind::NoOrder(Reason::Unbilled),
        row => Kind::OrderLine(goods(row)?),
    })
}

fn goods(row: &Row) -> Result<Goods, String> {
    let quantity = u32::try_from(row.quantity.unsigned_abs())
        .map_err(|_| format!("{} units are more than any stock holds", row.quantity))?;
    Ok(Goods { quantity, unit_price: row.unit_price.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priced_row_is_an_order_line_with_or_without_a_customer() {
        let goods = Goods { quantity: 6, unit_price: Pence(255) };
        assert_eq!(classify(&row()), Ok(Kind::OrderLine(goods)));
        assert_eq!(classify(&Row { customer: None, ..row() }), Ok(Kind::OrderLine(goods)));
    }

    #[test]
    fn a_give_away_to_a_customer_is_an_order_line() {
        let free = Row { unit_price: Some(Pence(0)), ..row() };
        assert_eq!(classify(&free), Ok(Kind::OrderLine(Goods { quantity: 6, unit_price: Pence(0) })));
    }

    #[test]
    fn what_nobody_gets_for_nothing_is_no_order() {
        let free = Row { unit_price: Some(Pence(0)), customer: None, ..row() };
        assert_eq!(classify(&free), Ok(Kind::NoOrder(Reason::Unbilled)));
        let nameless = Row { description: String::new(), ..free };
        assert_eq!(classify(&nameless), Ok(Kind::NoOrder(Reason::StockAdjustment)));
    }

    #[test]
    fn charges_are_no_goods_in_either_case() {
        for code in ["M", "m", "POST", "BANK CHARGES", "AMAZONFEE"] {
            let row = Row { stock_code: code.to_owned(), ..row() };
            assert!(matches!(classify(&row), Ok(Kind::NoOrder(Reason::NotGoods(..)))), "{code}");
        }
        let goods = Row { stock_code: "DCGS0076".to_owned(), ..row() };
        assert!(matches!(classify(&goods), Ok(Kind::OrderLine(_))));
    }

    #[test]
    fn a_negative_quantity_is_a_write_off_unless_it_cancels() {
        let minus = Row { quantity: -6, ..row() };
        assert_eq!(classify(&minus), Ok(Kind::NoOrder(Reason::WriteOff)));
        let cancelling = Row { invoice: "C536379".to_owned(), ..minus };
        let goods = Goods { quantity: 6, unit_price: Pence(255) };
        assert_eq!(classify(&cancelling), Ok(Kind::CancellationLine(goods)));
    }

    #[test]
    fn a_cancellation_that_adds_contradicts_itself() {
        let adding = Row { invoice: "C536379".to_owned(), ..row() };
        assert_eq!(classify(&adding), Err("a cancellation of 6 units".to_owned()));
    }

    #[test]
    fn accounts_documents_and_impossible_prices_are_no_orders() {
        let accounts = Row { invoice: "A563185".to_owned(), unit_price: Some(Pence(-1)), ..row() };
        assert_eq!(classify(&accounts), Ok(Kind::NoOrder(Reason::AccountsDocument)));
        assert_eq!(classify(&Row { unit_price: None, ..row() }), Ok(Kind::NoOrder(Reason::FinerThanPenny)));
        assert_eq!(
            classify(&Row { unit_price: Some(Pence(-1)), ..row() }),
            Ok(Kind::NoOrder(Reason::NegativePrice))
        );
        assert!(classify(&Row { invoice: "X1".to_owned(), ..row() }).is_err());
    }

    #[test]
    fn the_category_is_what_the_stock_code_tells() {
        for (code, expected) in [
            ("71053", "single-items"),
            ("85123A", "variants"),
            ("15056bl", "variants"),
            ("DCGS0076", "gift-shop"),
            ("gift_0001_40", "gift-vouchers"),
            ("PADS", "other"),
        ] {
            assert_eq!(category(code), expected, "{code}");
        }
    }

    fn row() -> Row {
        Row {
            line: 2,
            invoice: "536365".to_owned(),
            stock_code: "85123A".to_owned(),
            description: "WHITE HANGING HEART".to_owned(),
            quantity: 6,
            at: jiff::civil::date(2010, 12, 1).at(8, 26, 0, 0),
            unit_price: Some(Pence(255)),
            customer: Some("17850".to_owned()),
        }
    }
}

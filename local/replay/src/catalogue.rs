//! The products of the file. It gives one product many names and prices; each row votes for one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::classify::category;
use crate::money::Pence;

/// A product's place in the catalogue: lines hold this instead of a copy of its stock code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ProductIndex(u32);

/// A product as it is put into the platform's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) category: &'static str,
    pub(crate) price: Pence,
}

/// Every stock code of goods in the file.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    entries: Vec<Entry>,
    places: HashMap<String, ProductIndex>,
}

#[derive(Debug)]
struct Entry {
    sku: String,
    names: BTreeMap<String, u32>,
    prices: BTreeMap<Pence, u32>,
}

impl Catalogue {
    /// Counts one row's name and price for its product, and says which product that is.
    pub(crate) fn vote(&mut self, stock_code: &str, name: &str, price: Pence) -> ProductIndex {
        let index = self.place(stock_code);
        let entry = &mut self.entries[index.0 as usize];
        if !name.is_empty() {
            *entry.names.entry(name.to_owned()).or_default() += 1;
        }
        *entry.prices.entry(price).or_default() += 1;
        index
    }

    /// The stock code of a product.
    pub(crate) fn sku(&self, index: ProductIndex) -> &str {
        &self.entries[index.0 as usize].sku
    }

    /// How many products there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The products, in the order of their first rows.
    pub(crate) fn products(&self) -> impl Iterator<Item = Product> {
        self.entries.iter().map(Entry::product)
    }

    fn place(&mut self, stock_code: &str) -> ProductIndex {
        if let Some(index) = self.places.get(stock_code) {
            return *index;
        }
        let index = ProductIndex(u32::try_from(self.entries.len()).expect("fewer products than 2^32"));
        self.entries.push(Entry {
            sku: stock_code.to_owned(),
            names: BTreeMap::new(),
            prices: BTreeMap::new(),
        });
        self.places.insert(stock_code.to_owned(), index);
        index
    }
}

impl Entry {
    /// The name most rows give it, and the price most rows ask; a tie goes to the first in order. A price of zero
    /// is a give-away and counts only when there is no other.
    fn product(&self) -> Product {
        let name = self.names.iter().min_by_key(|(_, votes)| Reverse(**votes)).map(|(name, _)| name);
        let price = self.prices.iter().min_by_key(|(price, votes)| (**price == Pence(0), Reverse(**votes)));
        Product {
            sku: self.sku.clone(),
            name: name.unwrap_or(&self.sku).clone(),
            category: category(&self.sku),
            price: price.map(|(price, _)| *price).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_has_the_name_and_price_of_most_of_its_rows() {
        let product = product([("", 255), ("HEART", 295), ("heart?", 255), ("HEART", 255)]);
        assert_eq!((product.name.as_str(), product.price), ("HEART", Pence(255)));
    }

    #[test]
    fn a_tie_goes_to_the_first_name_in_the_alphabet_and_the_lowest_price() {
        let product = product([("LANTERN", 339), ("A LANTERN", 295)]);
        assert_eq!((product.name.as_str(), product.price), ("A LANTERN", Pence(295)));
    }

    #[test]
    fn give_aways_do_not_make_a_product_free() {
        assert_eq!(product([("X", 0), ("X", 0), ("X", 125)]).price, Pence(125));
        assert_eq!(product([("X", 0)]).price, Pence(0));
    }

    #[test]
    fn a_product_without_a_name_is_called_by_its_stock_code() {
        assert_eq!(product([("", 125)]).name, "85123A");
    }

    fn product<const N: usize>(rows: [(&str, i64); N]) -> Product {
        let mut catalogue = Catalogue::default();
        for (name, price) in rows {
            catalogue.vote("85123A", name, Pence(price));
        }
        assert_eq!(catalogue.len(), 1);
        catalogue.products().next().unwrap()
    }
}

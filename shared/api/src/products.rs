//! Products on the wire.

use penstock_domain::{Money, Product, ProductDetails, ProductId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{self, Problems, Value};
use crate::money::WireMoney;
use crate::problem::{Detail, Problem};

/// What `PUT /v1/products/{productId}` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutProduct {
    /// The shop's own code.
    #[schema(min_length = 1, max_length = 64, example = "85123A")]
    sku: String,
    /// What people read.
    #[schema(min_length = 1, max_length = 200, example = "WHITE HANGING HEART T-LIGHT HOLDER")]
    name: String,
    /// What lists are filtered by.
    #[schema(min_length = 1, max_length = 100, example = "lights")]
    category: String,
    /// For one unit.
    price: WireMoney,
}

impl PutProduct {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let [sku, name, category] =
                ["sku", "name", "category"].map(|field| fields.required(field, problems, Value::string));
            let price = fields.required("price", problems, WireMoney::read);
            fields.end(problems);
            refuse_invalid([&sku, &name, &category], price, problems);
            Some(Self { sku: sku?, name: name?, category: category?, price: price? })
        })
    }

    /// What the shop says of the product.
    pub fn details(self) -> ProductDetails {
        let Self { sku, name, category, price } = self;
        ProductDetails { sku, name, category, price: price.0 }
    }
}

/// Adds what the domain says of the fields that could be read; the others are refused already.
fn refuse_invalid(texts: [&Option<String>; 3], price: Option<WireMoney>, problems: &mut Problems) {
    let [sku, name, category] = texts.map(|text| text.clone().unwrap_or_default());
    // A missing price must not hide what is wrong with the texts: any price that is allowed stands in for it.
    let free = || Money::zero("GBP".parse().expect("pounds are a currency"));
    let details = ProductDetails { sku, name, category, price: price.map_or_else(free, |price| price.0) };
    let were_read = ["sku", "name", "category"].into_iter().zip(texts.map(Option::is_some));
    let unread: Vec<_> = were_read.filter(|(_, was_read)| !was_read).map(|(field, _)| field).collect();
    let invalid = details.problems().into_iter().filter(|problem| !unread.contains(&problem.field));
    problems.extend(invalid.map(|problem| Detail::new(format!("/{}", problem.field), problem.must)));
}

/// A product as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Product)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// The shop's own code.
    sku: String,
    /// What people read.
    name: String,
    /// What lists are filtered by.
    category: String,
    /// For one unit.
    price: WireMoney,
}

impl ProductView {
    /// A product of the catalogue.
    pub fn new(product: &Product) -> Self {
        let ProductDetails { sku, name, category, price } = product.details.clone();
        Self { product_id: product.id, sku, name, category, price: WireMoney(price) }
    }

    /// The product as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a product is text and numbers")
    }
}

/// A page of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductList {
    products: Vec<ProductView>,
    /// What asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

impl ProductList {
    /// A page.
    pub fn new<'a>(products: impl IntoIterator<Item = &'a Product>, next_cursor: Option<String>) -> Self {
        Self { products: products.into_iter().map(ProductView::new).collect(), next_cursor }
    }

    /// The page as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a page is text and numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn refused(body: &str) -> Vec<(String, String)> {
        let problem = PutProduct::parse(body.as_bytes()).unwrap_err();
        problem.details.into_iter().map(|detail| (detail.pointer, detail.reason)).collect()
    }

    #[test]
    fn a_product_is_put_and_shown() {
        let body = br#"{"sku":"85123A","name":"T-LIGHT HOLDER","category":"lights","price":{"amount":2.5,"currency":"GBP"}}"#;
        let details = PutProduct::parse(body).unwrap().details();
        let product = Product { id: Uuid::from_u128(1).into(), details };
        let page = ProductList::new([&product], None).to_json();
        assert_eq!(
            String::from_utf8(page).unwrap(),
            concat!(
                r#"{"products":[{"productId":"00000000-0000-0000-0000-000000000001","sku":"85123A","#,
                r#""name":"T-LIGHT HOLDER","category":"lights","price":{"amount":2.50,"currency":"GBP"}}]}"#
            )
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_even_without_a_price() {
        let places: Vec<_> = refused(r#"{"sku":"","name":7,"category":"a\nb","x":1}"#)
            .into_iter()
            .map(|(place, _)| place)
            .collect();
        assert_eq!(places, ["/name", "/price", "/x", "/sku", "/category"]);
    }

    #[test]
    fn a_negative_price_is_refused() {
        let body = r#"{"sku":"a","name":"b","category":"c","price":{"amount":-1,"currency":"GBP"}}"#;
        assert_eq!(refused(body), [("/price".to_owned(), "must not be negative".to_owned())]);
    }
}

//! penstock-list-products.

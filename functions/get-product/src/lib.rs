//! penstock-get-product.

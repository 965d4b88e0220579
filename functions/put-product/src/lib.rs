//! penstock-put-product.

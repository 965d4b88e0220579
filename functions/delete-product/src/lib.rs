//! penstock-delete-product.

//! penstock-get-order-history.

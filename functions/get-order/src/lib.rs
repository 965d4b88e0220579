//! penstock-get-order.

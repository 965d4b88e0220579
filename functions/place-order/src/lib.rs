//! penstock-place-order.

//! penstock-cancel-order.

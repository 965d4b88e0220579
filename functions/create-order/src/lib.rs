//! penstock-create-order.

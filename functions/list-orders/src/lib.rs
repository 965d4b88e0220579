//! penstock-list-orders.

//! penstock-project-orders.

//! penstock-local.

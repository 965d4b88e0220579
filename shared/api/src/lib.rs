//! penstock-api.

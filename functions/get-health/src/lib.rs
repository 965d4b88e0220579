//! penstock-get-health.

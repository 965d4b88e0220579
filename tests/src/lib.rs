//! penstock-tests.

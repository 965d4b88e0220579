//! penstock-application.

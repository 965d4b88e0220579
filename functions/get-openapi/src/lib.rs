//! penstock-get-openapi.

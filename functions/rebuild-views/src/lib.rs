//! penstock-rebuild-views.

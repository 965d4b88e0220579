//! penstock-refuse-route.

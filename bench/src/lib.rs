//! penstock-bench.

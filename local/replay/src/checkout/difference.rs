//! Two numbers that must be one.

use std::fmt::Display;

/// Says so when `got` is not `expected`.
pub(super) fn difference<T: PartialEq + Display>(
    whose: &str,
    what: &str,
    expected: T,
    got: T,
) -> Option<String> {
    (expected != got).then(|| format!("{whose}: {what}: expected {expected}, got {got}"))
}

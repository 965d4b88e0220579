//! How large an order may be, tenant by tenant.

use serde::{Deserialize, Serialize};

/// What a tenant allows in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    units_per_line_max: u32,
    lines_per_order_max: u32,
}

/// Limits outside of what the platform carries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLimits {
    /// Units a line out of range.
    #[error("units per line must be 1 to {}", Limits::UNITS_PER_LINE_CEILING)]
    UnitsPerLine,
    /// Lines an order out of range.
    #[error("lines per order must be 1 to {}", Limits::LINES_PER_ORDER_CEILING)]
    LinesPerOrder,
}

impl Limits {
    /// The most units of one line that any tenant may allow.
    pub const UNITS_PER_LINE_CEILING: u32 = 5_000;
    /// The most lines of one order that any tenant may allow.
    pub const LINES_PER_ORDER_CEILING: u32 = 1_000;

    /// Limits within the platform's ceilings.
    ///
    /// # Errors
    /// When a limit is zero or above its ceiling.
    pub fn new(units_per_line_max: u32, lines_per_order_max: u32) -> Result<Self, InvalidLimits> {
        if !(1..=Self::UNITS_PER_LINE_CEILING).contains(&units_per_line_max) {
            return Err(InvalidLimits::UnitsPerLine);
        }
        if !(1..=Self::LINES_PER_ORDER_CEILING).contains(&lines_per_order_max) {
            return Err(InvalidLimits::LinesPerOrder);
        }
        Ok(Self { units_per_line_max, lines_per_order_max })
    }

    /// The most units of a line.
    pub const fn units_per_line_max(self) -> u32 {
        self.units_per_line_max
    }

    /// The most lines of an order.
    pub const fn lines_per_order_max(self) -> u32 {
        self.lines_per_order_max
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { units_per_line_max: 100, lines_per_order_max: 100 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_stay_within_what_the_platform_carries() {
        assert_eq!(Limits::new(0, 1), Err(InvalidLimits::UnitsPerLine));
        assert_eq!(Limits::new(5_001, 1), Err(InvalidLimits::UnitsPerLine));
        assert_eq!(Limits::new(1, 0), Err(InvalidLimits::LinesPerOrder));
        assert_eq!(Limits::new(1, 1_001), Err(InvalidLimits::LinesPerOrder));
        assert!(Limits::new(5_000, 1_000).is_ok());
    }
}

//! How orders of a tenant are checked out.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What a tenant has settled about its checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terms {
    /// How long an order waits for a payment, in minutes; after that it is cancelled.
    pub payment_minutes: u32,
    /// How long an order waits for goods that are out of stock, in minutes; with 0 it is cancelled at once.
    pub stock_minutes: u32,
    /// Whether the shop sends its parcels itself; otherwise they are handed to the carrier.
    pub ships_itself: bool,
    /// The most units that go into one parcel; with 0 an order is one parcel.
    pub parcel_units: u32,
}

/// Terms outside of what the platform carries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order waits at most {} minutes, and for a payment at least 1", Terms::MINUTES_MAX)]
pub struct InvalidTerms;

impl Terms {
    /// The longest that any tenant may let an order wait, in minutes: 90 days.
    pub const MINUTES_MAX: u32 = 90 * 24 * 60;

    /// Refuses what the platform does not carry.
    ///
    /// # Errors
    /// When an order would wait too long, or not at all for its payment.
    pub fn checked(self) -> Result<Self, InvalidTerms> {
        let payment = (1..=Self::MINUTES_MAX).contains(&self.payment_minutes);
        if payment && self.stock_minutes <= Self::MINUTES_MAX { Ok(self) } else { Err(InvalidTerms) }
    }

    /// Until when an order waits for a payment from `now` on.
    pub fn pay_by(self, now: Timestamp) -> Timestamp {
        after(now, self.payment_minutes)
    }

    /// Until when an order waits for goods from `now` on; nothing where it does not.
    pub fn wait_until(self, now: Timestamp) -> Option<Timestamp> {
        (self.stock_minutes > 0).then(|| after(now, self.stock_minutes))
    }
}

impl Default for Terms {
    /// A day to pay; what is out of stock is not waited for; an order is one parcel.
    fn default() -> Self {
        Self { payment_minutes: 24 * 60, stock_minutes: 0, ships_itself: false, parcel_units: 0 }
    }
}

fn after(now: Timestamp, minutes: u32) -> Timestamp {
    now.saturating_add(SignedDuration::from_mins(minutes.into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_settled_nothing_gives_a_day_to_pay_and_waits_for_no_goods() {
        assert_eq!(Terms::default().pay_by(at(0)), at(24 * 60));
        assert_eq!(Terms::default().wait_until(at(0)), None);
    }

    #[test]
    fn goods_are_waited_for_as_long_as_was_settled() {
        let terms = Terms { stock_minutes: 90, ..Terms::default() };
        assert_eq!(terms.wait_until(at(5)), Some(at(95)));
    }

    #[test]
    fn an_order_waits_ninety_days_at_most_and_a_minute_for_its_payment_at_least() {
        let checked = |payment_minutes, stock_minutes| {
            let terms = Terms { payment_minutes, stock_minutes, ..Terms::default() };
            terms.checked().map(|it| (it.payment_minutes, it.stock_minutes))
        };
        let longest = 90 * 1_440;
        assert_eq!(checked(1, 0), Ok((1, 0)));
        assert_eq!(checked(longest, longest), Ok((longest, longest)));
        for (payment, stock) in [(0, 0), (longest + 1, 0), (1, longest + 1)] {
            assert_eq!(checked(payment, stock), Err(InvalidTerms));
        }
    }

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }
}

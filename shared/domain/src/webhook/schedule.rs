//! When a delivery that failed is tried again.

use jiff::{SignedDuration, Timestamp};

/// How long after an attempt the next one is due: more than three days in all.
///
/// Source: Standard Webhooks, "Deliverability and reliability", whose example schedule this is.
const PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];

/// How often a delivery is attempted.
#[expect(clippy::cast_possible_truncation, reason = "there are few")]
pub const ATTEMPTS_MAX: u32 = PAUSES.len() as u32 + 1;

/// When the next attempt is due after so many, the last of them at `at`; nothing when that was the last one.
pub fn due_after(attempts: u32, at: Timestamp) -> Option<Timestamp> {
    let pause = PAUSES.get((attempts as usize).checked_sub(1)?)?;
    Some(at.saturating_add(*pause).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_tried_ten_times_over_three_days() {
        let (mut at, mut attempts) = (Timestamp::UNIX_EPOCH, 1);
        while let Some(next) = due_after(attempts, at) {
            assert!(next > at);
            (at, attempts) = (next, attempts + 1);
        }
        assert_eq!(attempts, ATTEMPTS_MAX);
        assert_eq!(at.to_string(), "1970-01-04T03:35:05Z");
    }

    #[test]
    fn what_was_not_tried_yet_is_not_tried_again() {
        assert_eq!(due_after(0, Timestamp::UNIX_EPOCH), None);
        assert_eq!(due_after(ATTEMPTS_MAX, Timestamp::UNIX_EPOCH), None);
    }
}

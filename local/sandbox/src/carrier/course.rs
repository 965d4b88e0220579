//! How a shipment will get on, and when that is told. Pure.

use serde::{Deserialize, Serialize};

use crate::options::Timing;
use crate::world::millis;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Created,
    InTransit,
    Delivered,
    Lost,
    /// It was called back before it left.
    Cancelled,
}

/// What happens to a shipment, by its service or the end of its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    Standard,
    /// It is lost on its way.
    Lost,
    /// Each webhook comes twice, and the last before the first.
    LossyWebhooks,
    /// It stays where it is: for shops that ship themselves.
    Never,
}

/// A shipment will have a status from a time on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) at_ms: i64,
    pub(super) status: Status,
}

impl Behaviour {
    /// The behaviour of a service, if there is such a one.
    fn of_service(service: &str) -> Option<Self> {
        Some(match service {
            "standard" => Self::Standard,
            "lost" => Self::Lost,
            "lossy-webhooks" => Self::LossyWebhooks,
            "never" => Self::Never,
            _ => return None,
        })
    }

    /// The service's behaviour, unless the reference ends in one: `order-7-lost`.
    pub(super) fn of(service: &str, reference: &str) -> Option<Self> {
        let by_service = Self::of_service(service)?;
        let ends = |it: &&str| {
            reference.strip_suffix(*it).is_some_and(|rest| rest.is_empty() || rest.ends_with('-'))
        };
        let by_reference = ["lost", "lossy-webhooks", "never"].iter().find(|it| ends(it));
        Some(by_reference.and_then(|it| Self::of_service(it)).unwrap_or(by_service))
    }

    /// The steps of a shipment that is created now.
    pub(super) fn course(self, timing: &Timing, now_ms: i64) -> Vec<Step> {
        let end = if self == Self::Lost { Status::Lost } else { Status::Delivered };
        let steps = [(timing.in_transit, Status::InTransit), (timing.delivered, end)];
        let planned = steps.into_iter().filter_map(|(after, status)| Some((after?, status)));
        let planned = planned.filter(|_| self != Self::Never);
        planned.map(|(after, status)| Step { at_ms: now_ms + millis(after), status }).collect()
    }

    /// When each step of a course is told: at its time, or, in disorder, with the times the other way round, though
    /// nothing before it happened.
    pub(super) fn told(self, course: &[Step]) -> Vec<i64> {
        let end_ms = course.iter().map(|it| it.at_ms).max().unwrap_or_default();
        match self {
            Self::LossyWebhooks => course.iter().map(|it| end_ms + (end_ms - it.at_ms)).collect(),
            _ => course.iter().map(|it| it.at_ms).collect(),
        }
    }

    pub(super) fn copies(self) -> usize {
        if self == Self::LossyWebhooks { 2 } else { 1 }
    }
}

/// The status that a course has reached.
pub(super) fn reached(course: &[Step], now_ms: i64) -> Status {
    let past = course.iter().filter(|it| it.at_ms <= now_ms);
    past.max_by_key(|it| it.at_ms).map_or(Status::Created, |it| it.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipment_gets_on_as_the_clock_does() {
        let course = Behaviour::Standard.course(&Timing::default(), 10_000);
        let statuses = [10_000, 11_000, 12_000].map(|now_ms| reached(&course, now_ms));
        assert_eq!(statuses, [Status::Created, Status::InTransit, Status::Delivered]);
        assert_eq!(Behaviour::Standard.told(&course), [11_000, 12_000]);
    }

    #[test]
    fn disorder_tells_the_last_step_first_and_nothing_before_it_happened() {
        let course = Behaviour::LossyWebhooks.course(&Timing::default(), 10_000);
        assert_eq!(Behaviour::LossyWebhooks.told(&course), [13_000, 12_000]);
    }

    #[test]
    fn the_end_of_a_reference_goes_before_the_service() {
        assert_eq!(Behaviour::of("standard", "order-7"), Some(Behaviour::Standard));
        assert_eq!(Behaviour::of("standard", "order-7-lost"), Some(Behaviour::Lost));
        assert_eq!(Behaviour::of("lossy-webhooks", "o"), Some(Behaviour::LossyWebhooks));
        assert_eq!(Behaviour::of("standard", "almost"), Some(Behaviour::Standard), "no end of its own");
        assert_eq!(Behaviour::of("unheard-of", "o"), None);
    }

    #[test]
    fn without_a_time_nothing_happens() {
        let never = Timing { in_transit: None, delivered: None, ..Timing::default() };
        assert_eq!(Behaviour::Standard.course(&never, 0), []);
        assert_eq!(Behaviour::Never.course(&Timing::default(), 0), []);
    }
}

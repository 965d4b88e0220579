//! Who is told of which events: the one table that `relay-events` sends by.
//!
//! A line is a consumer: its queue, and the types of events that go there. Consumers never wait for each other.

/// A consumer's queue and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subscription {
    /// The variable that holds the URL of its queue.
    pub queue: &'static str,
    /// Which events it takes.
    pub takes: Takes,
}

/// Which events a consumer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Every event there is and will be.
    Everything,
    /// Events of these types, as envelopes name them.
    These(&'static [&'static str]),
}

/// Every subscription.
pub const SUBSCRIPTIONS: &[Subscription] =
    &[Subscription { queue: "ARCHIVE_EVENTS_QUEUE", takes: Takes::Everything }];

impl Takes {
    /// Whether events of that type, e.g. `penstock.order.placed`, are among them.
    pub fn include(self, event_type: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::These(types) => types.contains(&event_type),
        }
    }
}

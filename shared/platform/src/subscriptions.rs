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
    /// What their envelopes carry.
    pub form: Form,
}

/// What an event's envelope carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The event as the API shows it.
    Shown,
    /// The event as it is stored, for a consumer that decides by it. It does not leave the platform.
    Stored,
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
pub const SUBSCRIPTIONS: &[Subscription] = &[
    Subscription { queue: "ARCHIVE_EVENTS_QUEUE", takes: Takes::Everything, form: Form::Shown },
    Subscription { queue: "NOTIFICATIONS_QUEUE", takes: Takes::Everything, form: Form::Shown },
    Subscription { queue: "CHECKOUT_QUEUE", takes: Takes::These(CHECKOUT), form: Form::Stored },
];

/// What leads to a step of the checkout (`penstock_application::checkout::next`).
const CHECKOUT: &[&str] = &[
    "penstock.order.placed",
    "penstock.order.stockReserved",
    "penstock.order.stockShort",
    "penstock.order.paymentStarted",
    "penstock.order.paymentConfirmed",
    "penstock.order.paymentDeclined",
    "penstock.order.refundRequested",
    "penstock.order.cancelled",
    "penstock.order.shipmentCreated",
    "penstock.order.returned",
];

impl Takes {
    /// Whether events of that type, e.g. `penstock.order.placed`, are among them.
    pub fn include(self, event_type: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::These(types) => types.contains(&event_type),
        }
    }
}

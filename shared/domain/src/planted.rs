//! Bugs planted on purpose, so that the simulation can show that it finds such ones. They are in its build and in no other: elsewhere
//! [`is`] is a constant `false`, and the compiler leaves out what stands behind it.

macro_rules! bugs {
    ($($(#[doc = $doc:literal])+ $bug:ident = $name:literal,)*) => {
        /// A planted bug.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Bug {
            $($(#[doc = $doc])+ $bug,)*
        }

        impl Bug {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$bug),*];

            /// What the command line calls it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$bug => $name,)* }
            }

            /// What is wrong with it, in a line.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$bug => concat!($($doc),+),)* }
            }
        }
    };
}

bugs! {
    /// The ledger takes a commit whether or not its number is free.
    LedgerWithoutCondition = "ledger-without-condition",
    /// An order is read as it may have been a moment ago.
    HistoryAsItWas = "history-as-it-was",
    /// What a batch of reads brings is as it may have been a moment ago.
    BatchAsItWas = "batch-as-it-was",
    /// A stock card is written over whatever it has become meanwhile.
    StockWithoutCondition = "stock-without-condition",
    /// A view is overwritten by an older one.
    ViewWithoutCondition = "view-without-condition",
    /// A queue's letter is acknowledged whatever became of it.
    AcknowledgedAnyway = "acknowledged-anyway",
    /// The provider's idempotency key is new each time a payment is asked for.
    KeyOfEachAttempt = "key-of-each-attempt",
    /// The provider's idempotency key is new each time a refund is asked for.
    RefundKeyOfEachAttempt = "refund-key-of-each-attempt",
    /// A parcel is handed to the carrier without an idempotency key.
    ParcelWithoutKey = "parcel-without-key",
    /// A payment that was not answered in time is taken for declined.
    TimeOutIsDecline = "time-out-is-decline",
    /// Goods are released with the deadline of an order, beside its cancellation.
    PublishedBeside = "published-beside",
    /// A cancelled order's goods stay reserved.
    NothingReleased = "nothing-released",
    /// Money of an order that is called off after it was paid is kept.
    MoneyKept = "money-kept",
    /// Keys that a batch of reads left unprocessed are taken for absent.
    UnprocessedIgnored = "unprocessed-ignored",
    /// Messages of a batch that SQS did not take are taken for sent.
    FailedEntriesIgnored = "failed-entries-ignored",
    /// A tenant's settings are remembered for all tenants at once.
    SettingsAcrossTenants = "settings-across-tenants",
    /// A tenant's webhooks are remembered for all tenants at once.
    WebhooksAcrossTenants = "webhooks-across-tenants",
    /// The second webhook about a payment counts as another payment.
    WebhookTwice = "webhook-twice",
    /// A carrier's news count in the order in which they come.
    NewsAsTheyCome = "news-as-they-come",
    /// That goods are reserved for an order already is not looked at.
    ReservedTwice = "reserved-twice",
    /// That a parcel's goods are sold already is not looked at.
    SoldTwice = "sold-twice",
    /// An order without payment waits for ever.
    NeverExpires = "never-expires",
    /// An object of the archive that is there is taken for the one to be written.
    ArchivedByAnother = "archived-by-another",
    /// A later command's idempotency key is not looked for in the history.
    KeyForgotten = "key-forgotten",
    /// An order's id is made of the request instead of its key.
    OrderNamedByChance = "order-named-by-chance",
    /// Of an order's records in a batch of the stream only the first is sent on.
    RecordSkipped = "record-skipped",
    /// A commit that is older than what was relayed of other orders is taken for a repetition.
    OrderAmongOrders = "order-among-orders",
    /// What a desk could not reach is given up at once.
    GivenUpAtOnce = "given-up-at-once",
    /// A refund is a penny more than what is owed.
    PennyTooMuch = "penny-too-much",
    /// What ended is never archived.
    NeverArchived = "never-archived",
    /// An order is taken back however long ago it arrived.
    ReturnedLate = "returned-late",
    /// A record of the log names every order of its batch.
    Indiscreet = "indiscreet",
}

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
        static GREATEST: Cell<i64> = const { Cell::new(i64::MIN) };
    }

    /// From now on this thread has this bug, or none.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    /// Whether this thread has this bug.
    pub fn is(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// The greatest number that a bug of this thread was told, this one included: its memory.
    pub fn greatest(number: i64) -> i64 {
        GREATEST.set(GREATEST.get().max(number));
        GREATEST.get()
    }
}

#[cfg(feature = "planted")]
pub use switch::{greatest, is, plant};

/// Whether this bug is planted: never.
#[cfg(not(feature = "planted"))]
pub const fn is(_: Bug) -> bool {
    false
}

/// What a bug remembers, of which there is none: this number.
#[cfg(not(feature = "planted"))]
pub const fn greatest(number: i64) -> i64 {
    number
}

//! The port to a mail server.

use std::future::Future;

use penstock_domain::order::Line;
use penstock_domain::{Money, OrderId, TenantId};

use super::Cause;

/// Whoever brings letters to customers.
pub trait Mailer: Send + Sync {
    /// Hands a letter over. Twice the same letter is twice a letter, with the same name: mail servers may know it by that.
    ///
    /// # Errors
    /// As [`MailError`] says.
    fn send(&self, mail: &Mail) -> impl Future<Output = Result<(), MailError>> + Send;
}

/// A letter to a customer about an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// Whose shop writes.
    pub tenant: TenantId,
    /// About which order.
    pub order: OrderId,
    /// The order's event that it is written for.
    pub sequence: u32,
    /// Where it goes.
    pub to: Recipient,
    /// What it says.
    pub message: Message,
}

/// Who is written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address.
    pub email: String,
    /// What they are called.
    pub name: Option<String>,
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The order is paid for and will be sent.
    Confirmed {
        /// What was ordered.
        lines: Vec<Line>,
        /// What it cost.
        total: Money,
    },
    /// The payment failed; another may be tried.
    PaymentFailed {
        /// What is to be paid.
        total: Money,
        /// Until when (RFC 3339), where there is an end.
        pay_by: Option<String>,
    },
    /// A parcel is on its way.
    Shipped {
        /// What is in it.
        lines: Vec<Line>,
        /// What the customer can ask after it with.
        tracking_number: Option<String>,
        /// Where the customer can look.
        tracking_url: Option<String>,
    },
    /// The order will not happen.
    Cancelled {
        /// Why.
        reason: Option<String>,
        /// What goes back.
        refund: Option<Money>,
    },
    /// Money went back.
    Refunded {
        /// How much.
        amount: Money,
    },
}

/// Why a letter was not taken: what is right to do next.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server will never take it for this recipient: there is no such mailbox.
    #[error("the mail server refuses the recipient")]
    Refused(#[source] Cause),
    /// The server is down, slow or busy: try again later. It may have the letter all the same.
    #[error("the mail server did not answer as it should; try again later")]
    Retry(#[source] Cause),
    /// Trying again will not help until somebody mends something: a key, a sender.
    #[error("the mail server does not take our letters")]
    Never(#[source] Cause),
}

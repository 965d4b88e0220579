//! What is asked of an order.

use jiff::Timestamp;

use crate::{Currency, CustomerId, Limits, Money, PaymentMethod, ReturnId, ShipmentId};

use super::{
    Action, Consignment, Contact, Event, Line, ParcelStatus, Part, Refusal, Units, check_lines, shipping,
};

/// What creates an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Creation {
    /// Who buys.
    pub customer_id: CustomerId,
    /// What all its money is in.
    pub currency: Currency,
    /// What is wanted, priced.
    pub lines: Vec<Line>,
    /// The tenant's limits.
    pub limits: Limits,
    /// What it is to be paid with, when that is known.
    pub payment: Option<PaymentMethod>,
    /// Who is told, and where it goes.
    pub contact: Option<Contact>,
    /// Stay a draft; otherwise it is placed at once.
    pub draft: bool,
}

/// Decides the first events of an order.
///
/// # Errors
/// When its lines cannot be ordered.
pub fn create(at: Timestamp, creation: Creation) -> Result<Vec<Event>, Refusal> {
    let Creation { customer_id, currency, lines, limits, payment, contact, draft } = creation;
    let total = check_lines(&lines, currency, limits)?;
    let contact = contact.map(Box::new);
    let created = Event::Created { at, customer_id, currency, lines, payment, contact };
    Ok(if draft { vec![created] } else { vec![created, Event::Placed { at, total }] })
}

/// What is asked of an order that exists.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Replace a draft's lines.
    EditDraft {
        /// All lines there shall be.
        lines: Vec<Line>,
        /// The tenant's limits.
        limits: Limits,
    },
    /// Order what the draft says.
    PlaceOrder,
    /// Pay with this; after a failed payment, try once more.
    GivePaymentMethod {
        /// What with.
        method: PaymentMethod,
    },
    /// The warehouse keeps the goods.
    ConfirmStock {
        /// What it keeps: products whose stock is not tracked are not among them.
        units: Vec<Units>,
        /// Until when the order waits for a payment method, if it has none.
        pay_by: Timestamp,
    },
    /// The warehouse does not have the goods.
    ReportShortage {
        /// What is missing.
        missing: Vec<Units>,
        /// Until when the tenant lets the order wait for them; otherwise it is cancelled.
        wait_until: Option<Timestamp>,
    },
    /// The provider captured the money.
    ConfirmPayment {
        /// By which attempt.
        attempt: u32,
        /// How much.
        captured: Money,
        /// The provider's name for it.
        reference: String,
    },
    /// The provider said no.
    DeclinePayment {
        /// Which attempt.
        attempt: u32,
        /// The provider's word for the reason.
        code: Option<String>,
        /// In the provider's words.
        reason: Option<String>,
        /// Until when another attempt may be made.
        pay_by: Timestamp,
    },
    /// Cancel it if it has waited too long.
    Expire,
    /// Call it off.
    CancelOrder {
        /// Why.
        reason: Option<String>,
    },
    /// Send a parcel.
    CreateShipment {
        /// Which parcel.
        id: ShipmentId,
        /// What is in it; all that was not sent yet when nothing is said.
        parts: Vec<Part>,
        /// Who carries it.
        consignment: Option<Consignment>,
    },
    /// The carrier has a parcel of an order that was called off, and cannot stop it any more.
    NoteStrayParcel {
        /// Which parcel.
        id: ShipmentId,
        /// Who carries it.
        consignment: Consignment,
    },
    /// A parcel was seen.
    TrackShipment {
        /// Which parcel.
        id: ShipmentId,
        /// Where it is.
        status: ParcelStatus,
    },
    /// The customer wants to send it back.
    RequestReturn {
        /// Which return.
        id: ReturnId,
        /// Why.
        reason: Option<String>,
        /// What comes back; all that arrived when nothing is said.
        parts: Vec<Part>,
    },
    /// It came back.
    ReceiveReturn {
        /// Which return.
        id: ReturnId,
        /// Whether it can be sold again; otherwise it is written off.
        restock: bool,
    },
    /// The provider paid back.
    ConfirmRefund {
        /// Which refund of the order.
        refund: u32,
        /// The provider's name for it.
        reference: String,
    },
    /// Put it away.
    ArchiveOrder,
}

impl Command {
    /// Its name.
    pub fn action(&self) -> Action {
        match self {
            Self::EditDraft { .. } => Action::EditDraft,
            Self::PlaceOrder => Action::PlaceOrder,
            Self::GivePaymentMethod { .. } | Self::ConfirmStock { .. } | Self::ReportShortage { .. } => {
                Action::AuthorizePayment
            }
            Self::ConfirmPayment { .. } => Action::PaymentConfirmed,
            Self::DeclinePayment { .. } => Action::PaymentDeclined,
            Self::Expire | Self::CancelOrder { .. } => Action::CancelOrder,
            Self::CreateShipment { .. } | Self::NoteStrayParcel { .. } => Action::Ship,
            Self::TrackShipment { status, .. } => shipping::action(*status),
            Self::RequestReturn { .. } => Action::RequestReturn,
            Self::ReceiveReturn { .. } => Action::ProcessReturn,
            Self::ConfirmRefund { .. } => Action::IssueRefund,
            Self::ArchiveOrder => Action::ArchiveOrder,
        }
    }
}

//! The port to a carrier: whoever brings parcels to customers.

use std::future::Future;
use std::time::Duration;

use penstock_domain::TenantId;
use penstock_domain::order::Address;

use super::Cause;

/// Whoever brings parcels to customers.
pub trait Carrier: Send + Sync {
    /// Hands a parcel over. The same key with the same arguments is the same parcel, however often it is handed over: after an
    /// error it is right to make the same call again.
    ///
    /// # Errors
    /// As [`CarrierError`] says.
    fn ship(&self, parcel: &Parcel) -> impl Future<Output = Result<Consignment, CarrierError>> + Send;

    /// The parcel that was handed over with that reference, if one was.
    ///
    /// # Errors
    /// As [`CarrierError`] says.
    fn find(&self, reference: &str)
    -> impl Future<Output = Result<Option<Consignment>, CarrierError>> + Send;

    /// Calls a parcel back, by the carrier's name for it. Doing so again is answered as the first time.
    ///
    /// # Errors
    /// As [`CarrierError`] says.
    fn call_back(&self, consignment: &str) -> impl Future<Output = Result<Recall, CarrierError>> + Send;
}

/// What came of calling a parcel back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// It does not leave.
    Stopped,
    /// It had left: the carrier brings it, or back.
    OnItsWay,
}

/// A parcel to be brought to a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The call's name, made from tenant, order and shipment.
    pub key: String,
    /// Whose shop sends it.
    pub tenant: TenantId,
    /// Our name for the parcel: the carrier repeats it in whatever it tells of it.
    pub reference: String,
    /// The carrier's name for how it is brought, e.g. `standard`.
    pub service: String,
    /// Who gets it.
    pub recipient: Option<String>,
    /// Where it goes.
    pub to: Address,
    /// What is in it.
    pub items: Vec<ParcelItem>,
}

/// Units of one product in a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelItem {
    /// The shop's code for it.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// How many.
    pub quantity: u32,
}

/// A parcel in the carrier's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consignment {
    /// The carrier's name for it.
    pub id: String,
    /// What the customer can ask after it with.
    pub tracking_number: String,
    /// Where the customer can look.
    pub tracking_url: String,
}

/// Why a parcel was not taken: what is right to do next.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The carrier is down, slow or busy: try again later. It may have the parcel all the same; the key tells it so.
    #[error("the carrier did not answer as it should; try again later")]
    Retry {
        /// Not before this time has passed.
        after: Option<Duration>,
        /// What happened.
        #[source]
        cause: Cause,
    },
    /// Trying again will not help: an address it does not go to, or a mistake of ours.
    #[error("the carrier does not take the parcel")]
    Never(#[source] Cause),
}

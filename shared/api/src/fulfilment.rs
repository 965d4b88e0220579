//! Parcels and returns on the wire: what creates and moves them, and how they are shown.

use penstock_domain::order::{
    Consignment, Fulfilment, FulfilmentStatus, Parcel, ParcelStatus, Part, REASON_LENGTH_MAX, Units,
};
use penstock_domain::{Limits, ProductId, ReturnId, ShipmentId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{self, Problems, Value};
use crate::problem::Problem;

/// The longest name of a carrier, tracking number or address of a tracking page, in characters.
const TEXT_LENGTH_MAX: usize = 500;

/// Where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackingStatus {
    /// The carrier has it.
    InTransit,
    /// It arrived.
    Delivered,
    /// The carrier lost it.
    Lost,
}

/// Units of one line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = OrderPart)]
#[serde(rename_all = "camelCase")]
pub struct PartView {
    /// Which line, counted from 0.
    line: u32,
    /// How many.
    #[schema(minimum = 1, maximum = 5000)]
    quantity: u32,
}

/// Units of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProductUnits)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnitsView {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    #[schema(minimum = 1)]
    quantity: u32,
}

/// Who carries a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Consignment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConsignmentView<'a> {
    carrier: &'a str,
    /// The carrier's name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracking_number: Option<&'a str>,
    /// Where the customer can look.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    tracking_url: Option<&'a str>,
}

/// A parcel of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Shipment)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShipmentView<'a> {
    #[schema(value_type = Uuid)]
    shipment_id: ShipmentId,
    parts: Vec<PartView>,
    /// Where it is; absent while nobody has seen it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<TrackingStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    consignment: Option<ConsignmentView<'a>>,
}

/// What a customer sends back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Return)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReturnView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Uuid>)]
    return_id: Option<ReturnId>,
    parts: Vec<PartView>,
    /// Whether it came.
    received: bool,
}

/// How much of an order is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FulfilmentStatus)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FulfilmentView {
    /// Nothing was sent.
    Unfulfilled,
    /// Some of it was.
    Partly,
    /// All of it was.
    Fulfilled,
}

/// What `POST /v1/orders/{orderId}/shipments` takes; an empty body is an empty object: all that was not sent yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateShipment {
    /// What is in it; all that was not sent yet when absent.
    #[schema(value_type = Option<Vec<PartView>>, nullable = false, min_items = 1, max_items = 1000)]
    pub parts: Vec<Part>,
    /// Who carries it.
    #[schema(nullable = false, max_length = 500)]
    pub carrier: Option<String>,
    /// The carrier's name for it; needs a carrier.
    #[schema(nullable = false, max_length = 500)]
    pub tracking_number: Option<String>,
    /// Where the customer can look; needs a carrier.
    #[schema(nullable = false, max_length = 500)]
    pub tracking_url: Option<String>,
}

/// What `POST /v1/orders/{orderId}/shipments/{shipmentId}/tracking` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTracking {
    /// Where the parcel is.
    #[schema(value_type = TrackingStatus)]
    pub status: ParcelStatus,
}

/// What `POST /v1/orders/{orderId}/returns` takes; an empty body is an empty object: all that arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestReturn {
    /// Why, in the customer's words.
    #[schema(nullable = false, max_length = 500)]
    pub reason: Option<String>,
    /// What comes back; all that arrived when absent.
    #[schema(value_type = Option<Vec<PartView>>, nullable = false, min_items = 1, max_items = 1000)]
    pub parts: Vec<Part>,
}

/// What `POST /v1/orders/{orderId}/returns/{returnId}/receipt` takes; an empty body is an empty object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReceiveReturn {
    /// Whether it can be sold again (the default); otherwise it is written off.
    #[schema(value_type = Option<bool>, nullable = false)]
    pub restock: bool,
}

impl CreateShipment {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let parts = fields.optional("parts", problems, parts);
            let carrier = fields.optional("carrier", problems, name);
            let tracking_number = fields.optional("trackingNumber", problems, name);
            let tracking_url = fields.optional("trackingUrl", problems, web_address);
            fields.end(problems);
            let read = Self {
                parts: parts?.unwrap_or_default(),
                carrier: carrier?,
                tracking_number: tracking_number?,
                tracking_url: tracking_url?,
            };
            if read.carrier.is_none() && (read.tracking_number.is_some() || read.tracking_url.is_some()) {
                value.refuse("a parcel with a tracking number or page has a carrier", problems);
            }
            Some(read)
        })
    }

    /// Who carries the parcel, if that is said.
    pub fn consignment(&self) -> Option<Consignment> {
        let Self { carrier, tracking_number, tracking_url, .. } = self.clone();
        Some(Consignment { carrier: carrier?, tracking_number, tracking_url })
    }
}

impl UpdateTracking {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let status = fields.required("status", problems, status);
            fields.end(problems);
            Some(Self { status: status? })
        })
    }
}

impl RequestReturn {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let reason = fields
                .optional("reason", problems, |value, problems| text(value, REASON_LENGTH_MAX, problems));
            let parts = fields.optional("parts", problems, parts);
            fields.end(problems);
            Some(Self { reason: reason?, parts: parts?.unwrap_or_default() })
        })
    }
}

impl ReceiveReturn {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let restock = fields.optional("restock", problems, Value::boolean);
            fields.end(problems);
            Some(Self { restock: restock?.unwrap_or(true) })
        })
    }
}

fn status(value: &Value<'_>, problems: &mut Problems) -> Option<ParcelStatus> {
    match value.string(problems)?.as_str() {
        "IN_TRANSIT" => Some(ParcelStatus::InTransit),
        "DELIVERED" => Some(ParcelStatus::Delivered),
        "LOST" => Some(ParcelStatus::Lost),
        _ => {
            value.refuse("must be IN_TRANSIT, DELIVERED or LOST", problems);
            None
        }
    }
}

fn parts(value: &Value<'_>, problems: &mut Problems) -> Option<Vec<Part>> {
    let entries = value.array(1..=Limits::LINES_PER_ORDER_CEILING as usize, problems)?;
    // Every entry is read before one that is wrong ends it, so that all problems are found.
    let parts: Vec<_> = entries.iter().map(|entry| part(entry, problems)).collect();
    parts.into_iter().collect()
}

fn part(value: &Value<'_>, problems: &mut Problems) -> Option<Part> {
    let mut fields = value.object(problems)?;
    let line = fields.required("line", problems, |value, problems| {
        value.whole_number(0..=Limits::LINES_PER_ORDER_CEILING - 1, problems)
    });
    let quantity = fields.required("quantity", problems, |value, problems| {
        value.whole_number(1..=Limits::UNITS_PER_LINE_CEILING, problems)
    });
    fields.end(problems);
    Some(Part { line: line?, quantity: quantity? })
}

fn name(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    text(value, TEXT_LENGTH_MAX, problems)
}

fn web_address(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let address = text(value, TEXT_LENGTH_MAX, problems)?;
    if !address.starts_with("https://") && !address.starts_with("http://") {
        value.refuse("must begin with https:// or http://", problems);
    }
    Some(address)
}

/// A text that is not empty and not too long.
pub(crate) fn text(value: &Value<'_>, length_max: usize, problems: &mut Problems) -> Option<String> {
    let text = value.string(problems)?;
    if text.trim().is_empty() {
        value.refuse("must not be empty", problems);
    }
    if text.chars().count() > length_max {
        value.refuse(format!("must be at most {length_max} characters"), problems);
    }
    Some(text)
}

impl From<ParcelStatus> for TrackingStatus {
    fn from(status: ParcelStatus) -> Self {
        match status {
            ParcelStatus::InTransit => Self::InTransit,
            ParcelStatus::Delivered => Self::Delivered,
            ParcelStatus::Lost => Self::Lost,
        }
    }
}

impl From<FulfilmentStatus> for FulfilmentView {
    fn from(status: FulfilmentStatus) -> Self {
        match status {
            FulfilmentStatus::Unfulfilled => Self::Unfulfilled,
            FulfilmentStatus::Partly => Self::Partly,
            FulfilmentStatus::Fulfilled => Self::Fulfilled,
        }
    }
}

impl PartView {
    pub(crate) fn new(part: &Part) -> Self {
        Self { line: part.line, quantity: part.quantity }
    }
}

impl UnitsView {
    pub(crate) fn new(units: &Units) -> Self {
        Self { product_id: units.product_id, quantity: units.quantity }
    }
}

impl<'a> ConsignmentView<'a> {
    pub(crate) fn new(consignment: &'a Consignment) -> Self {
        Self {
            carrier: &consignment.carrier,
            tracking_number: consignment.tracking_number.as_deref(),
            tracking_url: consignment.tracking_url.as_deref(),
        }
    }
}

impl<'a> ShipmentView<'a> {
    fn new(parcel: &'a Parcel) -> Self {
        Self {
            shipment_id: parcel.id,
            parts: parcel.parts.iter().map(PartView::new).collect(),
            status: parcel.status.map(TrackingStatus::from),
            consignment: parcel.consignment.as_ref().map(ConsignmentView::new),
        }
    }

    /// All parcels of an order; nothing while there are none.
    pub(crate) fn all(fulfilment: &'a Fulfilment) -> Option<Vec<Self>> {
        let parcels = &fulfilment.parcels;
        (!parcels.is_empty()).then(|| parcels.iter().map(Self::new).collect())
    }
}

impl ReturnView {
    /// What comes back of an order; nothing while nothing does.
    pub(crate) fn of(fulfilment: &Fulfilment) -> Option<Self> {
        let returned = fulfilment.returned.as_ref()?;
        Some(Self {
            return_id: returned.id,
            parts: returned.parts.iter().map(PartView::new).collect(),
            received: returned.received,
        })
    }
}

//! Orders on the wire: what creates and changes them, and how they are shown.

use jiff::Timestamp;
use penstock_domain::order::{Contact, FulfilmentStatus, Line, Order, REASON_LENGTH_MAX, Status, WantedLine};
use penstock_domain::{Currency, CustomerId, Limits, Money, OrderId, PaymentMethod, ProductId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::body::{self, Problems, Value};
use crate::contact::{self, ContactView};
use crate::fulfilment::{FulfilmentView, ReturnView, ShipmentView};
use crate::money::{self, WireMoney};
use crate::payments::{self, CreatePayment, PaymentsView};
use crate::problem::Problem;
use crate::status::OrderStatus;
use crate::time;

/// What `POST /v1/orders` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateOrder {
    /// Who buys.
    #[schema(value_type = Uuid)]
    pub customer_id: CustomerId,
    /// What is wanted.
    #[schema(value_type = Vec<Item>, min_items = 1, max_items = 1000)]
    pub items: Vec<WantedLine>,
    /// Stay a draft; otherwise the order is placed at once.
    #[serde(default)]
    pub draft: bool,
    /// What all the order's money is in; that of the first product when absent.
    #[schema(nullable = false, schema_with = money::currency_schema, required = false)]
    pub currency: Option<Currency>,
    /// What it is to be paid with. An order without one waits until one is given.
    #[schema(value_type = Option<CreatePayment>, nullable = false)]
    pub payment: Option<PaymentMethod>,
    /// Who is told, and where it goes.
    #[schema(value_type = Option<ContactView<'static>>, nullable = false)]
    pub contact: Option<Contact>,
}

/// What `PUT /v1/orders/{orderId}/lines` takes.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditLines {
    /// All lines there shall be.
    #[schema(value_type = Vec<Item>, min_items = 1, max_items = 1000)]
    pub items: Vec<WantedLine>,
}

/// What `POST /v1/orders/{orderId}/cancellation` takes; an empty body is an empty object.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CancelOrder {
    /// Why, in the caller's words.
    #[schema(nullable = false, max_length = 500)]
    pub reason: Option<String>,
}

/// What `POST /v1/orders/{orderId}/placement` takes: nothing; an empty body is an empty object.
#[derive(Debug, Clone, Default, PartialEq, Eq, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {}

/// One line as it is asked for.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = WantedItem)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    /// Of the catalogue.
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// Units; the tenant's settings may allow fewer.
    #[schema(minimum = 1, maximum = 5000)]
    quantity: u32,
    /// What the caller expects one to cost, or sets (role `pricing`).
    #[schema(nullable = false)]
    unit_price: Option<WireMoney>,
}

impl CreateOrder {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let customer_id = fields.required("customerId", problems, Value::uuid);
            let items = fields.required("items", problems, items);
            let draft = fields.optional("draft", problems, Value::boolean);
            let currency = fields.optional("currency", problems, money::read_currency);
            let payment = fields.optional("payment", problems, payments::read);
            let contact = fields.optional("contact", problems, contact::read);
            fields.end(problems);
            Some(Self {
                customer_id: customer_id?.into(),
                items: items?,
                draft: draft?.unwrap_or_default(),
                currency: currency?,
                payment: payment?.map(|payment| payment.method),
                contact: contact?,
            })
        })
    }
}

impl EditLines {
    /// Reads a body.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let items = fields.required("items", problems, items);
            fields.end(problems);
            Some(Self { items: items? })
        })
    }
}

impl CancelOrder {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            let mut fields = value.object(problems)?;
            let reason = fields.optional("reason", problems, reason);
            fields.end(problems);
            Some(Self { reason: reason? })
        })
    }
}

impl PlaceOrder {
    /// Reads a body, which may be empty.
    ///
    /// # Errors
    /// With everything that is wrong in it.
    pub fn parse(body: &[u8]) -> Result<Self, Problem> {
        body::read_or_empty(body, |value, problems| {
            value.object(problems)?.end(problems);
            Some(Self {})
        })
    }
}

fn reason(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let reason = value.string(problems)?;
    if reason.chars().count() > REASON_LENGTH_MAX {
        value.refuse(format!("must be at most {REASON_LENGTH_MAX} characters"), problems);
    }
    Some(reason)
}

fn items(value: &Value<'_>, problems: &mut Problems) -> Option<Vec<WantedLine>> {
    let entries = value.array(1..=Limits::LINES_PER_ORDER_CEILING as usize, problems)?;
    // Every entry is read before one that is wrong ends it, so that all problems are found.
    let items: Vec<_> = entries.iter().map(|entry| item(entry, problems)).collect();
    items.into_iter().map(|item| item.map(WantedLine::from)).collect()
}

fn item(value: &Value<'_>, problems: &mut Problems) -> Option<Item> {
    let mut fields = value.object(problems)?;
    let product_id = fields.required("productId", problems, Value::uuid);
    let quantity = fields.required("quantity", problems, |value, problems| {
        value.whole_number(1..=Limits::UNITS_PER_LINE_CEILING, problems)
    });
    let unit_price = fields.optional("unitPrice", problems, price);
    fields.end(problems);
    Some(Item { product_id: product_id?.into(), quantity: quantity?, unit_price: unit_price? })
}

fn price(value: &Value<'_>, problems: &mut Problems) -> Option<WireMoney> {
    let price = WireMoney::read(value, problems)?;
    if price.0.minor() < 0 {
        value.refuse("must not be negative", problems);
    }
    Some(price)
}

impl From<Item> for WantedLine {
    fn from(item: Item) -> Self {
        let Item { product_id, quantity, unit_price } = item;
        Self { product_id, quantity, unit_price: unit_price.map(|price| price.0) }
    }
}

/// An order as it is shown, and as read models keep it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = Order)]
#[serde(rename_all = "camelCase")]
pub struct OrderView<'a> {
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    #[schema(value_type = Uuid)]
    customer_id: CustomerId,
    status: OrderStatus,
    items: Vec<ItemView<'a>>,
    total_amount: WireMoney,
    /// Grows by one with every command that was taken; the `ETag` is the same number.
    #[schema(minimum = 1)]
    version: u32,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// How much of it is on its way.
    fulfilment: FulfilmentView,
    /// What only the order itself shows, and lists leave out.
    #[serde(flatten)]
    details: Option<Details<'a>>,
}

/// What the order itself shows beside what lists show.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    /// Who is told, and where it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    contact: Option<ContactView<'a>>,
    /// Until when it waits for a payment or for goods; after that it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, format = DateTime)]
    waits_until: Option<String>,
    /// It is to be cancelled as soon as the payment under way is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancellation_requested: Option<bool>,
    /// What it was paid with, and what went back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    payments: Option<PaymentsView<'a>>,
    /// Its parcels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    shipments: Option<Vec<ShipmentView<'a>>>,
    /// What comes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, rename = "return")]
    #[serde(rename = "return")]
    returned: Option<ReturnView>,
}

/// One line of an order as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = OrderItem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemView<'a> {
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// The shop's code when it was ordered.
    sku: &'a str,
    /// The name when it was ordered.
    name: &'a str,
    #[schema(minimum = 1, maximum = 5000)]
    quantity: u32,
    /// For one unit, as agreed when it was ordered.
    unit_price: WireMoney,
    /// Quantity times unit price.
    line_total: WireMoney,
}

/// What is shown of an order: the order itself, or what the read model keeps of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown<'a> {
    /// Which it is.
    pub id: OrderId,
    /// The number of its newest commit.
    pub version: u32,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Where it is in its life.
    pub status: Status,
    /// What is ordered.
    pub lines: &'a [Line],
    /// What it costs.
    pub total: Money,
    /// When it came to be.
    pub created_at: Timestamp,
    /// When something happened to it last.
    pub updated_at: Timestamp,
    /// How much of it is on its way.
    pub fulfilment: FulfilmentStatus,
}

impl<'a> OrderView<'a> {
    /// An order after its commit `version`.
    pub fn new(id: OrderId, version: u32, order: &'a Order) -> Self {
        let Order { customer_id, status, lines, total, created_at, updated_at, .. } = order;
        let [created_at, updated_at] = [*created_at, *updated_at];
        let (customer_id, status, total) = (*customer_id, *status, *total);
        let fulfilment = order.fulfilment.status(lines);
        let shown =
            Shown { id, version, customer_id, status, lines, total, created_at, updated_at, fulfilment };
        Self { details: Some(Details::of(order)), ..Self::from(shown) }
    }

    /// The order as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("an order is text and numbers")
    }
}

impl<'a> From<Shown<'a>> for OrderView<'a> {
    fn from(shown: Shown<'a>) -> Self {
        Self {
            order_id: shown.id,
            customer_id: shown.customer_id,
            status: OrderStatus(shown.status),
            items: shown.lines.iter().map(ItemView::new).collect(),
            total_amount: WireMoney(shown.total),
            version: shown.version,
            created_at: time::shown(shown.created_at),
            updated_at: time::shown(shown.updated_at),
            fulfilment: shown.fulfilment.into(),
            details: None,
        }
    }
}

impl<'a> Details<'a> {
    fn of(order: &'a Order) -> Self {
        Self {
            contact: ContactView::of(&order.contact),
            waits_until: order.waits_until.map(time::shown),
            cancellation_requested: order.cancellation.as_ref().map(|_| true),
            payments: PaymentsView::of(order),
            shipments: ShipmentView::all(&order.fulfilment),
            returned: ReturnView::of(&order.fulfilment),
        }
    }
}

impl<'a> ItemView<'a> {
    /// One line.
    pub(crate) fn new(line: &'a Line) -> Self {
        Self {
            product_id: line.product_id,
            sku: &line.sku,
            name: &line.name,
            quantity: line.quantity,
            unit_price: WireMoney(line.unit_price),
            line_total: WireMoney(line.total().expect("the total was checked before the line was stored")),
        }
    }
}

/// A page of orders, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderList<'a> {
    orders: Vec<OrderView<'a>>,
    /// What asks for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_cursor: Option<String>,
}

impl<'a> OrderList<'a> {
    /// A page of orders.
    pub fn new(orders: impl IntoIterator<Item = OrderView<'a>>, next_cursor: Option<String>) -> Self {
        Self { orders: orders.into_iter().collect(), next_cursor }
    }

    /// The page as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a page is orders and a string")
    }
}

#[cfg(test)]
mod tests;

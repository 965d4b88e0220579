//! Problem documents (RFC 9457): every refusal that a caller can read, with its code and status in one table.
//!
//! They never hold internals: what went wrong inside is for the log.

mod refusals;

use std::borrow::Cow;

use penstock_domain::order::{Action, Status};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::status::{OrderAction, OrderStatus};

/// The content type of a problem document.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// The most details that one document lists: a reply of a Lambda function is at most 6 MB.
pub const DETAILS_MAX: usize = 5_000;

macro_rules! codes {
    ($($variant:ident = $status:literal $name:literal $title:literal,)*) => {
        /// What kind of problem it is: stable, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $name)] $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status it is answered with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)* }
            }

            /// What it means, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    MalformedJson = 400 "malformed-json" "The body is not JSON",
    ValidationFailed = 400 "validation-failed" "The request is not what the contract says",
    BadCursor = 400 "bad-cursor" "The cursor is not one of this list",
    IdempotencyKeyMissing = 400 "idempotency-key-missing" "The request needs an Idempotency-Key",
    IdempotencyKeyMalformed = 400 "idempotency-key-malformed" "The Idempotency-Key is not a UUID",
    Unauthorized = 401 "unauthorized" "The request needs a valid token",
    Forbidden = 403 "forbidden" "The token does not allow this",
    OrderNotFound = 404 "order-not-found" "There is no such order",
    ProductNotFound = 404 "product-not-found" "There is no such product",
    ShipmentNotFound = 404 "shipment-not-found" "The order has no such shipment",
    ReturnNotFound = 404 "return-not-found" "The order has no such return",
    WebhookNotFound = 404 "webhook-not-found" "There is no such webhook",
    DeliveryNotFound = 404 "delivery-not-found" "There is no such delivery",
    QueueNotFound = 404 "queue-not-found" "There is no such queue",
    UnknownRoute = 404 "unknown-route" "There is nothing at this path",
    MethodNotAllowed = 405 "method-not-allowed" "The path does not take this method",
    OrderState = 409 "order-state" "The order's state does not allow this",
    NotEnoughStock = 409 "not-enough-stock" "There is not enough stock",
    Contended = 409 "contended" "It kept changing meanwhile",
    PreconditionFailed = 412 "precondition-failed" "The order has moved on",
    BodyTooLarge = 413 "body-too-large" "The body is too large",
    OrderTooLarge = 413 "order-too-large" "The order is too large to be stored",
    UnsupportedMediaType = 415 "unsupported-media-type" "The body's media type is not taken",
    IdempotencyKeyReused = 422 "idempotency-key-reused" "The Idempotency-Key was used for another request",
    UnknownProduct = 422 "unknown-product" "A product is not in the catalogue",
    PriceChanged = 422 "price-changed" "A price is not what was expected",
    LimitExceeded = 422 "limit-exceeded" "The tenant's limits do not allow this",
    PartsUnavailable = 422 "parts-unavailable" "The order does not have so many units left",
    CurrencyMismatch = 422 "currency-mismatch" "An order has one currency",
    TotalTooLarge = 422 "total-too-large" "The total is too large",
    Internal = 500 "internal" "Something went wrong on our side",
    Unavailable = 503 "unavailable" "A part of the platform does not answer",
}

// Written out: the derive does not see names that come through the table above.
impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        let names = Self::ALL.iter().map(|code| code.name());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for Code {
    fn name() -> Cow<'static, str> {
        "ProblemCode".into()
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ProblemDetail)]
pub struct Detail {
    /// Where: a JSON pointer into the body (`/items/3/quantity`, empty for the whole body), or
    /// `query/<parameter>`, `path/<parameter>` or `header/<name>`, which never begin with a slash.
    #[schema(example = "/items/3/quantity")]
    pub pointer: String,
    /// What is wrong there, in words.
    #[schema(example = "must be a whole number from 1 to 5000")]
    pub reason: String,
}

impl Detail {
    /// What is wrong at a place.
    pub fn new(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), reason: reason.into() }
    }
}

/// A refusal, as a caller reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind it is; says the status and the title.
    pub code: Code,
    /// What happened this time, in a sentence for people.
    pub detail: String,
    /// Which occurrence this is, a URI; the platform sets it.
    pub instance: Option<String>,
    /// Everything that is wrong with the request, place by place.
    pub details: Vec<Detail>,
    /// Where the order is, when its state is the problem.
    pub order_status: Option<Status>,
    /// What may be done to the order instead, when its state is the problem.
    pub allowed: Option<Vec<Action>>,
    /// Headers that the reply must carry beside its content type: `allow`, `retry-after`, `www-authenticate`.
    pub headers: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem that needs no more than a sentence.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            instance: None,
            details: Vec::new(),
            order_status: None,
            allowed: None,
            headers: Vec::new(),
        }
    }

    /// A request with things wrong in it, all of them. The sentence counts them.
    pub fn validation(details: Vec<Detail>) -> Self {
        let sentence = match details.as_slice() {
            [one] if one.pointer.is_empty() => format!("The body {}.", one.reason),
            [one] => format!("{} {}.", one.pointer, one.reason),
            all => format!("{} things in the request are not what the contract says.", all.len()),
        };
        Self::new(Code::ValidationFailed, sentence).with_details(details)
    }

    /// The order does not exist, or is another tenant's: a caller cannot tell which.
    pub fn order_not_found() -> Self {
        Self::new(Code::OrderNotFound, "There is no order with this id.")
    }

    /// The product does not exist, or was deleted.
    pub fn product_not_found() -> Self {
        Self::new(Code::ProductNotFound, "There is no product with this id.")
    }

    /// No consumer has such a queue.
    pub fn queue_not_found() -> Self {
        Self::new(Code::QueueNotFound, "There is no such queue; GET /v1/dead-letters names them all.")
    }

    /// No route has this path.
    pub fn unknown_route() -> Self {
        Self::new(
            Code::UnknownRoute,
            "There is nothing at this path; see /v1/openapi.json for what there is.",
        )
    }

    /// The path exists, for other methods; they go into the `allow` header.
    pub fn method_not_allowed(allowed: &[&str]) -> Self {
        let list = allowed.join(", ");
        Self::new(Code::MethodNotAllowed, format!("This path takes {list}.")).with_header("allow", list)
    }

    /// No token, or none that says who is asking.
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "Send a valid token as `Authorization: Bearer …`.")
            .with_header("www-authenticate", "Bearer".to_owned())
    }

    /// The caller is known, and not allowed. `needed` is the end of "This needs …".
    pub fn forbidden(needed: &str) -> Self {
        Self::new(Code::Forbidden, format!("This needs {needed}."))
    }

    /// Other commands won every race for the order.
    pub fn contended() -> Self {
        Self::new(
            Code::Contended,
            "Others changed the order each time we tried; nothing was done. Try again.",
        )
        .with_header("retry-after", "1".to_owned())
    }

    /// `If-Match` names another version than the order's.
    pub fn precondition_failed(current_version: u32) -> Self {
        let sentence =
            format!("The order is at version {current_version} now; read it again and decide anew.");
        Self::new(Code::PreconditionFailed, sentence)
    }

    /// The body is beyond [`crate::body::BODY_BYTES_MAX`].
    pub fn body_too_large() -> Self {
        let max = crate::body::BODY_BYTES_MAX;
        Self::new(Code::BodyTooLarge, format!("A body has at most {max} bytes."))
    }

    /// The order would not fit its item.
    pub fn order_too_large(bytes: usize, bytes_max: usize) -> Self {
        let sentence = format!(
            "The order would take {bytes} bytes; {bytes_max} is the most. Split it into several orders."
        );
        Self::new(Code::OrderTooLarge, sentence)
    }

    /// The order's history is as long as one may be.
    pub fn order_too_long() -> Self {
        Self::new(Code::LimitExceeded, "So much was done to this order that no more is taken.")
    }

    /// The body is not declared as JSON.
    pub fn unsupported_media_type() -> Self {
        Self::new(
            Code::UnsupportedMediaType,
            "Send the body as `Content-Type: application/json`, in UTF-8 and not compressed.",
        )
    }

    /// The key belongs to another request.
    pub fn idempotency_key_reused() -> Self {
        let sentence = "This Idempotency-Key was used with another request; a new request needs a new key.";
        Self::new(Code::IdempotencyKeyReused, sentence)
    }

    /// Something broke; the log has it under the same instance.
    pub fn internal() -> Self {
        Self::new(
            Code::Internal,
            "Something went wrong on our side. Repeating the request with its key is safe.",
        )
    }

    /// Something that is needed does not answer.
    pub fn unavailable(retry_after_seconds: u32) -> Self {
        let sentence =
            format!("Try again in {retry_after_seconds} s; repeating the request with its key is safe.");
        Self::new(Code::Unavailable, sentence).with_header("retry-after", retry_after_seconds.to_string())
    }

    /// The same problem, as this occurrence.
    #[must_use]
    pub fn with_instance(mut self, instance: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self
    }

    /// The same problem, with what is wrong place by place; beyond [`DETAILS_MAX`] it is not listed.
    #[must_use]
    pub fn with_details(mut self, mut details: Vec<Detail>) -> Self {
        details.truncate(DETAILS_MAX);
        self.details = details;
        self
    }

    fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The HTTP status it is answered with.
    pub const fn status(&self) -> u16 {
        self.code.status()
    }

    /// The document.
    pub fn to_json(&self) -> Vec<u8> {
        let document = ProblemDocument {
            r#type: format!("urn:penstock:problem:{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status(),
            detail: &self.detail,
            instance: self.instance.as_deref(),
            code: self.code,
            message: &self.detail,
            details: &self.details,
            order_status: self.order_status.map(OrderStatus),
            allowed: self.allowed.as_ref().map(|all| all.iter().copied().map(OrderAction).collect()),
        };
        serde_json::to_vec(&document).expect("text and numbers are always JSON")
    }
}

/// A problem document (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemDocument<'a> {
    /// `urn:penstock:problem:` and the code.
    #[schema(format = "uri", example = "urn:penstock:problem:validation-failed")]
    r#type: String,
    /// What the code means, the same for every occurrence.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened this time, in a sentence.
    detail: &'a str,
    /// This occurrence, as a URI; the log knows it by the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    instance: Option<&'a str>,
    /// For programs.
    code: Code,
    /// The same sentence as `detail`.
    message: &'a str,
    /// Everything that is wrong with the request, place by place; often empty.
    details: &'a [Detail],
    /// Where the order is, when its state is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    order_status: Option<OrderStatus>,
    /// What may be done to the order instead, when its state is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    allowed: Option<Vec<OrderAction>>,
}

#[cfg(test)]
mod tests;

//! What each operation does, in words, with its parameters, body and replies.

mod checkout;
mod dead_letters;
mod stock;
mod webhooks;

use serde_json::{Value, json};

use super::examples;
use super::replies::{Replies, Success};
use crate::problem::Code::{self, *};

/// An operation of the document, less its route.
pub(super) struct Operation {
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: &'static [&'static str],
    pub(super) body: Option<Body>,
    pub(super) replies: Replies,
}

/// A request's body.
pub(super) struct Body {
    pub(super) schema: &'static str,
    pub(super) required: bool,
    pub(super) example: Value,
}

const KEY: [Code; 3] = [IdempotencyKeyMissing, IdempotencyKeyMalformed, IdempotencyKeyReused];
const LINES: [Code; 6] =
    [UnknownProduct, PriceChanged, LimitExceeded, CurrencyMismatch, TotalTooLarge, OrderTooLarge];
const COMMAND: [Code; 5] = [ValidationFailed, OrderNotFound, OrderState, Contended, PreconditionFailed];

/// The operation of that name in the table of routes.
pub(super) fn of(name: &str) -> Operation {
    match name {
        "create-order" => create_order(),
        "list-orders" => list_orders(),
        "get-order" => get_order(),
        "get-order-history" => get_order_history(),
        "edit-draft" => edit_draft(),
        "place-order" => place_order(),
        "cancel-order" => cancel_order(),
        "create-payment" => checkout::create_payment(),
        "create-shipment" => checkout::create_shipment(),
        "update-tracking" => checkout::update_tracking(),
        "request-return" => checkout::request_return(),
        "receive-return" => checkout::receive_return(),
        "receive-payment-webhook" => checkout::receive_payment_webhook(),
        "receive-carrier-webhook" => checkout::receive_carrier_webhook(),
        "list-products" => list_products(),
        "put-product" => put_product(),
        "get-product" => get_product(),
        "delete-product" => delete_product(),
        "get-stock" => stock::get(),
        "adjust-stock" => stock::adjust(),
        "list-stock-movements" => stock::movements(),
        "list-webhooks" => webhooks::list(),
        "put-webhook" => webhooks::put(),
        "get-webhook" => webhooks::get(),
        "delete-webhook" => webhooks::delete(),
        "rotate-webhook-secret" => webhooks::rotate(),
        "test-webhook" => webhooks::test(),
        "list-webhook-deliveries" => webhooks::deliveries(),
        "redeliver-webhook" => webhooks::redeliver(),
        "list-dead-letter-queues" => dead_letters::list_queues(),
        "list-dead-letters" => dead_letters::list(),
        "redrive-dead-letters" => dead_letters::redrive(),
        "get-openapi" => get_openapi(),
        "get-health-live" => get_health_live(),
        "get-health-ready" => get_health_ready(),
        other => unreachable!("operation {other} is not described"),
    }
}

fn create_order() -> Operation {
    Operation {
        tag: "orders",
        summary: "Create an order and place it",
        description: "Prices come from the catalogue and are kept. With `draft` the order is only created. The same \
            key and body again answer 409 with the order itself: there is never a second one.",
        parameters: &["Idempotency-Key"],
        body: body("CreateOrder", true, examples::create_order()),
        replies: replies(
            [order(201, "The order, created.", &["ETag", "Location"]), repeated()],
            [&KEY[..], &LINES[..]],
        ),
    }
}

fn list_orders() -> Operation {
    Operation {
        tag: "orders",
        summary: "List orders, newest first",
        description: "From a read model that follows the orders within a moment. Filters combine. With `status`, a page \
            may hold fewer orders than `limit`, or none, and still have a `nextCursor`: then there may be more.",
        parameters: &["customerId", "status", "from", "to", "limit", "cursor"],
        body: None,
        replies: replies(
            [ok("OrderList", "A page of orders.", json!({ "orders": [examples::order()] }))],
            [&[ValidationFailed, BadCursor][..]],
        ),
    }
}

fn get_order() -> Operation {
    let unchanged = plain(304, "The caller has this version already.", &["ETag"]);
    Operation {
        tag: "orders",
        summary: "Show an order",
        description: "As it is now, or with `asOf` as it was then; before its creation there is no such order.",
        parameters: &["orderId", "asOf", "If-None-Match"],
        body: None,
        replies: replies(
            [order(200, "The order.", &["ETag"]), unchanged],
            [&[ValidationFailed, OrderNotFound][..]],
        ),
    }
}

fn get_order_history() -> Operation {
    Operation {
        tag: "orders",
        summary: "Show all that happened to an order",
        description: "Every event, oldest first, with its time, its actor and its place in the sequence.",
        parameters: &["orderId"],
        body: None,
        replies: replies(
            [json_reply(200, "OrderHistory", "The history.", &[], None)],
            [&[ValidationFailed, OrderNotFound][..]],
        ),
    }
}

fn edit_draft() -> Operation {
    Operation {
        tag: "orders",
        summary: "Replace a draft's lines",
        description: "Prices are taken from the catalogue anew.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("EditLines", true, examples::edit_lines()),
        replies: replies(
            [order(200, "The order with its new lines.", &["ETag"])],
            [&KEY[..], &LINES[..], &COMMAND[..]],
        ),
    }
}

fn place_order() -> Operation {
    Operation {
        tag: "orders",
        summary: "Place a draft",
        description: "From then on the order is PENDING and its lines stay as they are.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("PlaceOrder", false, json!({})),
        replies: replies([order(200, "The order, placed.", &["ETag"])], [&KEY[..], &COMMAND[..]]),
    }
}

fn cancel_order() -> Operation {
    Operation {
        tag: "orders",
        summary: "Cancel an order",
        description: "Where its state allows it; what was captured goes back.",
        parameters: &["orderId", "Idempotency-Key", "If-Match"],
        body: body("CancelOrder", false, examples::cancel_order()),
        replies: replies([order(200, "The order, cancelled.", &["ETag"])], [&KEY[..], &COMMAND[..]]),
    }
}

fn list_products() -> Operation {
    Operation {
        tag: "products",
        summary: "List products",
        description: "All of them, or those of one category.",
        parameters: &["category", "limit", "cursor"],
        body: None,
        replies: replies(
            [ok("ProductList", "A page of products.", json!({ "products": [examples::product()] }))],
            [&[ValidationFailed, BadCursor][..]],
        ),
    }
}

fn put_product() -> Operation {
    let created = json_reply(201, "Product", "The product, new.", &[], Some(examples::product()));
    Operation {
        tag: "products",
        summary: "Put a product into the catalogue",
        description: "Creates or replaces it. Orders keep the price they were made at.",
        parameters: &["productId"],
        body: body("PutProduct", true, examples::put_product()),
        replies: replies([created, ok("Product", "The product, replaced.", examples::product())], [&[][..]]),
    }
}

fn get_product() -> Operation {
    Operation {
        tag: "products",
        summary: "Show a product",
        description: "As the catalogue has it now.",
        parameters: &["productId"],
        body: None,
        replies: replies(
            [ok("Product", "The product.", examples::product())],
            [&[ValidationFailed, ProductNotFound][..]],
        ),
    }
}

fn delete_product() -> Operation {
    Operation {
        tag: "products",
        summary: "Delete a product",
        description: "It can no longer be ordered; orders keep what they say of it. Deleting what is not there is no mistake.",
        parameters: &["productId"],
        body: None,
        replies: replies([plain(204, "It is gone.", &[])], [&[ValidationFailed][..]]),
    }
}

fn get_openapi() -> Operation {
    Operation {
        tag: "operations",
        summary: "Show this document",
        description: "OpenAPI 3.1.",
        parameters: &[],
        body: None,
        replies: replies([json_reply(200, "OpenApiDocument", "The document.", &[], None)], [&[][..]]),
    }
}

fn get_health_live() -> Operation {
    Operation {
        tag: "operations",
        summary: "Ask whether the platform runs",
        description: "Asks no dependency.",
        parameters: &[],
        body: None,
        replies: replies([json_reply(200, "Liveness", "It does.", &[], None)], [&[][..]]),
    }
}

fn get_health_ready() -> Operation {
    let ready = json_reply(200, "Readiness", "All dependencies answer.", &[], None);
    let unready = json_reply(503, "Readiness", "A dependency does not answer.", &[], None);
    Operation {
        tag: "operations",
        summary: "Ask whether the platform can work",
        description: "Asks each dependency, with a short timeout.",
        parameters: &[],
        body: None,
        replies: replies([ready, unready], [&[][..]]),
    }
}

fn body(schema: &'static str, required: bool, example: Value) -> Option<Body> {
    Some(Body { schema, required, example })
}

fn replies<const R: usize, const P: usize>(results: [Success; R], problems: [&[Code]; P]) -> Replies {
    Replies { results: results.into(), problems: problems.concat() }
}

fn repeated() -> Success {
    order(409, "The order that this key and body created before.", &["ETag", "Location"])
}

fn order(status: u16, description: &'static str, headers: &'static [&'static str]) -> Success {
    json_reply(status, "Order", description, headers, Some(examples::order()))
}

fn ok(schema: &'static str, description: &'static str, example: Value) -> Success {
    json_reply(200, schema, description, &[], Some(example))
}

fn json_reply(
    status: u16,
    schema: &'static str,
    description: &'static str,
    headers: &'static [&'static str],
    example: Option<Value>,
) -> Success {
    Success { status, description, schema: Some(schema), headers, example }
}

fn plain(status: u16, description: &'static str, headers: &'static [&'static str]) -> Success {
    Success { status, description, schema: None, headers, example: None }
}

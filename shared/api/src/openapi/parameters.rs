//! The parameters of all operations: in the path, the query and the headers.

use penstock_domain::ProductDetails;
use serde_json::{Value, json};

use crate::cursor;
use crate::query::{LIMIT_DEFAULT, LIMIT_MAX};

/// Every parameter, by the name that operations refer to it with.
pub(super) fn all() -> Value {
    let uuid = json!({ "type": "string", "format": "uuid" });
    let instant = json!({ "type": "string", "format": "date-time" });
    let tags = json!({ "type": "string", "examples": ["\"3\""] });
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT });
    let category =
        json!({ "type": "string", "minLength": 1, "maxLength": ProductDetails::CATEGORY_LENGTH_MAX });
    let opaque = json!({ "type": "string", "maxLength": cursor::LENGTH_MAX });
    let status = super::reference("schemas", "OrderStatus");
    json!({
        "orderId": path("orderId", "The order.", &uuid),
        "shipmentId": path("shipmentId", "The parcel.", &uuid),
        "returnId": path("returnId", "The return.", &uuid),
        "productId": path("productId", "The product.", &uuid),
        "webhookId": path("webhookId", "The webhook.", &uuid),
        "deliveryId": path("deliveryId", "The delivery.", &uuid),
        "queue": path("queue", "A consumer's queue.", &json!({ "type": "string", "examples": ["payments"] })),
        "asOf": query("asOf", "Show the order as it was then.", &instant),
        "customerId": query("customerId", "Only this customer's orders.", &uuid),
        "status": query("status", "Only orders in this state.", &status),
        "from": query("from", "Only orders created then or later.", &instant),
        "to": query("to", "Only orders created earlier than that.", &instant),
        "category": query("category", "Only products of this category.", &category),
        "limit": query("limit", "Entries of a page.", &limit),
        "cursor": query("cursor", "A nextCursor, used with the same filters.", &opaque),
        "Idempotency-Key": {
            "required": true, "in": "header", "name": "Idempotency-Key", "schema": uuid,
            "description": "A new UUID for each new request, the same one for its repetitions; bare, or in double \
                quotes as a structured-field string.",
        },
        "If-Match": header("If-Match", "Only when the order's ETag is one of these.", &tags),
        "If-None-Match": header("If-None-Match", "Answer 304 when the order's ETag is one of these.", &tags),
    })
}

fn path(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

fn query(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn header(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema })
}

//! The OpenAPI 3.1 document: schemas from the wire types, paths from the table of routes.
//!
//! The prose of each operation is in `operations`; nothing here knows how an operation is carried out.

mod examples;
mod operations;
mod parameters;
mod replies;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::dead_letters::{DeadLetterList, DeadLetterQueues, RedriveDeadLetters, RedriveView};
use crate::fulfilment::{CreateShipment, ReceiveReturn, RequestReturn, UpdateTracking};
use crate::health::{HealthView, LivenessView};
use crate::history::OrderHistory;
use crate::orders::{CancelOrder, CreateOrder, EditLines, OrderList, OrderView, PlaceOrder};
use crate::payments::{CreatePayment, Received};
use crate::problem::ProblemDocument;
use crate::products::{ProductList, ProductView, PutProduct};
use crate::routes::{ROUTES, Route};
use crate::stock::{AdjustStock, MovementList, StockView};
use crate::webhooks::{DeliveryList, DeliverySent, PutWebhook, WebhookList, WebhookView};

use operations::Operation;
use replies::GatewayMessage;

/// The document.
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Penstock",
            "version": "1.0.0",
            "description": "Orders and the catalogue they are priced from. Everything belongs to the tenant that the \
                token names. Amounts are exact decimal numbers; read them with a decimal type.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": [
            { "name": "orders", "description": "Orders, from draft to archive." },
            { "name": "products", "description": "The catalogue." },
            { "name": "stock", "description": "How much of each product there is, and what is kept for orders." },
            { "name": "webhooks", "description": "URLs of the tenant's own that are told of its events." },
            { "name": "operators", "description": "What went wrong behind the scenes, and mending it." },
            { "name": "operations", "description": "The platform itself; needs no token." },
        ],
        "security": [{ "bearer": [] }],
        "paths": paths(),
        "components": {
            "schemas": schemas(),
            "parameters": parameters::all(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "Claims: iss, aud, exp, sub, tenant_id, roles.",
                },
            },
        },
    })
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for route in ROUTES {
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.to_lowercase()] = operation(route);
    }
    paths
}

fn operation(route: Route) -> Value {
    let Operation { tag, summary, description, parameters, body, replies } = operations::of(route.operation);
    let mut operation = json!({
        "operationId": route.operation,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "responses": replies::responses(replies, route.auth, body.is_some()),
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.iter().map(|name| reference("parameters", name)).collect();
    }
    if let Some(body) = body {
        let content = json!({ "schema": reference("schemas", body.schema), "example": body.example });
        operation["requestBody"] =
            json!({ "required": body.required, "content": { "application/json": content } });
    }
    if !route.auth {
        operation["security"] = json!([]);
    }
    operation
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

type Schemas = BTreeMap<String, RefOr<Schema>>;

fn schemas() -> Schemas {
    let mut schemas = Schemas::new();
    add::<CreateOrder>(&mut schemas);
    add::<EditLines>(&mut schemas);
    add::<CreatePayment>(&mut schemas);
    add::<CreateShipment>(&mut schemas);
    add::<UpdateTracking>(&mut schemas);
    add::<RequestReturn>(&mut schemas);
    add::<ReceiveReturn>(&mut schemas);
    add::<Received>(&mut schemas);
    add::<PlaceOrder>(&mut schemas);
    add::<CancelOrder>(&mut schemas);
    add::<OrderView<'static>>(&mut schemas);
    add::<OrderList>(&mut schemas);
    add::<OrderHistory<'static>>(&mut schemas);
    add::<PutProduct>(&mut schemas);
    add::<ProductView>(&mut schemas);
    add::<ProductList>(&mut schemas);
    add::<AdjustStock>(&mut schemas);
    add::<StockView>(&mut schemas);
    add::<MovementList>(&mut schemas);
    add::<PutWebhook>(&mut schemas);
    add::<WebhookView>(&mut schemas);
    add::<WebhookList>(&mut schemas);
    add::<DeliveryList>(&mut schemas);
    add::<DeliverySent>(&mut schemas);
    add::<DeadLetterQueues>(&mut schemas);
    add::<DeadLetterList>(&mut schemas);
    add::<RedriveDeadLetters>(&mut schemas);
    add::<RedriveView>(&mut schemas);
    add::<LivenessView>(&mut schemas);
    add::<HealthView>(&mut schemas);
    add::<ProblemDocument<'static>>(&mut schemas);
    add::<GatewayMessage>(&mut schemas);
    let this = ObjectBuilder::new().schema_type(Type::Object).required("openapi").required("info");
    schemas.insert("OpenApiDocument".to_owned(), this.description(Some("An OpenAPI document.")).into());
    schemas
}

/// A type's schema and those it refers to.
fn add<T: ToSchema>(schemas: &mut Schemas) {
    let mut needed = Vec::new();
    T::schemas(&mut needed);
    schemas.extend(needed);
    schemas.insert(T::name().into_owned(), T::schema());
}

#[cfg(test)]
mod tests;

//! The contract of the HTTP API: what is read, what is answered, and the OpenAPI document that says so.
//!
//! Pure functions over bytes and text. Nothing here does I/O, knows AWS, or decides what the business allows.

pub mod body;
pub mod conditions;
mod contact;
pub mod cursor;
pub mod dead_letters;
pub mod envelope;
pub mod fulfilment;
pub mod health;
pub mod history;
pub mod idempotency;
pub mod money;
pub mod openapi;
pub mod orders;
pub mod path;
pub mod payments;
pub mod problem;
pub mod products;
pub mod query;
pub mod routes;
mod status;
pub mod stock;
pub mod time;
pub mod webhooks;

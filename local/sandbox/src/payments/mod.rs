//! The payment provider: the part of Stripe's API that takes, releases and gives back money.
//!
//! What a call does is one transaction; the order of things around it is Stripe's: rate limits and outages come before
//! idempotency keys, so that their answers are not kept, and what began to execute is kept with its answer.
//!
//! Differences from Stripe: a payment method keeps its test name, searching finds what was just made, and a key's 500
//! is never kept (Stripe keeps one that came from within).

pub(crate) mod behaviour;
pub(crate) mod books;
mod calls;
mod error;
mod events;
mod execute;
mod form;
mod intent;
mod intents;
mod looking;
mod refund;
mod search;
mod serve;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::world::World;

pub(crate) const SCHEMA: &str = concat!(
    "
CREATE TABLE IF NOT EXISTS intents (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, currency TEXT NOT NULL, captured INTEGER NOT NULL,
  refunded INTEGER NOT NULL, intent TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS metadata (
  name TEXT NOT NULL, value TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (name, value, n)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refunds (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, intent TEXT NOT NULL, refund TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS refunds_of ON refunds (intent);
",
    "
CREATE TABLE IF NOT EXISTS calls (
  n INTEGER PRIMARY KEY, at INTEGER NOT NULL, operation TEXT NOT NULL, intent TEXT, key TEXT NOT NULL,
  status INTEGER, replayed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS calls_about ON calls (intent, operation);
CREATE INDEX IF NOT EXISTS calls_of_key ON calls (key);
"
);

/// The API.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/v1/payment_intents", post(serve::create))
        .route("/v1/payment_intents/search", get(looking::search))
        .route("/v1/payment_intents/{id}", get(looking::intent))
        .route("/v1/payment_intents/{id}/confirm", post(serve::confirm))
        .route("/v1/payment_intents/{id}/capture", post(serve::capture))
        .route("/v1/payment_intents/{id}/cancel", post(serve::cancel))
        .route("/v1/refunds", post(serve::refund).get(looking::refunds))
        .route("/v1/refunds/{id}", get(looking::refund))
        .route("/v1/events/{id}", get(looking::event))
        .fallback(looking::nothing)
        .with_state(world)
}

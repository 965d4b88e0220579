//! Calls that only look. No behaviour delays or breaks them; only a provider that is down does.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, Request, State};
use axum::response::Response;
use http::HeaderMap;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::error::{Refusal, answer};
use super::form::Form;
use super::serve::admit;
use super::{intents, search};
use crate::outbox::{Sender, book};
use crate::world::World;

type Shared = State<Arc<World>>;

/// Stripe's limits of a page.
const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 100;

pub(super) async fn intent(world: Shared, id: Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    look(&world, &headers, &query, |db, form| {
        let intent = intents::need(db, "intent", &id)?;
        Ok(if form.expands("latest_charge") { intent.expanded() } else { intent.object() })
    })
}

pub(super) async fn search(world: Shared, query: RawQuery, headers: HeaderMap) -> Response {
    look(&world, &headers, &query, |db, form| {
        let metadata = search::parse(form.need("query")?)?;
        let limit = limit(form)?;
        let mut found = intents::having(db, &metadata, limit + 1)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let expanded = form.expands("data.latest_charge");
        let object = |it: &super::intent::Intent| if expanded { it.expanded() } else { it.object() };
        let data: Vec<_> = found.iter().map(object).collect();
        let url = "/v1/payment_intents/search";
        Ok(
            json!({"object": "search_result", "url": url, "has_more": has_more, "next_page": null, "data": data}),
        )
    })
}

pub(super) async fn refund(world: Shared, id: Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    look(&world, &headers, &query, |db, _| {
        let found = intents::find_refund(db, &id)?;
        found.map(|it| it.object()).ok_or_else(|| Refusal::not_found("refund", "refund", &id))
    })
}

/// The refunds of one intent.
pub(super) async fn refunds(world: Shared, query: RawQuery, headers: HeaderMap) -> Response {
    look(&world, &headers, &query, |db, form| {
        let mut found = intents::refunds_of(db, form.need("payment_intent")?)?;
        let limit = limit(form)?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let data: Vec<_> = found.iter().map(super::refund::Refund::object).collect();
        Ok(json!({"object": "list", "url": "/v1/refunds", "has_more": has_more, "data": data}))
    })
}

pub(super) async fn event(world: Shared, id: Path<String>, query: RawQuery, headers: HeaderMap) -> Response {
    look(&world, &headers, &query, |db, _| {
        let body = book::event(db, Sender::Payments, &id)?;
        let body = body.ok_or_else(|| Refusal::not_found("event", "id", &id))?;
        Ok(serde_json::from_str(&body).expect("an event was written as JSON"))
    })
}

pub(super) async fn nothing(request: Request) -> Response {
    Refusal::no_such_route(request.method().as_str(), request.uri().path()).response()
}

fn look(
    world: &World,
    headers: &HeaderMap,
    query: &RawQuery,
    find: impl FnOnce(&Connection, &Form) -> Result<Value, Refusal>,
) -> Response {
    let form = Form::parse(query.0.as_deref().unwrap_or_default().as_bytes());
    let found = admit(world, headers).and_then(|()| world.store.read(|db| find(db, &form)));
    found.map_or_else(|refusal| refusal.response(), |object| answer(200, &object))
}

fn limit(form: &Form) -> Result<usize, Refusal> {
    let limit = form.amount("limit")?.and_then(|it| usize::try_from(it).ok());
    Ok(limit.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX))
}

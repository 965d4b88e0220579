//! The books and switches for whoever sits at the laptop.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::page::{self, text};
use crate::store::Page;
use crate::switches::{self, Service};
use crate::world::World;
use crate::{carrier, mailbox, payments};

type Shared = State<Arc<World>>;

pub(crate) fn router<S: Clone + Send + Sync + 'static>(world: Arc<World>) -> Router<S> {
    let switch = |service: Service, down: bool| {
        post(async move |State(world): Shared| {
            let switched = world.store.write(|db| switches::set_down(db, service, down));
            switched.map_or_else(|it| failed(&it), |()| Json(json!({"down": down})).into_response())
        })
    };
    let mut router = Router::new()
        .route("/dev/payments", get(payment_books))
        .route("/dev/shipments", get(carrier_books))
        .route("/dev/mail", get(letters))
        .route("/dev/mail/{id}", get(letter));
    for (path, service) in
        [("payments", Service::Payments), ("shipments", Service::Carrier), ("mail", Service::Mail)]
    {
        router = router
            .route(&format!("/dev/{path}/down"), switch(service, true))
            .route(&format!("/dev/{path}/up"), switch(service, false));
    }
    router.with_state(world)
}

async fn payment_books(State(world): Shared, Query(page): Query<Page>, headers: HeaderMap) -> Response {
    let books = world.store.read(|db| payments::books::books(db, &page));
    shown(books, &headers, &PAYMENTS)
}

async fn carrier_books(State(world): Shared, Query(page): Query<Page>, headers: HeaderMap) -> Response {
    shown(carrier::books::books(&world, &page), &headers, &SHIPMENTS)
}

async fn letters(State(world): Shared, Query(page): Query<Page>, headers: HeaderMap) -> Response {
    let books = world.store.read(|db| mailbox::books::books(db, &page));
    shown(books, &headers, &MAIL)
}

async fn letter(State(world): Shared, Path(id): Path<i64>, headers: HeaderMap) -> Response {
    match world.store.read(|db| mailbox::books::letter(db, id)) {
        Ok(Some(letter)) if page::wanted(&headers) => {
            let rows = [
                ("from", letter.from),
                ("to", letter.recipients.join(", ")),
                ("at", letter.at),
                ("text", letter.text),
                ("attachments", letter.attachments.join(", ")),
            ];
            let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
            page::Page { title: letter.subject, note: String::new(), columns: &["", ""] }.of(&rows)
        }
        Ok(Some(letter)) => Json(letter).into_response(),
        Ok(None) => {
            (StatusCode::NOT_FOUND, Json(json!({"message": "there is no such letter"}))).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// How a book looks in a browser.
struct Look {
    title: &'static str,
    /// The member that is the list.
    entries: &'static str,
    columns: &'static [&'static str],
}

const PAYMENTS: Look = Look {
    title: "Payments",
    entries: "payments",
    columns: &[
        "id", "status", "amount", "currency", "captured", "refunded", "method", "metadata", "attempts",
        "calls", "refunds", "webhooks",
    ],
};
const SHIPMENTS: Look = Look {
    title: "Shipments",
    entries: "shipments",
    columns: &[
        "id",
        "reference",
        "service",
        "status",
        "trackingNumber",
        "createdAt",
        "to",
        "parcels",
        "webhooks",
    ],
};
const MAIL: Look =
    Look { title: "Mail", entries: "mail", columns: &["id", "at", "from", "recipients", "subject", "text"] };

fn shown<T: Serialize>(books: rusqlite::Result<T>, headers: &HeaderMap, look: &Look) -> Response {
    match books.map(|it| serde_json::to_value(it).expect("books have texts for keys")) {
        Err(error) => failed(&error),
        Ok(books) if page::wanted(headers) => table(&books, look),
        Ok(books) => Json(books).into_response(),
    }
}

fn table(books: &Value, look: &Look) -> Response {
    let entries = books[look.entries].as_array().into_iter().flatten();
    let rows: Vec<_> =
        entries.map(|entry| look.columns.iter().map(|it| cell(&entry[*it])).collect()).collect();
    let note = if books["down"] == true { "It is down." } else { "It is up." };
    let totals = books["totals"].as_array().into_iter().flatten().map(|it| format!("\n{}", cell(it)));
    let note = format!("{note}{}", totals.collect::<String>());
    page::Page { title: look.title.to_owned(), note, columns: look.columns }.of(&rows)
}

/// A list is a line each entry, an object `name: value` each member.
fn cell(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join("\n"),
        Value::Object(members) => {
            members.iter().map(|(name, it)| format!("{name}: {}", text(it))).collect::<Vec<_>>().join(", ")
        }
        other => text(other),
    }
}

fn failed(error: &rusqlite::Error) -> Response {
    tracing::error!(error = error.to_string(), "the sandbox's file failed");
    let words = json!({"message": "the sandbox's file failed; its log says why"});
    (StatusCode::INTERNAL_SERVER_ERROR, Json(words)).into_response()
}

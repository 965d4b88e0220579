//! `GET /v1/orders/{orderId}/events`: every event of the order, with time, actor and sequence.

use penstock_api::history::{HistoryEntry, OrderHistory};
use penstock_api::query;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("get-order-history", |app, request| Box::pin(handle(app, request)));

/// 200 with the events, oldest first.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    query::none(request.query())?;
    let history = app.orders.history(&caller, id).await?;
    let events =
        history.commits().iter().flat_map(|commit| commit.events.iter().map(move |event| (commit, event)));
    let entries = events
        .zip(1..)
        .map(|((commit, event), sequence)| HistoryEntry::new(sequence, commit.number, &commit.actor, event));
    reply::ok(OrderHistory::new(id, entries.collect()).to_json())
}

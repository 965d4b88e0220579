//! `GET /v1/orders/{orderId}`: the order from the ledger, now or as it was at `asOf`.

use penstock_api::conditions::etag;
use penstock_api::query::AsOf;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("get-order", |app, request| Box::pin(handle(app, request)));

/// 200 with the order, or 304 when the caller has this version.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let AsOf { as_of } = AsOf::parse(request.query())?;
    let record = app.orders.get(&caller, id, as_of).await?;
    if request.has(record.version)? {
        return Ok(reply::empty(304)?.with("etag", etag(record.version)));
    }
    reply::order(200, &record)
}

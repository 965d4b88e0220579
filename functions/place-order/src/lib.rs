//! `POST /v1/orders/{orderId}/placement`: orders what the draft says.

use penstock_api::orders::PlaceOrder;
use penstock_application::ToOrder;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("place-order", |app, request| Box::pin(handle(app, request)));

/// 200 with the order.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let body = request.body()?;
    let command = request.command("placeOrder", &body)?;
    PlaceOrder::parse(&body)?;
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let record = app.orders.place(&caller, to).await?;
    reply::order(200, &record)
}

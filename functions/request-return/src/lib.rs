//! `POST /v1/orders/{orderId}/returns`: the customer wants to send something back.

use penstock_api::fulfilment::RequestReturn;
use penstock_application::ToOrder;
use penstock_domain::order::Command;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("request-return", |app, request| Box::pin(handle(app, request)));

/// 201 with the order.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let body = request.body()?;
    let command = request.command("requestReturn", &body)?;
    let RequestReturn { reason, parts } = RequestReturn::parse(&body)?;
    let return_id = id.within(&caller.tenant, &format!("return/{}", command.key)).into();
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let wanted = Command::RequestReturn { id: return_id, reason, parts };
    let record = app.orders.tell(&caller, to, wanted).await?;
    reply::order(201, &record)
}

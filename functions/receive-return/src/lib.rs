//! `POST /v1/orders/{orderId}/returns/{returnId}/receipt`: what was sent back came; its price goes back too.

use penstock_api::fulfilment::ReceiveReturn;
use penstock_application::ToOrder;
use penstock_domain::order::Command;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("receive-return", |app, request| Box::pin(handle(app, request)));

/// 200 with the order: the refund itself is made in the background.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let return_id = request.return_id()?;
    let body = request.body()?;
    let command = request.command(&format!("receiveReturn/{return_id}"), &body)?;
    let ReceiveReturn { restock } = ReceiveReturn::parse(&body)?;
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let record = app.orders.tell(&caller, to, Command::ReceiveReturn { id: return_id, restock }).await?;
    reply::order(200, &record)
}

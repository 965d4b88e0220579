//! `POST /v1/orders/{orderId}/payments`: says what an order is to be paid with; after a failed payment, tries once more.

use penstock_api::payments::CreatePayment;
use penstock_application::ToOrder;
use penstock_domain::order::Command;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("create-payment", |app, request| Box::pin(handle(app, request)));

/// 202 with the order: the payment itself is made in the background.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let body = request.body()?;
    let command = request.command("createPayment", &body)?;
    let CreatePayment { method } = CreatePayment::parse(&body)?;
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let record = app.orders.tell(&caller, to, Command::GivePaymentMethod { method }).await?;
    reply::order(202, &record)
}

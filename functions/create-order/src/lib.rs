//! `POST /v1/orders`: creates an order and places it; with `"draft": true` only creates it.

use penstock_api::orders::CreateOrder;
use penstock_application::{Created, WantedOrder};
use penstock_domain::OrderId;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::telemetry::about_order;

/// The function.
pub const FUNCTION: Function = Function::http("create-order", |app, request| Box::pin(handle(app, request)));

/// 201 with the order; 409 with the order when the same request created it before.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let body = request.body()?;
    let command = request.command("createOrder", &body)?;
    about_order(OrderId::derive(&caller.tenant, command.key));
    let CreateOrder { customer_id, items, draft, currency, payment, contact } = CreateOrder::parse(&body)?;
    let wanted = WantedOrder { customer_id, items, draft, currency, payment, contact };
    let (status, record) = match app.orders.create(&caller, &command, wanted).await? {
        Created::New(record) => (201, record),
        Created::Before(record) => (409, record),
    };
    Ok(reply::order(status, &record)?.with("location", format!("/v1/orders/{}", record.id)))
}

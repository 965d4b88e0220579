//! `POST /v1/orders/{orderId}/shipments`: sends a parcel, for shops that ship themselves.

use penstock_api::fulfilment::CreateShipment;
use penstock_application::ToOrder;
use penstock_domain::order::Command;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("create-shipment", |app, request| Box::pin(handle(app, request)));

/// 201 with the order.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let body = request.body()?;
    let command = request.command("createShipment", &body)?;
    let wanted = CreateShipment::parse(&body)?;
    let consignment = wanted.consignment();
    let shipment = id.within(&caller.tenant, &format!("shipment/{}", command.key)).into();
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let create = Command::CreateShipment { id: shipment, parts: wanted.parts, consignment };
    let record = app.orders.tell(&caller, to, create).await?;
    reply::order(201, &record)
}

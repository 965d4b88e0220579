//! `POST /v1/orders/{orderId}/shipments/{shipmentId}/tracking`: says where a parcel is, for shops that ship themselves.

use penstock_api::fulfilment::UpdateTracking;
use penstock_application::ToOrder;
use penstock_domain::order::Command;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("update-tracking", |app, request| Box::pin(handle(app, request)));

/// 200 with the order.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.order_id()?;
    let shipment = request.shipment_id()?;
    let body = request.body()?;
    let command = request.command(&format!("updateTracking/{shipment}"), &body)?;
    let UpdateTracking { status } = UpdateTracking::parse(&body)?;
    let to = ToOrder { id, request: &command, expected: &request.expected()? };
    let record = app.orders.tell(&caller, to, Command::TrackShipment { id: shipment, status }).await?;
    reply::order(200, &record)
}

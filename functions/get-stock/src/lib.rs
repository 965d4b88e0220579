//! `GET /v1/stock/{productId}`: how much of a product there is, and how much of it is kept for orders.

use penstock_api::query;
use penstock_api::stock::StockView;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("get-stock", |app, request| Box::pin(handle(app, request)));

/// 200 with the stock.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.product_id()?;
    query::none(request.query())?;
    let totals = app.stock.get(&caller.tenant, id).await?;
    reply::ok(StockView::new(id, totals.as_ref()).to_json())
}

//! `POST /v1/stock/{productId}/adjustments`: units that came in, or that a count found or missed.

use penstock_api::stock::{AdjustStock, StockView};
use penstock_application::stock::Adjusted;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("adjust-stock", |app, request| Box::pin(handle(app, request)));

/// 201 with the stock after it; 200 when the same request did it before.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.product_id()?;
    let body = request.body()?;
    let command = request.command("adjustStock", &body)?;
    let adjustment = AdjustStock::parse(&body)?.adjustment();
    let (status, record) = match app.stock.adjust(&caller, &command, id, &adjustment).await? {
        Adjusted::New(record) => (201, record),
        Adjusted::Before(record) => (200, record),
    };
    reply::with_status(status, StockView::new(id, Some(&record.after)).to_json())
}

//! `DELETE /v1/products/{productId}`: takes a product out of the catalogue. Orders keep what they say of it.

use penstock_application::catalogue::Catalogue;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("delete-product", |app, request| Box::pin(handle(app, request)));

/// 204, whether it was there or not: deleting twice is no mistake.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    app.catalogue.delete(&caller.tenant, request.product_id()?).await?;
    reply::empty(204)
}

//! `GET /v1/products/{productId}`: one product, as it is stored now.

use penstock_api::problem::Problem;
use penstock_api::products::ProductView;
use penstock_api::query;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("get-product", |app, request| Box::pin(handle(app, request)));

/// 200 with the product.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.product_id()?;
    query::none(request.query())?;
    let product = app.products.get(&caller.tenant, id).await?.ok_or_else(Problem::product_not_found)?;
    reply::ok(ProductView::new(&product).to_json())
}

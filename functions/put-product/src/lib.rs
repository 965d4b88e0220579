//! `PUT /v1/products/{productId}`: puts a product into the catalogue, or replaces it.

use penstock_api::products::{ProductView, PutProduct};
use penstock_application::catalogue::Catalogue;
use penstock_domain::Product;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("put-product", |app, request| Box::pin(handle(app, request)));

/// 201 with a new product, 200 with a replaced one.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.product_id()?;
    let details = PutProduct::parse(&request.body()?)?.details();
    let product = Product { id, details };
    let new = app.catalogue.put(&caller.tenant, &product).await?;
    reply::with_status(if new { 201 } else { 200 }, ProductView::new(&product).to_json())
}

//! `GET /v1/products`: the catalogue by product id, or one category of it.

use penstock_api::cursor::{Cursor, bad_cursor};
use penstock_api::problem::Problem;
use penstock_api::products::ProductList;
use penstock_api::query::ListProducts;
use penstock_domain::ProductId;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("list-products", |app, request| Box::pin(handle(app, request)));

/// 200 with a page of products.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let query = ListProducts::parse(request.query())?;
    let filters = query.filters();
    let after = query.cursor.as_deref().map(|cursor| position(cursor, &filters)).transpose()?;
    let page = app.products.page(&caller.tenant, query.category.as_deref(), query.limit, after).await?;
    let next = page.next().map(|last| Cursor::encode(&filters, &[&last.id.to_string()]));
    reply::ok(ProductList::new(&page.items, next).to_json())
}

fn position(cursor: &str, filters: &str) -> Result<ProductId, Problem> {
    Cursor::decode(cursor, filters, 1)?[0].parse().map_err(|_| bad_cursor())
}

//! `GET /v1/stock/{productId}/movements`: what moved of a product, and why, newest first.

use penstock_api::cursor::{Cursor, bad_cursor};
use penstock_api::problem::Problem;
use penstock_api::query::Paging;
use penstock_api::stock::MovementList;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function =
    Function::http("list-stock-movements", |app, request| Box::pin(handle(app, request)));

/// 200 with a page of movements.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let id = request.product_id()?;
    let query = Paging::parse(request.query())?;
    let list = format!("movements {id}");
    let before = query.cursor.as_deref().map(|cursor| position(cursor, &list)).transpose()?;
    let page = app.stock_ledger.movements(&caller.tenant, id, before, query.limit).await?;
    let next = page.next().map(|last| Cursor::encode(&list, &[&last.number.to_string()]));
    reply::ok(MovementList::new(page.items, next).to_json())
}

/// The number of the movement that the page comes before.
fn position(cursor: &str, list: &str) -> Result<u64, Problem> {
    let number = Cursor::decode(cursor, list, 1)?[0].parse().ok();
    number.filter(|number| *number > 0).ok_or_else(bad_cursor)
}

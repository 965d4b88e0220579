//! `GET /v1/orders`: the read model, newest first, by customer, status and time.

use penstock_api::orders::{OrderList, OrderView};
use penstock_api::query::ListOrders;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::views::{Position, Wanted};

/// The function.
pub const FUNCTION: Function = Function::http("list-orders", |app, request| Box::pin(handle(app, request)));

/// 200 with a page of orders.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
pub async fn handle(app: &App, request: Request) -> Reply {
    let caller = request.caller()?;
    let query = ListOrders::parse(request.query())?;
    let filters = query.filters();
    let after = query.cursor.map(|cursor| Position::from_cursor(&cursor, &filters)).transpose()?;
    let ListOrders { customer_id, status, from, to, limit, .. } = query;
    let wanted = Wanted { customer_id, status, from, to, limit, after };
    let page = app.views.page(&caller.tenant, &wanted).await?;
    let next = page.next.map(|last| last.to_cursor(&filters));
    let orders = page.items.iter().map(|order| OrderView::from(order.shown()));
    reply::ok(OrderList::new(orders, next).to_json())
}

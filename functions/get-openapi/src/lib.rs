//! `GET /v1/openapi.json`: the contract, OpenAPI 3.1, generated from the types.

use std::sync::LazyLock;

use penstock_api::openapi;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("get-openapi", |app, request| Box::pin(handle(app, request)));

static DOCUMENT: LazyLock<String> = LazyLock::new(|| openapi::document().to_string());

/// 200 with the document, which may be kept for an hour.
///
/// # Errors
/// None.
pub async fn handle(_: &App, _: Request) -> Reply {
    Ok(reply::ok(DOCUMENT.as_str())?.with("cache-control", "public, max-age=3600"))
}

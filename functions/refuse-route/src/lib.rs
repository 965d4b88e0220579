//! Every other path and method: a problem document instead of the gateway's own message.

use penstock_api::problem::Problem;
use penstock_api::routes::allowed_methods;
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::Reply;
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("refuse-route", |app, request| Box::pin(handle(app, request)));

/// 405 where the path takes other methods, 404 where nothing is.
///
/// # Errors
/// Always.
pub async fn handle(_: &App, request: Request) -> Reply {
    let methods = allowed_methods(request.raw_path());
    let problem =
        if methods.is_empty() { Problem::unknown_route() } else { Problem::method_not_allowed(&methods) };
    Err(problem.into())
}

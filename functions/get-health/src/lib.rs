//! `GET /health/live`: the function runs. `GET /health/ready`: so does everything it depends on.

use penstock_api::health::{HealthView, LivenessView};
use penstock_platform::app::App;
use penstock_platform::function::Function;
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::http("get-health", |app, request| Box::pin(handle(app, request)));

/// 200, or 503 when a dependency does not answer in time.
///
/// # Errors
/// None: a dependency that fails is what the reply says.
pub async fn handle(app: &App, request: Request) -> Reply {
    let reply = if request.raw_path().ends_with("/ready") {
        let dependencies = app.health.ask().await;
        let view = HealthView::new(dependencies.into_iter().map(|of| (of.name.to_owned(), of.ready)));
        reply::with_status(view.http_status(), view.to_json())?
    } else {
        reply::ok(LivenessView::live().to_json())?
    };
    Ok(reply.with("cache-control", "no-store"))
}

//! `POST /v1/dead-letters/{queue}/redrive`: gives a consumer what it gave up once more.

use futures::future::BoxFuture;
use penstock_api::dead_letters::{RedriveDeadLetters, RedriveState};
use penstock_platform::dead_letters::{DeadLetters, Sight};
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::endpoint("redrive-dead-letters", |environment| {
    Ok(Box::new(Redrive(DeadLetters::new(environment)?)))
});

struct Redrive(DeadLetters);

impl Endpoint for Redrive {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 200 with what was redriven, or 202 when that goes on behind the scenes.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
async fn handle(dead_letters: &DeadLetters, request: Request) -> Reply {
    let sight = Sight::of(&request.caller()?)?;
    let RedriveDeadLetters { ids } = RedriveDeadLetters::parse(&request.body()?)?;
    let queue = request.path_text("queue").unwrap_or_default();
    let redrive = dead_letters.redrive(queue, &sight, ids).await?;
    let status = if redrive.state == RedriveState::Moving { 202 } else { 200 };
    reply::with_status(status, redrive.to_json())
}

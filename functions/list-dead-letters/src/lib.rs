//! `GET /v1/dead-letters` and `GET /v1/dead-letters/{queue}`: what the consumers gave up, and why, for operators.

use futures::future::BoxFuture;
use penstock_api::dead_letters::DeadLetterQueues;
use penstock_api::query;
use penstock_platform::dead_letters::{DeadLetters, Sight};
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

/// The function.
pub const FUNCTION: Function = Function::endpoint("list-dead-letters", |environment| {
    Ok(Box::new(ListDeadLetters(DeadLetters::new(environment)?)))
});

struct ListDeadLetters(DeadLetters);

impl Endpoint for ListDeadLetters {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 200 with the queues, or with the dead letters of the one that the path names.
///
/// # Errors
/// See the contract (`GET /v1/openapi.json`).
async fn handle(dead_letters: &DeadLetters, request: Request) -> Reply {
    let sight = Sight::of(&request.caller()?)?;
    let Some(queue) = request.path_text("queue") else {
        query::none(request.query())?;
        let queues = dead_letters.count(&sight).await?;
        return reply::ok(DeadLetterQueues::new(queues).to_json());
    };
    let limit = query::limit(request.query())?;
    reply::ok(dead_letters.list(queue, &sight, limit as usize).await?.to_json())
}

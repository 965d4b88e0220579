//! `DELETE /v1/webhooks/{webhookId}`: forgets a webhook.

use futures::future::BoxFuture;
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{LiveWebhooks, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("delete-webhook", |environment| Ok(Box::new(Deleting(webhooks(environment)?))));

struct Deleting(LiveWebhooks);

impl Endpoint for Deleting {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 204, whether it was there or not.
async fn handle(webhooks: &LiveWebhooks, request: Request) -> Reply {
    webhooks.delete(&request.caller()?.tenant, request.webhook_id()?).await?;
    reply::empty(204)
}

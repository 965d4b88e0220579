//! `GET /v1/webhooks/{webhookId}`: shows a webhook.

use futures::future::BoxFuture;
use penstock_api::webhooks::WebhookView;
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{LiveWebhooks, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("get-webhook", |environment| Ok(Box::new(Getting(webhooks(environment)?))));

struct Getting(LiveWebhooks);

impl Endpoint for Getting {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 200 with the webhook.
async fn handle(webhooks: &LiveWebhooks, request: Request) -> Reply {
    let webhook = webhooks.get(&request.caller()?.tenant, request.webhook_id()?).await?;
    reply::ok(WebhookView::new(&webhook, webhooks.now()).to_json())
}

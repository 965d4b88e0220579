//! `POST /v1/webhooks/{webhookId}/secret`: gives a webhook a new secret.

use futures::future::BoxFuture;
use penstock_api::webhooks::WebhookView;
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{LiveWebhooks, new_secret, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("rotate-webhook-secret", |environment| Ok(Box::new(Rotating(webhooks(environment)?))));

struct Rotating(LiveWebhooks);

impl Endpoint for Rotating {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 200 with the webhook and its new secret.
async fn handle(webhooks: &LiveWebhooks, request: Request) -> Reply {
    let (caller, id) = (request.caller()?, request.webhook_id()?);
    let webhook = webhooks.rotate(&caller.tenant, id, &new_secret()).await?;
    let now = webhooks.now();
    reply::ok(WebhookView::new(&webhook, now).with_secret(&webhook, now).to_json())
}

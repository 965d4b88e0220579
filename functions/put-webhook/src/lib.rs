//! `PUT /v1/webhooks/{webhookId}`: creates or replaces a webhook.

use futures::future::BoxFuture;
use penstock_api::webhooks::{PutWebhook, WebhookView};
use penstock_application::webhooks::Put;
use penstock_domain::webhook::Reach;
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{LiveWebhooks, new_secret, reach, webhooks};

/// The function.
pub const FUNCTION: Function = Function::endpoint("put-webhook", |environment| {
    Ok(Box::new(Putting { webhooks: webhooks(environment)?, reach: reach(environment)? }))
});

struct Putting {
    webhooks: LiveWebhooks,
    reach: Reach,
}

impl Putting {
    /// 201 with the webhook and its secret, or 200 with the webhook when it was there.
    async fn put(&self, request: Request) -> Reply {
        let caller = request.caller()?;
        let id = request.webhook_id()?;
        let wanted = PutWebhook::parse(&request.body()?, self.reach)?.wanted();
        let put = self.webhooks.put(&caller.tenant, id, wanted, &new_secret()).await?;
        let now = self.webhooks.now();
        match put {
            Put::Created(webhook) => {
                let told = WebhookView::new(&webhook, now).with_secret(&webhook, now);
                reply::with_status(201, told.to_json())
            }
            Put::Replaced(webhook) => reply::ok(WebhookView::new(&webhook, now).to_json()),
        }
    }
}

impl Endpoint for Putting {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.put(request))
    }
}

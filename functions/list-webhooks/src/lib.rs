//! `GET /v1/webhooks`: lists a tenant's webhooks.

use futures::future::BoxFuture;
use penstock_api::query;
use penstock_api::webhooks::{WebhookList, WebhookView};
use penstock_platform::function::{Endpoint, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{LiveWebhooks, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("list-webhooks", |environment| Ok(Box::new(Listing(webhooks(environment)?))));

struct Listing(LiveWebhooks);

impl Endpoint for Listing {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(handle(&self.0, request))
    }
}

/// 200 with all of them.
async fn handle(webhooks: &LiveWebhooks, request: Request) -> Reply {
    let caller = request.caller()?;
    query::none(request.query())?;
    let (all, now) = (webhooks.list(&caller.tenant).await?, webhooks.now());
    reply::ok(WebhookList::new(all.iter().map(|it| WebhookView::new(it, now))).to_json())
}

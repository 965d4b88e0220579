//! `GET /v1/webhooks/{webhookId}/deliveries`: what became of a webhook's deliveries, newest first.

use futures::future::BoxFuture;
use penstock_api::cursor::{Cursor, bad_cursor};
use penstock_api::query::Paging;
use penstock_api::webhooks::DeliveryList;
use penstock_platform::app::StartError;
use penstock_platform::function::{Endpoint, Environment, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{DynamoWebhooks, LiveWebhooks, shown, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("list-webhook-deliveries", |environment| Ok(Box::new(Listing::new(environment)?)));

struct Listing {
    webhooks: LiveWebhooks,
    store: DynamoWebhooks,
}

impl Listing {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { webhooks: webhooks(environment)?, store: DynamoWebhooks::of(environment)? })
    }

    /// 200 with a page of deliveries.
    async fn list(&self, request: Request) -> Reply {
        let (caller, id) = (request.caller()?, request.webhook_id()?);
        let query = Paging::parse(request.query())?;
        let list = format!("deliveries {id}");
        let position = query.cursor.as_deref().map(|cursor| Cursor::decode(cursor, &list, 1)).transpose()?;
        let after = position.map(|it| it[0].parse().map_err(|_| bad_cursor())).transpose()?;
        self.webhooks.get(&caller.tenant, id).await?;
        let page = self.store.deliveries(&caller.tenant, id, after, query.limit).await?;
        let next_cursor = page.next().map(|last| Cursor::encode(&list, &[&last.id.to_string()]));
        let deliveries = page.items.iter().map(shown).collect();
        reply::ok(DeliveryList { deliveries, next_cursor }.to_json())
    }
}

impl Endpoint for Listing {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.list(request))
    }
}

//! `POST /v1/webhooks/{webhookId}/test`: tries a webhook out.

use futures::future::BoxFuture;
use penstock_api::webhooks::{DeliverySent, TEST_TYPE, test_event};
use penstock_application::webhooks::Errand;
use penstock_domain::DeliveryId;
use penstock_platform::app::StartError;
use penstock_platform::function::{Endpoint, Environment, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{Errands, LiveWebhooks, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("test-webhook", |environment| Ok(Box::new(Testing::new(environment)?)));

struct Testing {
    webhooks: LiveWebhooks,
    errands: Errands,
}

impl Testing {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { webhooks: webhooks(environment)?, errands: Errands::new(environment)? })
    }

    /// 202 with the delivery that is on its way.
    async fn test(&self, request: Request) -> Reply {
        let (tenant, id) = (request.caller()?.tenant, request.webhook_id()?);
        self.webhooks.get(&tenant, id).await?;
        let asked = (request.id(), self.webhooks.now());
        let delivery = DeliveryId::derive(&tenant, id, asked.0, asked.1);
        let (event, body) = test_event(&tenant, id, delivery);
        let errand = Errand::by_hand(&tenant, id, (&event, TEST_TYPE), asked, body);
        self.errands.send(&request, &tenant, &errand).await?;
        reply::with_status(202, DeliverySent { delivery_id: errand.delivery }.to_json())
    }
}

impl Endpoint for Testing {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.test(request))
    }
}

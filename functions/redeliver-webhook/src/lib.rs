//! `POST /v1/webhooks/{webhookId}/deliveries/{deliveryId}/redelivery`: delivers an event once more.

use futures::future::BoxFuture;
use penstock_api::problem::Problem;
use penstock_api::webhooks::DeliverySent;
use penstock_application::webhooks::{Delivery, Errand};
use penstock_application::{Caller, OrderError};
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, LiveOrders};
use penstock_platform::failure::Failure;
use penstock_platform::function::{Endpoint, Environment, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;
use penstock_platform::webhooks::{Carried, Errands, LiveWebhooks, event_again, test_again, webhooks};

/// The function.
pub const FUNCTION: Function =
    Function::endpoint("redeliver-webhook", |environment| Ok(Box::new(Redelivery::new(environment)?)));

struct Redelivery {
    webhooks: LiveWebhooks,
    orders: LiveOrders,
    errands: Errands,
}

impl Redelivery {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            webhooks: webhooks(environment)?,
            orders: errands::orders(environment)?,
            errands: Errands::new(environment)?,
        })
    }

    /// 202 with the delivery that is on its way.
    async fn redeliver(&self, request: Request) -> Reply {
        let caller = request.caller()?;
        let (tenant, id) = (&caller.tenant, request.webhook_id()?);
        let before = self.webhooks.delivery(tenant, id, request.delivery_id()?).await?;
        let body = self.body(&caller, &before).await?;
        let event = (before.event_id.as_str(), before.event_type.as_str());
        let errand = Errand::by_hand(tenant, id, event, (request.id(), self.webhooks.now()), body);
        self.errands.send(&request, tenant, &errand).await?;
        reply::with_status(202, DeliverySent { delivery_id: errand.delivery }.to_json())
    }

    /// What was delivered: made of the ledger's event anew, for the deliveries hold no copy.
    async fn body(&self, caller: &Caller, before: &Delivery) -> Result<String, Failure> {
        let (order, sequence) = match Carried::by(&caller.tenant, before) {
            Some(Carried::Test(first)) => return Ok(test_again(&caller.tenant, before, first)),
            Some(Carried::Event(order, sequence)) => (order, sequence),
            None => return Err(Problem::event_not_found().into()),
        };
        let history = match self.orders.history(caller, order).await {
            Err(OrderError::NotFound(_)) => return Err(Problem::event_not_found().into()),
            history => history?,
        };
        Ok(event_again(history.commits(), sequence).ok_or_else(Problem::event_not_found)?)
    }
}

impl Endpoint for Redelivery {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.redeliver(request))
    }
}

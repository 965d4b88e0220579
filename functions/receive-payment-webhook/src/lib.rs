//! `POST /v1/webhooks/payments`: the payment provider says that something became of a payment.
//!
//! Anybody can call this; what is not signed by the provider within the last minutes is refused. What the order knows already is not
//! put into the queue: usually the provider's answer was faster than its webhook.

use futures::future::BoxFuture;
use jiff::Timestamp;
use penstock_api::envelope::{Cause, Step as Envelope};
use penstock_api::payments::Received;
use penstock_api::problem::Problem;
use penstock_application::ports::payments::{PaymentState, ProviderPayment};
use penstock_application::{OrderError, checkout::Step};
use penstock_domain::order::Order;
use penstock_outbound::stripe::webhook::{Event, Origin, Subject, WebhookError, verify};
use penstock_outbound::{PaymentsSecret, Secret, SecretsManager};
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, LiveOrders, platform};
use penstock_platform::failure::Failure;
use penstock_platform::function::{Endpoint, Environment, Function};
use penstock_platform::queue::{NewLetter, Queue};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

const NAME: &str = "receive-payment-webhook";

/// The function.
pub const FUNCTION: Function =
    Function::endpoint(NAME, |environment| Ok(Box::new(Receiver::new(environment)?)));

struct Receiver {
    orders: LiveOrders,
    secret: Secret<PaymentsSecret, SecretsManager>,
    queue: Queue,
}

impl Receiver {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            orders: errands::orders(environment)?,
            secret: penstock_outbound::payments_secret(environment)?,
            queue: Queue::new(environment, "PAYMENTS_QUEUE")?,
        })
    }

    async fn receive(&self, request: Request) -> Reply {
        let event = self.verified(&request).await?;
        if let (Subject::Payment(payment), Some(origin)) = (&event.subject, &event.origin)
            && settled(payment)
            && self.is_news(payment, origin).await?
        {
            self.pass_on(&event, payment, origin, &request).await?;
        }
        reply::ok(Received::to_json())
    }

    /// The event, if the provider signed it. A secret that was replaced a moment ago is read anew before it is called forged.
    async fn verified(&self, request: &Request) -> Result<Event, Failure> {
        let body = request.body()?;
        let header = request.header("stripe-signature").unwrap_or_default();
        let secret = self.secret.current().await.map_err(|error| Failure::unavailable(&error))?;
        let now = Timestamp::now();
        match verify(&secret.webhook_secrets, header, &body, now) {
            Err(WebhookError::Forged) => {
                let renewed =
                    self.secret.renewed(&secret).await.map_err(|error| Failure::unavailable(&error))?;
                let renewed = renewed.ok_or_else(|| refused(&WebhookError::Forged))?;
                verify(&renewed.webhook_secrets, header, &body, now).map_err(|error| refused(&error))
            }
            verified => verified.map_err(|error| refused(&error)),
        }
    }

    async fn is_news(&self, payment: &ProviderPayment, origin: &Origin) -> Result<bool, Failure> {
        let history = match self.orders.history(&platform(&origin.tenant, NAME), origin.order).await {
            Ok(history) => history,
            // Not an order of this deployment: another one may share the provider's account.
            Err(OrderError::NotFound(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        Ok(!knows(&history.now()?.order, payment))
    }

    async fn pass_on(
        &self,
        event: &Event,
        payment: &ProviderPayment,
        origin: &Origin,
        request: &Request,
    ) -> Result<(), Failure> {
        let cause = Cause {
            tenant: origin.tenant.clone(),
            time: event.created,
            correlation_id: request.correlation_id().to_owned(),
            traceparent: Some(request.traceparent().to_owned()),
        };
        let step = Step::Inquire { reference: payment.reference.to_string() };
        let letter = NewLetter::from(&Envelope::new(&cause, origin.order, step.name(), 0, &step));
        match self.queue.send_packed(&[letter]).await.into_values().next() {
            None => Ok(()),
            Some(why) => Err(Failure::not_sent(why)),
        }
    }
}

impl Endpoint for Receiver {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.receive(request))
    }
}

/// Whether anything came of the payment that an order has to be told.
fn settled(payment: &ProviderPayment) -> bool {
    !matches!(payment.state, PaymentState::Authorised | PaymentState::Processing)
}

fn knows(order: &Order, payment: &ProviderPayment) -> bool {
    match payment.state {
        PaymentState::Captured => order.payments.knows(payment.reference.as_str()),
        _ => order.payments.under_way().is_none(),
    }
}

fn refused(error: &WebhookError) -> Failure {
    Problem::forbidden(&format!("a webhook signed by the payment provider: {error}")).into()
}

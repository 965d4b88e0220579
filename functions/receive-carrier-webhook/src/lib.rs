//! `POST /v1/webhooks/carrier`: the carrier says where a parcel is.
//!
//! Anybody can call this; what is not signed by the carrier within the last minutes is refused. The order is told at once: the carrier
//! tells again what was not answered with success.

use futures::future::BoxFuture;
use jiff::Timestamp;
use penstock_api::payments::Received;
use penstock_api::problem::Problem;
use penstock_application::OrderError;
use penstock_domain::order::{Command, Refusal, Status};
use penstock_domain::{OrderId, ShipmentId, TenantId};
use penstock_outbound::carrier::webhook::{Signed, TrackingEvent, WebhookError, verify};
use penstock_outbound::{CarrierSecret, Secret, SecretsManager};
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, LiveOrders, platform};
use penstock_platform::failure::Failure;
use penstock_platform::function::{Endpoint, Environment, Function};
use penstock_platform::reply::{self, Reply};
use penstock_platform::request::Request;

const NAME: &str = "receive-carrier-webhook";

/// The function.
pub const FUNCTION: Function =
    Function::endpoint(NAME, |environment| Ok(Box::new(Receiver::new(environment)?)));

struct Receiver {
    orders: LiveOrders,
    secret: Secret<CarrierSecret, SecretsManager>,
}

/// What our name for a parcel is made of.
struct Parcel {
    tenant: TenantId,
    order: OrderId,
    shipment: ShipmentId,
}

impl Receiver {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self {
            orders: errands::orders(environment)?,
            secret: penstock_outbound::carrier_secret(environment)?,
        })
    }

    async fn receive(&self, request: Request) -> Reply {
        let event = self.verified(&request).await?;
        if let Some(parcel) = Parcel::of(&event.reference) {
            self.tell(&request, &parcel, &event).await?;
        }
        reply::ok(Received::to_json())
    }

    /// The event, if the carrier signed it. A secret that was replaced a moment ago is read anew before it is called forged.
    async fn verified(&self, request: &Request) -> Result<TrackingEvent, Failure> {
        let body = request.body()?;
        let header = |name| request.header(name).unwrap_or_default();
        let signed = || Signed {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        let secret = self.secret.current().await.map_err(|error| Failure::unavailable(&error))?;
        let now = Timestamp::now();
        match verify(&[&secret.webhook_secret], signed(), &body, now) {
            Err(WebhookError::Forged) => {
                let renewed =
                    self.secret.renewed(&secret).await.map_err(|error| Failure::unavailable(&error))?;
                let renewed = renewed.ok_or_else(|| refused(&WebhookError::Forged))?;
                verify(&[&renewed.webhook_secret], signed(), &body, now).map_err(|error| refused(&error))
            }
            verified => verified.map_err(|error| refused(&error)),
        }
    }

    async fn tell(&self, request: &Request, parcel: &Parcel, event: &TrackingEvent) -> Result<(), Failure> {
        let caller = platform(&parcel.tenant, NAME);
        let history = match self.orders.history(&caller, parcel.order).await {
            // Not an order of this deployment: another one may share the carrier's account.
            Err(OrderError::NotFound(_)) => return Ok(()),
            history => history?,
        };
        let key = parcel.order.within(&parcel.tenant, &event.id).into();
        let of_event = request.on_behalf(key, "trackShipment");
        let command = Command::TrackShipment { id: parcel.shipment, status: event.status };
        match self.orders.step(&caller, &of_event, history, command).await {
            // It may be faster than the order's own note that the parcel was handed over: let it come again.
            Err(OrderError::Refused(refusal)) if early(&refusal) => {
                Err(Failure::not_sent(refusal.to_string()))
            }
            Err(OrderError::Refused(refusal)) => {
                tracing::warn!(%refusal, "the carrier tells of a parcel what its order does not allow");
                Ok(())
            }
            told => Ok(told.map(drop)?),
        }
    }
}

impl Endpoint for Receiver {
    fn handle(&self, request: Request) -> BoxFuture<'_, Reply> {
        Box::pin(self.receive(request))
    }
}

impl Parcel {
    fn of(reference: &str) -> Option<Self> {
        let mut parts = reference.split('/');
        let (tenant, order, shipment) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            tenant: tenant.parse().ok()?,
            order: order.parse().ok()?,
            shipment: shipment.parse().ok()?,
        })
    }
}

fn early(refusal: &Refusal) -> bool {
    match refusal {
        Refusal::NoShipment(_) => true,
        // A cancelled order learns in a moment that its parcel could not be called back.
        Refusal::NotAllowed { status, .. } => matches!(status, Status::Confirmed | Status::Cancelled),
        _ => false,
    }
}

fn refused(error: &WebhookError) -> Failure {
    Problem::forbidden(&format!("a webhook signed by the carrier: {error}")).into()
}

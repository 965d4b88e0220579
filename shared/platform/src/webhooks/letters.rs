//! Errands to webhooks as letters, and the events they carry.

use penstock_api::envelope::{Cause, Envelope, Step};
use penstock_api::history::HistoryEntry;
use penstock_api::webhooks::{TEST_TYPE, test_event};
use penstock_application::ledger::Commit;
use penstock_application::webhooks::{Delivery, Errand};
use penstock_domain::{DeliveryId, OrderId, TenantId};

use crate::app::StartError;
use crate::failure::Failure;
use crate::function::Environment;
use crate::queue::{NewLetter, Queue};
use crate::request::Request;

const STEP: &str = "deliver-webhook";

/// The letter of an errand. Its subject is the delivery.
pub fn letter(cause: &Cause, errand: &Errand) -> NewLetter {
    let subject = format!("{}/{}", errand.webhook, errand.delivery);
    NewLetter::from(&Step::new(cause, subject, STEP, errand.attempts, errand))
}

/// Where errands go that somebody asked for.
pub struct Errands(Queue);

impl Errands {
    /// The queue of the function's variables.
    ///
    /// # Errors
    /// When the variable is missing.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self(Queue::new(environment, "WEBHOOK_DELIVERIES_QUEUE")?))
    }

    /// Sends an errand that a request asks for.
    ///
    /// # Errors
    /// 503 when it was not sent.
    pub async fn send(&self, request: &Request, tenant: &TenantId, errand: &Errand) -> Result<(), Failure> {
        let cause = Cause {
            tenant: tenant.clone(),
            time: errand.began_at,
            correlation_id: request.correlation_id().to_owned(),
            traceparent: Some(request.traceparent().to_owned()),
        };
        match self.0.send_packed(&[letter(&cause, errand)]).await.into_values().next() {
            None => Ok(()),
            Some(why) => Err(Failure::not_sent(why)),
        }
    }
}

/// What a delivery carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Event number so of an order.
    Event(OrderId, u32),
    /// What tries a webhook out.
    Test(DeliveryId),
}

impl Carried {
    /// Of a delivery of `tenant`; nothing when its event's id is none of ours.
    pub fn by(tenant: &TenantId, delivery: &Delivery) -> Option<Self> {
        let (subject, rest) = delivery.event_id.strip_prefix(&format!("{tenant}/"))?.split_once('/')?;
        if delivery.event_type == TEST_TYPE {
            return Some(Self::Test(rest.parse().ok()?));
        }
        Some(Self::Event(subject.parse().ok()?, rest.parse().ok()?))
    }
}

/// What tried the delivery's webhook out, byte by byte.
pub fn test_again(tenant: &TenantId, delivery: &Delivery, first: DeliveryId) -> String {
    test_event(tenant, delivery.webhook, first).1
}

/// The envelope of event number `sequence` of an order, as it was sent when it was new.
pub fn event_again(commits: &[Commit], sequence: u32) -> Option<String> {
    let mut numbered =
        (1..).zip(commits.iter().flat_map(|it| it.events.iter().map(move |event| (it, event))));
    let (_, (commit, event)) = numbered.find(|(number, _)| *number == sequence)?;
    let entry = HistoryEntry::new(sequence, commit.number, &commit.actor, event);
    let trace = commit.traceparent.as_deref();
    Some(Envelope::new(&commit.tenant, commit.order, &entry, &commit.correlation_id, trace).to_json())
}

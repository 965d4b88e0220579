//! From an event to every webhook that listens to it.

use penstock_api::envelope::Cause;
use penstock_application::webhooks::{Errand, WebhookStore as _};
use penstock_platform::app::StartError;
use penstock_platform::function::Environment;
use penstock_platform::queue::consumer::{NotDone, Taken};
use penstock_platform::queue::{Letter, NewLetter, Queue};
use penstock_platform::webhooks::{DynamoWebhooks, letter as errand_letter};

/// Sends events on to the queue of deliveries.
pub(crate) struct FanOut {
    webhooks: DynamoWebhooks,
    deliveries: Queue,
}

impl FanOut {
    pub(crate) fn new(environment: &Environment) -> Result<Self, StartError> {
        let webhooks = DynamoWebhooks::of(environment)?;
        Ok(Self { webhooks, deliveries: Queue::new(environment, "WEBHOOK_DELIVERIES_QUEUE")? })
    }

    /// Sends each event to all that listen to it, in as few messages as they fit into. An event that is sent twice is one delivery.
    pub(crate) async fn send(&self, letters: &[Letter]) -> Vec<Taken> {
        let mut taken = Vec::with_capacity(letters.len());
        let (mut errands, mut places) = (Vec::new(), Vec::new());
        for (place, letter) in letters.iter().enumerate() {
            match self.errands(letter).await {
                Ok(of_letter) => {
                    places.extend(std::iter::repeat_n(place, of_letter.len()));
                    errands.extend(of_letter);
                    taken.push(Ok(()));
                }
                Err(why) => taken.push(Err(why)),
            }
        }
        for (at, why) in self.deliveries.send_packed(&errands).await {
            taken[places[at]] = Err(NotDone::Unavailable(format!("a webhook was not told: {why}")));
        }
        taken
    }

    async fn errands(&self, letter: &Letter) -> Result<Vec<NewLetter>, NotDone> {
        let webhooks = self.webhooks.remembered(&letter.tenant).await?;
        let listening = webhooks.iter().filter(|it| it.listens_to(&letter.kind));
        let cause = Cause {
            tenant: letter.tenant.clone(),
            time: letter.time,
            correlation_id: letter.correlation.clone(),
            traceparent: letter.traceparent.clone(),
        };
        let errand = |webhook| {
            let event = (letter.id.as_str(), letter.kind.as_str());
            let errand =
                Errand::of_event(&letter.tenant, webhook, event, letter.time, letter.json().to_owned());
            errand_letter(&cause, &errand)
        };
        Ok(listening.map(errand).collect())
    }
}

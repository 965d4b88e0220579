//! Steps of the checkout on their way to the desks that do them.

use std::collections::BTreeMap;

use futures::future::join_all;
use jiff::Timestamp;
use penstock_api::envelope::{Cause, Step as Envelope};
use penstock_application::checkout::{Desk, Step};

use crate::app::StartError;
use crate::function::Environment;
use crate::queue::consumer::{NotDone, Taken};
use crate::queue::{DELAY_MAX, Letter, NewLetter, Queue};

/// The queue of each desk.
pub struct Desks {
    queues: BTreeMap<Desk, Queue>,
}

const QUEUES: [(Desk, &str); 4] = [
    (Desk::Checkout, "CHECKOUT_QUEUE"),
    (Desk::Stock, "STOCK_QUEUE"),
    (Desk::Payments, "PAYMENTS_QUEUE"),
    (Desk::Shipping, "SHIPPING_QUEUE"),
];

impl Desks {
    /// The queues of the function's variables.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn new(environment: &Environment) -> Result<Self, StartError> {
        let queues = QUEUES.map(|(desk, variable)| Ok((desk, Queue::new(environment, variable)?)));
        Ok(Self { queues: queues.into_iter().collect::<Result<_, StartError>>()? })
    }

    /// Sends the steps that each letter led to, as few messages as they fit into. What could not be sent leaves its letter undone.
    pub async fn send(&self, steps: &[(&Letter, Vec<Step>)], taken: &mut [Taken]) {
        let now = Timestamp::now();
        let of_desk = self.queues.iter().map(|(desk, queue)| async move {
            let (places, letters): (Vec<usize>, Vec<NewLetter>) = to_desk(*desk, steps, now).unzip();
            let failed = queue.send_packed(&letters).await;
            failed.into_iter().map(|(at, why)| (places[at], why)).collect::<Vec<_>>()
        });
        for (place, why) in join_all(of_desk).await.into_iter().flatten() {
            taken[place] = Err(NotDone::Unavailable(format!("a step was not sent: {why}")));
        }
    }
}

/// What goes to a desk, with the places of the letters that led to it.
fn to_desk(
    desk: Desk,
    steps: &[(&Letter, Vec<Step>)],
    now: Timestamp,
) -> impl Iterator<Item = (usize, NewLetter)> {
    steps.iter().enumerate().flat_map(move |(place, (letter, steps))| {
        let of_desk = steps.iter().filter(move |step| step.desk() == desk);
        of_desk.map(move |step| (place, sent(letter, step, now)))
    })
}

fn sent(cause: &Letter, step: &Step, now: Timestamp) -> NewLetter {
    // The event's own number tells two steps of one name apart, and is the same however often the event comes.
    let number = cause.sequence.unwrap_or_default();
    let of = Cause {
        tenant: cause.tenant.clone(),
        time: cause.time,
        correlation_id: cause.correlation.clone(),
        traceparent: cause.traceparent.clone(),
    };
    let letter = NewLetter::from(&Envelope::new(&of, &cause.subject, step.name(), number, step));
    match step {
        Step::Expire { at } => letter.after(until(*at, now)),
        _ => letter,
    }
}

/// How long until then, as far as one delay reaches.
pub fn until(at: Timestamp, now: Timestamp) -> std::time::Duration {
    let left = std::time::Duration::try_from(at.duration_since(now)).unwrap_or_default();
    left.min(DELAY_MAX)
}

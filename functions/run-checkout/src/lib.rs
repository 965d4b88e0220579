//! A queue of orders' events: the process manager, which sends the steps they lead to, and calls off what waited too long.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use penstock_application::Clock;
use penstock_application::checkout::{Step, next};
use penstock_domain::order::{Command, Event};
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, LiveOrders, errand, taken};
use penstock_platform::function::{Environment, Function};
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Queues, Runner, Taken};
use penstock_platform::steps::{Desks, until};
use tracing::Instrument;

const NAME: &str = "run-checkout";
const QUEUES: Queues =
    Queues { function: NAME, queue: "CHECKOUT_QUEUE", dead_letters: "CHECKOUT_DEAD_LETTERS" };

/// The function.
pub const FUNCTION: Function =
    Function::sink(NAME, |environment| Runner::start(environment, &QUEUES, Checkout::new(environment)?));

struct Checkout {
    orders: LiveOrders,
    desks: Desks,
    clock: Clock,
}

/// What a letter is.
enum Errand {
    Event(Event),
    Expiry(Timestamp),
}

impl Checkout {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        let (orders, desks) = (errands::orders(environment)?, Desks::new(environment)?);
        Ok(Self { orders, desks, clock: Arc::clone(&environment.clock) })
    }

    /// Calls the order off, if it still waits.
    async fn expire(&self, letter: &Letter, at: Timestamp) -> Taken {
        let now = (self.clock)();
        if now < at {
            return Err(NotDone::Later(until(at, now)));
        }
        let errand = errand(letter, NAME)?;
        let history = self.orders.history(&errand.caller, errand.order).await?;
        let told = self.orders.step(&errand.caller, &errand.request, history, Command::Expire).await;
        taken(letter, told.map(drop).map_err(Into::into), now)
    }
}

impl Consumer for Checkout {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(async move {
            let mut done = Vec::with_capacity(letters.len());
            let mut steps = Vec::with_capacity(letters.len());
            for letter in &letters {
                let (taken, led_to) = match read(letter) {
                    Ok(Errand::Event(event)) => (Ok(()), next(&event)),
                    Ok(Errand::Expiry(at)) => {
                        (self.expire(letter, at).instrument(letter.span()).await, vec![])
                    }
                    Err(poison) => (Err(poison), vec![]),
                };
                done.push(taken);
                steps.push((letter, led_to));
            }
            self.desks.send(&steps, &mut done).await;
            done
        })
    }
}

fn read(letter: &Letter) -> Result<Errand, NotDone> {
    if !letter.kind.starts_with("penstock.step.") {
        return Ok(Errand::Event(letter.data()?));
    }
    match letter.data()? {
        Step::Expire { at } => Ok(Errand::Expiry(at)),
        step => Err(NotDone::Poison(format!("the step {} is another desk's", step.name()))),
    }
}

//! A queue of steps: has money set aside and taken, gives it back, and asks after payments that the provider spoke of.

use std::sync::Arc;

use futures::future::BoxFuture;
use penstock_application::Clock;
use penstock_application::checkout::Step;
use penstock_outbound::Payments;
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, PaymentDesk, errand, taken};
use penstock_platform::function::{Environment, Function};
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, NotDone, Queues, Runner, Taken, each};

const NAME: &str = "handle-payments";
const QUEUES: Queues =
    Queues { function: NAME, queue: "PAYMENTS_QUEUE", dead_letters: "PAYMENTS_DEAD_LETTERS" };
/// How many orders are worked on at once: each mostly waits for the provider.
const AT_ONCE: usize = 10;

/// The function.
pub const FUNCTION: Function =
    Function::sink(NAME, |environment| Runner::start(environment, &QUEUES, Till::new(environment)?));

struct Till {
    desk: PaymentDesk<Payments>,
    clock: Clock,
}

impl Till {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        let (orders, provider) = (errands::orders(environment)?, penstock_outbound::payments(environment)?);
        let clock = || Arc::clone(&environment.clock);
        Ok(Self { desk: PaymentDesk::new(orders, provider, clock()), clock: clock() })
    }

    async fn take_one(&self, letter: Letter) -> Taken {
        let errand = errand(&letter, NAME)?;
        let done = match letter.data()? {
            Step::Pay { attempt } => self.desk.pay(&errand, attempt).await,
            Step::Refund { refund } => self.desk.refund(&errand, refund).await,
            Step::Inquire { reference } => self.desk.inquire(&errand, &reference).await,
            step => return Err(NotDone::Poison(format!("the step {} is another desk's", step.name()))),
        };
        taken(&letter, done, (self.clock)())
    }
}

impl Consumer for Till {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(each(letters, AT_ONCE, |letter| self.take_one(letter)))
    }
}

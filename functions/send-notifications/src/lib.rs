//! A queue of events: tells tenants' webhooks by way of their own queue, and customers by e-mail.
//!
//! For a tenant without webhooks an event costs no call, unless a letter may be written for it: then its order is read.

mod fan_out;
mod letters;

use futures::future::BoxFuture;
use penstock_platform::app::StartError;
use penstock_platform::function::{Environment, Function};
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{Consumer, Queues, Runner, Taken, each};

use fan_out::FanOut;
use letters::Letters;

const NAME: &str = "send-notifications";
const QUEUES: Queues =
    Queues { function: NAME, queue: "NOTIFICATIONS_QUEUE", dead_letters: "NOTIFICATIONS_DEAD_LETTERS" };
/// How many letters are written at once: each mostly waits for the mail server.
const AT_ONCE: usize = 8;

/// The function.
pub const FUNCTION: Function =
    Function::sink(NAME, |environment| Runner::start(environment, &QUEUES, Herald::new(environment)?));

struct Herald {
    webhooks: FanOut,
    letters: Letters,
}

impl Herald {
    fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { webhooks: FanOut::new(environment)?, letters: Letters::new(environment)? })
    }

    /// Webhooks first: sending to them again does nothing twice, and a letter that was written is not to be written again for them.
    async fn tell(&self, letters: Vec<Letter>) -> Vec<Taken> {
        let mut taken = self.webhooks.send(&letters).await;
        let told = letters.into_iter().zip(&taken).filter(|(_, taken)| taken.is_ok());
        let told: Vec<Letter> = told.map(|(letter, _)| letter).collect();
        let mut written = each(told, AT_ONCE, |letter| self.letters.write(letter)).await.into_iter();
        for taken in taken.iter_mut().filter(|it| it.is_ok()) {
            *taken = written.next().unwrap_or(Ok(()));
        }
        taken
    }
}

impl Consumer for Herald {
    fn take<'a>(&'a self, letters: Vec<Letter>) -> BoxFuture<'a, Vec<Taken>> {
        Box::pin(self.tell(letters))
    }
}

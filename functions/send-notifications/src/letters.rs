//! From an event to a letter for the customer.

use penstock_application::notifications;
use penstock_application::ports::mail::{MailError, Mailer as _};
use penstock_notify::SmtpMailer;
use penstock_platform::app::StartError;
use penstock_platform::errands::{self, LiveOrders, platform};
use penstock_platform::failure::chain;
use penstock_platform::function::Environment;
use penstock_platform::queue::Letter;
use penstock_platform::queue::consumer::{NotDone, Taken};

use crate::NAME;

/// Writes letters.
pub(crate) struct Letters {
    orders: LiveOrders,
    mailer: SmtpMailer,
}

impl Letters {
    pub(crate) fn new(environment: &Environment) -> Result<Self, StartError> {
        Ok(Self { orders: errands::orders(environment)?, mailer: penstock_notify::mailer(environment)? })
    }

    /// Writes the letter for an event, if there is one.
    pub(crate) async fn write(&self, letter: Letter) -> Taken {
        if !notifications::may_be_written_for(&letter.kind) {
            return Ok(());
        }
        let (order, sequence) = (letter.order()?, letter.sequence.unwrap_or_default());
        let history = self.orders.history(&platform(&letter.tenant, NAME), order).await?;
        let Some(mail) = notifications::letter(&letter.tenant, &history, sequence)? else { return Ok(()) };
        match self.mailer.send(&mail).await {
            Ok(()) => Ok(()),
            Err(error @ MailError::Refused(_)) => {
                // Nobody can mend that here, and it says nothing about other letters.
                metrics::counter!("LettersRefused").increment(1);
                tracing::warn!(error = chain(&error), "a letter has no recipient");
                Ok(())
            }
            Err(error @ MailError::Retry(_)) => Err(NotDone::Unavailable(chain(&error))),
            Err(error @ MailError::Never(_)) => Err(NotDone::Failed(chain(&error))),
        }
    }
}

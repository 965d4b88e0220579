//! The ledger's stream: sends every event, in an envelope, to the queues of those who subscribe to it.

use penstock_platform::function::Function;
use penstock_platform::relay::Relay;

/// The function.
pub const FUNCTION: Function =
    Function::sink("relay-events", |environment| Ok(Box::new(Relay::new(environment)?)));

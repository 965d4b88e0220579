//! A schedule: archives orders that ended long enough ago.
//!
//! A delivered order is archived when its 30 days for returns are over, a refunded or cancelled one after a day. The reply says how
//! many were, and whether more are left to the next time; an operator may invoke it with `{"id": …, "time": …}` at once.

mod run;

use jiff::Timestamp;
use penstock_platform::app::App;
use penstock_platform::failure::chain;
use penstock_platform::function::{Function, InvocationError};
use serde::Deserialize;
use serde_json::Value;

use run::Run;

/// The function.
pub const FUNCTION: Function = Function::event("archive-orders", |app, event| Box::pin(handle(app, event)));

/// What EventBridge says of a schedule's event, as far as it matters here.
#[derive(Deserialize)]
struct Scheduled {
    id: String,
    time: Timestamp,
}

/// Archives what was to be archived before the event's time.
///
/// # Errors
/// When the event is malformed, the read model cannot be read, or an order could not be archived; what was done stays done.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvocationError> {
    let Scheduled { id, time } = serde_json::from_value(event)?;
    let done = Run { app, id: &id, time }.all().await.map_err(|error| not_archived(chain(&error)))?;
    match done.failed {
        0 => Ok(serde_json::to_value(done)?),
        failed => Err(not_archived(format!("orders that failed: {failed}; the log says why"))),
    }
}

fn not_archived(message: String) -> InvocationError {
    InvocationError { kind: "NotArchived", message }
}

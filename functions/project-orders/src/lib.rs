//! The ledger's stream: keeps the read model of orders up to date.

use aws_lambda_events::event::dynamodb::Event;
use penstock_platform::app::App;
use penstock_platform::function::{Function, InvocationError};
use serde_json::Value;

/// The function.
pub const FUNCTION: Function = Function::event("project-orders", |app, event| Box::pin(handle(app, event)));

/// Projects a batch; answers the first record that failed, from which Lambda delivers again.
///
/// # Errors
/// When the event is not one of a DynamoDB stream.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvocationError> {
    let batch: Event = serde_json::from_value(event)?;
    Ok(serde_json::to_value(app.project(&batch).await)?)
}

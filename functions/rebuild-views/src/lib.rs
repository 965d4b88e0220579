//! Invoked by an operator: projects every order anew from the ledger.
//!
//! `{}` begins. The reply is `{"orders": 20000, "next": {…}}`; invoking again with `{"next": {…}}` goes on, until the
//! reply has no `next`. Orders that cannot be projected are named in `failed`; why is in the log. Traffic may go on meanwhile: a view is never replaced by an older one.

use penstock_platform::app::App;
use penstock_platform::function::{Function, InvocationError};
use penstock_platform::projection::LedgerKey;
use serde::Deserialize;
use serde_json::{Value, json};

/// The function.
pub const FUNCTION: Function = Function::event("rebuild-views", |app, event| Box::pin(handle(app, event)));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    next: Option<LedgerKey>,
}

/// Rebuilds some orders' views; says how many, and where to go on.
///
/// # Errors
/// When the input is malformed, or a table cannot be reached.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvocationError> {
    let input: Input = serde_json::from_value(event)?;
    let rebuilt = app.rebuild(input.next).await?;
    let mut output = json!({ "orders": rebuilt.orders });
    if !rebuilt.failed.is_empty() {
        output["failed"] = json!(rebuilt.failed);
    }
    if let Some(next) = rebuilt.next {
        output["next"] = json!(next);
    }
    Ok(output)
}

//! Views of many orders in one call: a statement each, with its own condition and its own answer.
//!
//! Written one by one they would cost the same units and a call each.

use aws_sdk_dynamodb::types::{
    BatchStatementError, BatchStatementErrorCodeEnum as Code, BatchStatementRequest, BatchStatementResponse,
};
use futures::StreamExt;
use futures::stream;
use penstock_application::{OrderRecord, Unavailable};
use penstock_domain::TenantId;

use super::change::ViewChange;
use super::{OrderViews, VIEWS, item};
use crate::store::{sdk, unavailable};

/// DynamoDB takes so many statements in one call.
///
/// Source: "BatchExecuteStatement", Amazon DynamoDB API Reference.
const STATEMENTS_MAX: usize = 25;
/// How many calls are made at once.
const CALLS_MAX: usize = 16;

/// What is to be written of one order.
pub enum ViewWrite<'a> {
    /// All of it, where there is no view yet.
    New(&'a TenantId, Box<OrderRecord>),
    /// What some commits change.
    Change(ViewChange<'a>),
}

impl OrderViews {
    /// Writes views, each of another order. One `BatchExecuteStatement` for 25.
    ///
    /// Answers of each whether the view is then as new as what was to be written. When there is one already, or none to be
    /// changed, or an older one than the change begins with, nothing is done: somebody must write it whole.
    pub async fn write(&self, writes: &[ViewWrite<'_>]) -> Vec<Result<bool, Unavailable>> {
        let calls: Vec<_> = writes.chunks(STATEMENTS_MAX).map(|some| self.write_some(some)).collect();
        stream::iter(calls).buffered(CALLS_MAX).collect::<Vec<_>>().await.into_iter().flatten().collect()
    }

    async fn write_some(&self, writes: &[ViewWrite<'_>]) -> Vec<Result<bool, Unavailable>> {
        match self.execute(writes).await {
            Ok(answers) => {
                writes.iter().zip(answers).map(|(write, answer)| outcome(write, answer.error)).collect()
            }
            Err(error) => {
                let why = crate::failure::chain(&error);
                writes.iter().map(|_| Err(unavailable(VIEWS)(why.clone().into()))).collect()
            }
        }
    }

    async fn execute(&self, writes: &[ViewWrite<'_>]) -> Result<Vec<BatchStatementResponse>, Unavailable> {
        let statements: Vec<_> =
            writes.iter().map(|write| write.statement(&self.table)).collect::<Result<_, _>>()?;
        let wanted = statements.len();
        let executed = self.client.batch_execute_statement().set_statements(Some(statements)).send().await;
        let answers = executed.map_err(sdk(VIEWS))?.responses.unwrap_or_default();
        if answers.len() == wanted {
            return Ok(answers);
        }
        Err(unavailable(VIEWS)(format!("{} of {wanted} statements were answered", answers.len()).into()))
    }
}

impl ViewWrite<'_> {
    fn statement(&self, table: &str) -> Result<BatchStatementRequest, Unavailable> {
        match self {
            Self::New(tenant, record) => insert(table, tenant, record),
            Self::Change(change) => change.statement(table),
        }
    }
}

fn insert(
    table: &str,
    tenant: &TenantId,
    record: &OrderRecord,
) -> Result<BatchStatementRequest, Unavailable> {
    let (names, values): (Vec<_>, Vec<_>) = item::whole(tenant, record)?.into_iter().unzip();
    let named: Vec<_> = names.iter().map(|name| format!("'{name}':?")).collect();
    let statement = format!(r#"INSERT INTO "{table}" VALUE {{{}}}"#, named.join(","));
    let statement = BatchStatementRequest::builder().statement(statement).set_parameters(Some(values));
    statement.build().map_err(|error| unavailable(VIEWS)(error.into()))
}

fn outcome(write: &ViewWrite<'_>, error: Option<BatchStatementError>) -> Result<bool, Unavailable> {
    let Some(error) = error else { return Ok(true) };
    match (write, error.code) {
        (ViewWrite::New(..), Some(Code::DuplicateItem)) => Ok(false),
        (ViewWrite::Change(change), Some(Code::ConditionalCheckFailed)) => {
            Ok(error.item.is_some_and(|there| change.is_in(&there)))
        }
        (_, code) => {
            let code = code.as_ref().map_or("no code", Code::as_str);
            let why = format!("{code}: {}", error.message.unwrap_or_default());
            Err(unavailable(VIEWS)(why.into()))
        }
    }
}

//! The operations by name: a JSON body in, a JSON body out, and what it consumed.
//!
//! Only what the suite and its tools call. Consumed capacity is always asked of the engine, so that it can be counted,
//! and handed on only to callers that asked too.

use dynoxide::DynoxideError;
use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::actions::{
    batch_execute_statement, batch_get_item, batch_write_item, create_table, delete_item, delete_table,
    describe_table, describe_time_to_live, get_item, list_tables, put_item, query, scan, transact_get_items,
    transact_write_items, update_item, update_table, update_time_to_live,
};
use dynoxide::storage::Storage;
use dynoxide::types::{ConsumedCapacity, item_size, table_write_capacity_units};
use futures::FutureExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Statement;

use super::description;

/// What a successful operation did.
pub(super) struct Done {
    pub(super) body: Vec<u8>,
    pub(super) tables: Vec<String>,
    pub(super) read_units: f64,
    pub(super) write_units: f64,
}

/// What a refused operation was about, and what it consumed all the same.
pub(super) struct Refused {
    pub(super) tables: Vec<String>,
    pub(super) write_units: f64,
    pub(super) error: DynoxideError,
}

impl Refused {
    pub(super) fn new(tables: Vec<String>, error: DynoxideError) -> Self {
        Self { tables, write_units: 0.0, error }
    }
}

pub(super) type Outcome = Result<Done, Refused>;

#[derive(Clone, Copy)]
enum Units {
    Read,
    Write,
}

/// Runs one operation on one table, or one batch: the requests differ in type but not in shape.
macro_rules! metered {
    ($storage:expr, $body:expr, $operation:ident :: $request:ident, $units:expr) => {{
        let mut request: $operation::$request = read($body)?;
        let tables = request.tables();
        let new_bytes = request.new_item_bytes();
        let asked = wants_capacity(request.return_consumed_capacity.as_deref());
        if !asked {
            request.return_consumed_capacity = Some("TOTAL".to_owned());
        }
        match now($operation::execute($storage, request)) {
            Ok(mut response) => {
                let units = response.consumed_capacity.as_ref().map_or(0.0, Capacity::units);
                if !asked {
                    response.consumed_capacity = None;
                }
                done(&response, tables, $units, units)
            }
            Err(error) => Err(Refused { tables, write_units: units_of_refusal(&error, new_bytes), error }),
        }
    }};
}

/// Runs an operation that consumes nothing.
macro_rules! unmetered {
    ($body:expr, $run:expr) => {{
        let request = read($body)?;
        match now($run(request)) {
            Ok(response) => done(&response, vec![], Units::Read, 0.0),
            Err(error) => Err(Refused::new(vec![], error)),
        }
    }};
}

/// Time to live that is on is not turned on, nor off when it is off, as AWS has it.
fn refuse_unchanged_expiry(storage: &Storage, body: &[u8]) -> Result<(), Refused> {
    let wanted: Value = read(body)?;
    let table = json!({"TableName": wanted["TableName"]}).to_string();
    let described = now(describe_time_to_live::execute(storage, read(table.as_bytes())?));
    let Some(described) = described.ok().and_then(|it| serde_json::to_value(it).ok()) else { return Ok(()) };
    let is_on = described["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED";
    if wanted["TimeToLiveSpecification"]["Enabled"].as_bool() != Some(is_on) {
        return Ok(());
    }
    let state = if is_on { "enabled" } else { "disabled" };
    let why = format!("TimeToLive is already {state}");
    Err(Refused::new(vec![], DynoxideError::ValidationException(why)))
}

pub(super) fn run(storage: &Storage, operation: &str, body: &[u8]) -> Outcome {
    let lifecycle = VectorIndexLifecycle::new();
    match operation {
        "PutItem" => metered!(storage, body, put_item::PutItemRequest, Units::Write),
        "UpdateItem" => metered!(storage, body, update_item::UpdateItemRequest, Units::Write),
        "DeleteItem" => metered!(storage, body, delete_item::DeleteItemRequest, Units::Write),
        "BatchWriteItem" => metered!(storage, body, batch_write_item::BatchWriteItemRequest, Units::Write),
        // Of statements the suite has only those that write.
        "BatchExecuteStatement" => {
            metered!(storage, body, batch_execute_statement::BatchExecuteStatementRequest, Units::Write)
        }
        "TransactWriteItems" => {
            metered!(storage, body, transact_write_items::TransactWriteItemsRequest, Units::Write)
        }
        "GetItem" => metered!(storage, body, get_item::GetItemRequest, Units::Read),
        "Query" => metered!(storage, body, query::QueryRequest, Units::Read),
        "Scan" => metered!(storage, body, scan::ScanRequest, Units::Read),
        "BatchGetItem" => metered!(storage, body, batch_get_item::BatchGetItemRequest, Units::Read),
        "TransactGetItems" => {
            metered!(storage, body, transact_get_items::TransactGetItemsRequest, Units::Read)
        }
        "CreateTable" => unmetered!(body, |it| create_table::execute(storage, it)),
        "ListTables" => unmetered!(body, |it| list_tables::execute(storage, it)),
        "DescribeTable" => description::describe(storage, body),
        "UpdateTable" => unmetered!(body, |it| update_table::execute(storage, it, &lifecycle)),
        "DeleteTable" => unmetered!(body, |it| delete_table::execute(storage, it, &lifecycle)),
        "UpdateTimeToLive" => {
            refuse_unchanged_expiry(storage, body)?;
            unmetered!(body, |it| update_time_to_live::execute(storage, it))
        }
        "DescribeTimeToLive" => unmetered!(body, |it| describe_time_to_live::execute(storage, it)),
        other => Err(Refused::new(
            vec![],
            DynoxideError::ValidationException(format!(
                "the laptop's DynamoDB does not know the operation {other:?}"
            )),
        )),
    }
}

/// dynoxide's own `DescribeTable`, which counts all items of the store.
pub(super) fn describe_counting(storage: &Storage, body: &[u8]) -> Outcome {
    let lifecycle = VectorIndexLifecycle::new();
    unmetered!(body, |it| describe_table::execute(storage, it, &lifecycle))
}

/// The native engine's futures never wait: they are done when polled once.
fn now<T>(operation: impl Future<Output = dynoxide::Result<T>>) -> dynoxide::Result<T> {
    let done = operation.now_or_never();
    done.unwrap_or_else(|| {
        Err(DynoxideError::InternalServerError("the engine did not finish at once".to_owned()))
    })
}

fn done(response: &impl Serialize, tables: Vec<String>, kind: Units, units: f64) -> Outcome {
    let body = match serde_json::to_vec(response) {
        Ok(body) => body,
        Err(error) => {
            return Err(Refused::new(tables, DynoxideError::InternalServerError(error.to_string())));
        }
    };
    let (read_units, write_units) = match kind {
        Units::Read => (units, 0.0),
        Units::Write => (0.0, units),
    };
    Ok(Done { body, tables, read_units, write_units })
}

fn wants_capacity(asked: Option<&str>) -> bool {
    asked.is_some_and(|it| it != "NONE")
}

/// dynoxide's requests mark what kind of error a malformed body is at the beginning of the message.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or(&message);
        let plain = message.trim_start_matches("VALIDATION_REQUEST:").trim_start_matches("VALIDATION:");
        let error = match message.strip_prefix("SERIALIZATION:") {
            Some(rest) => DynoxideError::SerializationException(rest.to_owned()),
            None => DynoxideError::ValidationException(plain.to_owned()),
        };
        Refused::new(vec![], error)
    })
}

/// One table's units, or the sum over those of a batch.
trait Capacity {
    fn units(&self) -> f64;
}

impl Capacity for ConsumedCapacity {
    fn units(&self) -> f64 {
        self.capacity_units
    }
}

impl Capacity for Vec<ConsumedCapacity> {
    fn units(&self) -> f64 {
        self.iter().map(|it| it.capacity_units).sum()
    }
}

/// A conditional write that was refused is charged for the larger of the item that is there and the one that was to
/// be, though the error does not say so. The one that is there is known when the caller asked for it.
///
/// Source: "Condition expressions" and "Write operation capacity unit consumption", Amazon DynamoDB Developer Guide.
fn units_of_refusal(error: &DynoxideError, new_bytes: Option<usize>) -> f64 {
    match error {
        DynoxideError::ConditionalCheckFailedException(_, old) => {
            table_write_capacity_units(old.as_ref().map(item_size), new_bytes)
        }
        _ => 0.0,
    }
}

/// The tables a request names, and how large the item is that it puts.
trait Tables {
    fn tables(&self) -> Vec<String>;

    fn new_item_bytes(&self) -> Option<usize> {
        None
    }
}

impl Tables for put_item::PutItemRequest {
    fn tables(&self) -> Vec<String> {
        vec![self.table_name.clone()]
    }

    fn new_item_bytes(&self) -> Option<usize> {
        Some(item_size(&self.item))
    }
}

macro_rules! one_table {
    ($($request:ty),*) => { $(impl Tables for $request {
        fn tables(&self) -> Vec<String> {
            vec![self.table_name.clone()]
        }
    })* };
}
one_table!(
    update_item::UpdateItemRequest,
    delete_item::DeleteItemRequest,
    get_item::GetItemRequest,
    query::QueryRequest,
    scan::ScanRequest
);

impl Tables for batch_get_item::BatchGetItemRequest {
    fn tables(&self) -> Vec<String> {
        self.request_items.keys().cloned().collect()
    }
}

impl Tables for batch_write_item::BatchWriteItemRequest {
    fn tables(&self) -> Vec<String> {
        self.request_items.keys().cloned().collect()
    }
}

impl Tables for batch_execute_statement::BatchExecuteStatementRequest {
    fn tables(&self) -> Vec<String> {
        let tables = self.statements.iter().filter_map(|it| Statement::of(&it.statement));
        distinct(tables.map(|it| it.table.to_owned()))
    }
}

impl Tables for transact_get_items::TransactGetItemsRequest {
    fn tables(&self) -> Vec<String> {
        distinct(self.transact_items.iter().map(|it| it.get.table_name.clone()))
    }
}

impl Tables for transact_write_items::TransactWriteItemsRequest {
    fn tables(&self) -> Vec<String> {
        let names = self.transact_items.iter().flat_map(|it| {
            let put = it.put.as_ref().map(|it| &it.table_name);
            let update = it.update.as_ref().map(|it| &it.table_name);
            let delete = it.delete.as_ref().map(|it| &it.table_name);
            let check = it.condition_check.as_ref().map(|it| &it.table_name);
            [put, update, delete, check].into_iter().flatten().cloned()
        });
        distinct(names)
    }
}

fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

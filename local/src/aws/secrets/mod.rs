//! Embedded Secrets Manager: values, their versions and stages on one SQLite file, and rotation by a function.
//!
//! What was answered survives `kill -9`, but not the machine losing power. Nothing is encrypted: the file is as safe as
//! the folder it is in. Not here: replication, resource policies, tags, filters, rotation by the calendar.

mod error;
mod lives;
pub mod password;
mod planted;
mod rotation;
mod store;
mod values;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use rusqlite::Connection;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::service::{Service, ServiceReply, ServiceRequest};
use super::sqlite::keep_planned;
use crate::template::{self, ACCOUNT, REGION};
pub use error::SecretsError;
use rotation::Rotations;

/// Where the time comes from; tests move it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// An embedded Secrets Manager.
#[derive(Clone)]
pub struct Secrets {
    inner: Arc<Inner>,
}

struct Inner {
    db: Mutex<Connection>,
    clock: Clock,
    rotations: Rotations,
}

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
const SUFFIX_LENGTH: usize = 6;

impl Secrets {
    /// Secrets in memory, gone with the last clone.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn memory(clock: Clock) -> Result<Self, SecretsError> {
        Self::on(Connection::open_in_memory()?, clock)
    }

    /// Secrets in a file, created if missing.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn open(file: &Path, clock: Clock) -> Result<Self, SecretsError> {
        Self::on(Connection::open(file)?, clock)
    }

    fn on(db: Connection, clock: Clock) -> Result<Self, SecretsError> {
        keep_planned(&db)?;
        db.execute_batch(store::SCHEMA)?;
        let rotations = Rotations::default();
        Ok(Self { inner: Arc::new(Inner { db: Mutex::new(db), clock, rotations }) })
    }

    /// Creates the template's secrets that are missing; those that are there keep their values.
    ///
    /// # Errors
    /// When SQLite refuses, or no value can be made.
    pub fn create_secrets(&self, secrets: &[template::Secret]) -> Result<(), SecretsError> {
        let (mut db, now_ms) = (self.db(), self.now_ms());
        let change = db.transaction()?;
        for secret in secrets {
            if store::find(&change, &secret.name, now_ms)?.is_some() {
                continue;
            }
            let (name, description) = (secret.name.clone(), secret.description.clone());
            store::insert(&change, &values::new_secret(secret.arn.clone(), name, description, now_ms))?;
            if let Some(text) = secret.initial_value()? {
                let (id, value) =
                    (uuid::Uuid::new_v4().to_string(), store::Value { text: Some(text), bytes: None });
                store::put_version(&change, &secret.arn, &id, &value, now_ms)?;
                store::stage(&change, &secret.arn, store::CURRENT, &id)?;
            }
        }
        Ok(change.commit()?)
    }

    fn operate(&self, operation: &str, body: Value) -> Result<Value, SecretsError> {
        let (mut db, now_ms) = (self.db(), self.now_ms());
        let change = db.transaction()?;
        let answer = match operation {
            "CreateSecret" => values::create(&change, read(body)?, now_ms),
            "PutSecretValue" => values::put(&change, read(body)?, now_ms),
            "UpdateSecret" => values::update(&change, read(body)?, now_ms),
            "GetSecretValue" => values::get(&change, &read(body)?, now_ms),
            "UpdateSecretVersionStage" => values::move_stage(&change, &read(body)?, now_ms),
            "DescribeSecret" => lives::describe(&change, &read(body)?, now_ms),
            "ListSecrets" => lives::list(&change, &read(body)?, now_ms),
            "DeleteSecret" => lives::delete(&change, &read(body)?, now_ms),
            "RestoreSecret" => lives::restore(&change, &read(body)?, now_ms),
            "GetRandomPassword" => {
                let wanted: password::Wanted = read(body)?;
                Ok(json!({"RandomPassword": wanted.password()?}))
            }
            "RotateSecret" => {
                let (answer, rotation) = rotation::begin(&change, read(body)?, self.rotations(), now_ms)?;
                change.commit()?;
                drop(db);
                self.rotate(rotation);
                return answer;
            }
            other => Err(SecretsError::UnknownOperation(other.to_owned())),
        }?;
        change.commit()?;
        Ok(answer)
    }

    fn answer(&self, request: &ServiceRequest) -> ServiceReply {
        let body: Result<Value, _> = serde_json::from_slice(&request.body);
        let (resources, outcome) = match body {
            Ok(body) => (named_in(&body), self.operate(&request.operation, body)),
            Err(error) => (vec![], Err(SecretsError::Malformed(error.to_string()))),
        };
        match outcome {
            Ok(body) => ServiceReply::done(&body, CONTENT_TYPE, resources),
            Err(error) => refusal(&error, resources),
        }
    }

    fn db(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic left open was rolled back when it was dropped.
        self.inner.db.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        (self.inner.clock)().as_millisecond()
    }

    fn rotations(&self) -> &Rotations {
        &self.inner.rotations
    }
}

impl Service for Secrets {
    fn call(&self, request: ServiceRequest) -> BoxFuture<'_, ServiceReply> {
        async move { self.answer(&request) }.boxed()
    }
}

/// An ARN with the six characters by chance that AWS puts behind the name.
fn new_arn(name: &str) -> String {
    use rand::RngExt as _;
    let suffix: String =
        rand::rng().sample_iter(rand::distr::Alphanumeric).take(SUFFIX_LENGTH).map(char::from).collect();
    secret_arn(name, &suffix)
}

fn secret_arn(name: &str, suffix: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-{suffix}")
}

fn refusal(error: &SecretsError, resources: Vec<String>) -> ServiceReply {
    if let SecretsError::File(cause) = error {
        let cause: &dyn std::error::Error = cause;
        tracing::error!(error = cause, "the embedded Secrets Manager's file failed");
    }
    ServiceReply {
        status: error.status(),
        body: json!({"__type": error.kind(), "Message": error.to_string()}).to_string().into_bytes(),
        content_type: CONTENT_TYPE,
        resources,
        error: Some(error.kind().to_owned()),
        ..ServiceReply::default()
    }
}

/// The secrets a request is about.
fn named_in(body: &Value) -> Vec<String> {
    ["SecretId", "Name"].iter().filter_map(|it| body[it].as_str()).map(str::to_owned).collect()
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, SecretsError> {
    serde_json::from_value(body).map_err(|it| SecretsError::Malformed(it.to_string()))
}

/// A moment as the protocol has it: seconds since 1970, with a fraction.
fn seconds(ms: i64) -> Value {
    json!(std::time::Duration::from_millis(u64::try_from(ms).unwrap_or_default()).as_secs_f64())
}

#[cfg(test)]
mod tests;
